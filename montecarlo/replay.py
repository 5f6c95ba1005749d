"""One trial of a campaign again, with its waveforms."""

from __future__ import annotations

from pathlib import Path

from montecarlo.campaign import Campaign
from montecarlo.store import Store
from spicekit.errors import UserError
from spicekit.nominal import RunResult, run, run_within


def replay(folder: str | Path, trial: int, timeout: float | None = None) -> RunResult:
    """Simulate trial number ``trial`` of the campaign in ``folder`` on its own.

    A DC trial is solved from scratch here and from its neighbour in the campaign, so the two agree to the solver's
    tolerance, not to the bit.  With ``timeout`` it runs as :func:`spicekit.nominal.run_within` does.
    """
    store = Store(Path(folder))
    campaign = Campaign.load(store.folder)
    if not 0 <= trial < campaign.trials:
        raise UserError(f"--trial {trial}: the campaign in {folder} has trials 0 to {campaign.trials - 1}")
    values = {name: float(column[0]) for name, column in store.read_samples(trial, trial + 1).items()}
    if timeout is None:
        return run(campaign.bench, values, engine=campaign.engine)
    return run_within(timeout, campaign.bench, values, campaign.engine)
