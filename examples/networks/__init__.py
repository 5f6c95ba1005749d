"""The networks that the examples run on circuits: their form, their training in numpy, and the experiment around them."""
