"""montecarlo: many simulations of a spicekit bench, with their statistics."""
