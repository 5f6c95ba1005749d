"""Rare failures: probabilities of 1e-4 and far below, by far fewer simulations than they would need by themselves.

All methods work in the standard-normal space of :class:`montecarlo.variation.Space` and see a bench only as a *limit state*
g(z): below 0 the trial fails.  They ask for batches of trials, which an executor simulates, so a cluster is as good as one core.

====================  =======================================================================================================
:mod:`.study`         bench, failure, method and folder together: what the command line runs
:mod:`.state`         the limit state with its count of trials, the same for a bench and for a formula
:mod:`.batches`       batches of trials through the executor, kept on disk
:mod:`.explore`       the first trials: is it rare, is it smooth, where do failures lie
:mod:`.form`          the most probable failure point by its gradient (FORM)
:mod:`.labels`        the same where a trial only fails or not, without a gradient
:mod:`.regions`       one such point for every failure region found
:mod:`.density`       densities to draw from, and their mixture's weights
:mod:`.importance`    method ``fis``: FORM, then importance sampling
:mod:`.subset`        method ``subset``: subset simulation
:mod:`.plain`         method ``mc``: plain Monte Carlo
:mod:`.library`       method ``openturns``: FORM and importance sampling of OpenTURNS, an independent implementation
:mod:`.crosscheck`    plain Monte Carlo against importance sampling where both can see
:mod:`.estimate`      probability with its interval
====================  =======================================================================================================
"""
