"""What a trial is worth with a regression as control variate: 250 trials of ``tbs-sense`` beside 4000 plain ones, over 20 seeds.

    python benchmarks/surrogate.py [--many 20000] [--seeds 20] [--out out/surrogate]

Each seed is a set of 250 trials with its own draws, ``--many`` trials of another seed are the plain statistic: 4000 of them,
drawn from these again and again, give the standard error of 4000 plain trials.  Truth, for the coverage of the intervals, is the
estimate of all ``--many`` trials with the regression, with which the plain one of the same trials has to agree.  The trials are
simulated by the engine ``batch`` and kept in ``--out``: the same command goes on where it was stopped.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from montecarlo import Campaign
from montecarlo.statistics.improved import LEVELS, improve
from spicekit.block import simulate_block
from spicekit.units import format_value

Array = NDArray[np.float64]
BENCH, ENGINE = "tbs-sense", "batch"
MEASURES = ("t_decision", "dt", "kick", "e_total")
TRIALS, PLAIN, BLOCK = 250, 4000, 500
PLAIN_SEED = 11  # sets of trials have seeds of 101 on
FIGURES = ("mean", "std", *LEVELS)
WORDS = {"mean": "mean", "std": "sigma", "q001": "0.1 %", "q50": "median", "q999": "99.9 %"}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--many", type=int, default=20_000, help="plain trials")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--out", type=Path, default=Path("out/surrogate"))
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    whole = Campaign(BENCH, trials=options.many, seed=PLAIN_SEED, engine=ENGINE)
    started = time.monotonic()
    samples, plain = simulated(whole, options.out)
    print(f"{options.many:,} trials of {BENCH} by {whole.engine}, {time.monotonic() - started:.0f} s of them now\n")
    truth = improve(whole, samples, plain)["measures"]
    sets = []
    for seed in range(101, 101 + options.seeds):
        one = Campaign(BENCH, trials=TRIALS, seed=seed, engine=ENGINE, parameters=whole.bench.found)  # calibrated once
        sets.append(improve(one, *simulated(one, options.out))["measures"])
    print(
        f"| measure | R² | of | {PLAIN} plain: σ | {TRIALS} improved: σ over {len(sets)} seeds | σ claimed | worth "
        f"| intervals right | truth | {options.many} plain less truth, in its σ |\n|---|---|---|---|---|---|---|---|---|---|"
    )
    rng = np.random.default_rng(0)
    for name in MEASURES:
        found = [one[name] for one in sets if name in one]
        again = [statistics(rng.choice(plain[name], PLAIN)) for _ in range(300)]
        whole_plain = statistics(plain[name])
        for number, figure in enumerate(FIGURES):
            true = truth[name][figure]["improved"][0]
            values, lows, highs = np.array([one[figure]["improved"] for one in found]).T
            of_plain = float(np.std([one[figure] for one in again], ddof=1))
            scatter = float(np.sqrt(((values - values.mean()) ** 2).sum() / (len(values) - 1)))
            claimed = float(np.median(highs - lows)) / 2 / 1.97
            away = (whole_plain[figure] - true) / (of_plain * np.sqrt(PLAIN / options.many))
            unit = found[0]["unit"]
            r2 = f"{np.mean([one['r2'] for one in found]):.4f}" if not number else ""
            right = int(np.sum((lows <= true) & (true <= highs)))
            shown = [format_value(value, unit, 3) for value in (of_plain, scatter, claimed)]
            print(
                f"| {name if not number else ''} | {r2} | {WORDS[figure]} | {' | '.join(shown)} "
                f"| {(of_plain / scatter) ** 2 * PLAIN / TRIALS:,.0f} | {right} of {len(values)} "
                f"| {format_value(true, unit, 5)} | {away:+.1f} |"
            )


def statistics(values: Array) -> dict[str, float]:
    return {"mean": values.mean(), "std": values.std(ddof=1)} | {k: float(np.quantile(values, p)) for k, p in LEVELS.items()}


def simulated(campaign: Campaign, out: Path) -> tuple[dict[str, Array], dict[str, Array]]:
    """Samples and measures of the campaign's trials, all of which must be ok."""
    samples: list[dict[str, Array]] = []
    measures: list[dict[str, Any]] = []
    for first in range(0, campaign.trials, BLOCK):
        last = min(first + BLOCK, campaign.trials)
        samples.append(campaign.samples(first, last))
        file = out / f"{campaign.engine}-seed{campaign.seed}-{first}-{last}.npz"
        if not file.exists():
            block = simulate_block(campaign.bench, samples[-1], campaign.engine)
            if set(block.outcomes) != {"ok"}:
                raise SystemExit(f"{file.stem}: not all trials are ok: {block.reason or block.said}")
            np.savez(file, **block.measures)
        measures.append(dict(np.load(file)))
    return joined(samples), joined(measures)


def joined(blocks: list[dict[str, Array]]) -> dict[str, Array]:
    return {name: np.concatenate([block[name] for block in blocks]) for name in blocks[0]}


if __name__ == "__main__":
    main()
