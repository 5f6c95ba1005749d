"""What is asked for of many simulations, each a :class:`~montecarlo.jobs.job.Job` with a folder of its own."""
