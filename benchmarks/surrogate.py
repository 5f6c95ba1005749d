"""What a trial is worth with a regression as control variate: 250 trials of ``tbs-sense`` beside 4000 plain ones.

    python benchmarks/surrogate.py [--many 8000] [--sets 20] [--out out/surrogate]

``--many`` trials are simulated by the engine ``batch``.  Plain statistic: 4000 of them, drawn again and again, give the standard
errors of 4000 plain trials.  Improved: the first ``--sets`` times 250 trials are as many sets, each with random numbers of its
own: those of its trials (the sampler's streams) and of its draws (a seed).  Truth, for the coverage of the intervals, is the
estimate of all trials with the regression, the mean of those at several sets of draws (the error of one set is as large as that
of 250 trials), with which the plain one has to agree.  All is kept in ``--out``: the same command goes on where it was stopped.
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # threads that wait for each other on a busy machine

import numpy as np
from numpy.typing import NDArray
from spent import spent

from montecarlo import Campaign
from montecarlo.statistics.improved import LEVELS, drawn, measured
from montecarlo.statistics.surrogate import linked, moments, regressed, smeared
from spicekit.block import simulate_block
from spicekit.units import format_value

Array = NDArray[np.float64]
BENCH, ENGINE, SEED = "tbs-sense", "batch", 11
MEASURES = ("t_decision", "dt", "kick", "e_total")
TRIALS, PLAIN, BLOCK = 250, 4000, 500
TRUTH, DRAWS = 6, 1000  # sets of draws of the truth; trials for as many draws as the memory holds
FIGURES = ("mean", "std", *LEVELS)
WORDS = {"mean": "mean", "std": "sigma", "q001": "0.1 %", "q50": "median", "q999": "99.9 %"}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--many", type=int, default=8000, help="trials that are simulated")
    parser.add_argument("--sets", type=int, default=20)
    parser.add_argument("--out", type=Path, default=Path("out/surrogate"))
    options = parser.parse_args()
    if options.many < max(PLAIN, TRIALS * options.sets):
        parser.error(f"--many {options.many}: at least {max(PLAIN, TRIALS * options.sets)}")
    options.out.mkdir(parents=True, exist_ok=True)
    campaign = Campaign(BENCH, trials=options.many, seed=SEED, engine=ENGINE)
    found: list[tuple[dict[str, Array], dict[str, Array]]] = []
    took = spent(lambda: found.append(simulated(campaign, options.out)))
    samples, plain = found[0]
    said = f"{took.processor:.0f} s of the processor, {took.wall:.0f} s by the clock"
    print(f"{options.many:,} trials of {BENCH} by {campaign.engine}, in {said}\n", flush=True)
    names = [name for name, column in samples.items() if np.ptp(column) > 0]
    x = np.stack([samples[name] for name in names], axis=1)

    def estimated(first: int, last: int, seed: int) -> dict[str, Any]:
        """Of these trials, with the draws of a seed; kept."""
        file = options.out / f"estimates-{first}-{last}-{seed}.json"
        if not file.exists():
            campaign.seed = seed  # of the draws alone
            draws = drawn(campaign, names, last - first)
            found = {name: measured(x[first:last], plain[name][first:last], draws, seed)[0] for name in MEASURES}
            file.write_text(json.dumps(found))
        return dict(json.loads(file.read_text()))

    def true(draws_of: int) -> dict[str, dict[str, float]]:
        """Figures of all trials, at several sets of draws."""
        file = options.out / f"truth-{options.many}-{draws_of}.json"
        if not file.exists():
            fits = {name: regressed(x, plain[name]) for name in MEASURES}
            found: dict[str, list[list[float]]] = {name: [] for name in MEASURES}
            for k in range(draws_of):
                campaign.seed = 1 + k
                draws = drawn(campaign, names, DRAWS)
                for name, one in fits.items():
                    at_draws = linked(one, draws)
                    smear = smeared(one, x, plain[name], draws, at_draws, np.random.default_rng(k))
                    both = moments(one, plain[name], at_draws, smear)
                    found[name].append([both.mean.value, both.std.value, *(smear.quantile(p).value for p in LEVELS.values())])
            means = {name: np.mean(rows, axis=0).tolist() for name, rows in found.items()}
            file.write_text(json.dumps({name: dict(zip(FIGURES, row, strict=True)) for name, row in means.items()}))
        return dict(json.loads(file.read_text()))

    truth = true(TRUTH)
    sets = [estimated(TRIALS * k, TRIALS * (k + 1), 100 + k) for k in range(options.sets)]
    print(
        f"| measure | R² | of | {PLAIN} plain: σ | {TRIALS} improved: σ over {len(sets)} sets | σ claimed | worth "
        f"| intervals right | truth | {options.many} plain less truth, in its σ |\n|---|---|---|---|---|---|---|---|---|---|"
    )
    rng = np.random.default_rng(0)
    for name in MEASURES:
        again = [statistics(rng.choice(plain[name], PLAIN)) for _ in range(200)]
        whole = statistics(plain[name])
        for number, figure in enumerate(FIGURES):
            real = truth[name][figure]
            values, lows, highs = np.array([one[name][figure]["improved"] for one in sets]).T
            of_plain = float(np.std([one[figure] for one in again], ddof=1))
            scatter, claimed = float(np.std(values, ddof=1)), float(np.median(highs - lows)) / 2 / 1.97
            right = int(np.sum((lows <= real) & (real <= highs)))
            away = (whole[figure] - real) / (of_plain * np.sqrt(PLAIN / options.many))
            unit, r2 = campaign_unit(campaign, name), "" if number else f"{np.mean([one[name]['r2'] for one in sets]):.4f}"
            shown = " | ".join(format_value(value, unit, 3) for value in (of_plain, scatter, claimed))
            worth = (of_plain / scatter) ** 2 * PLAIN / TRIALS
            print(
                f"| {'' if number else name} | {r2} | {WORDS[figure]} | {shown} | {worth:,.0f} | {right} of {len(sets)} "
                f"| {format_value(real, unit, 5)} | {away:+.1f} |"
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
        file = out / f"{campaign.engine}-seed{SEED}-{first}-{last}.npz"
        if not file.exists():
            block = simulate_block(campaign.bench, samples[-1], campaign.engine)
            if set(block.outcomes) != {"ok"}:
                raise SystemExit(f"{file.stem}: not all trials are ok: {block.reason or block.said}")
            np.savez(file, **block.measures)
        measures.append(dict(np.load(file)))
    return joined(samples), joined(measures)


def joined(blocks: list[dict[str, Array]]) -> dict[str, Array]:
    return {name: np.concatenate([block[name] for block in blocks]) for name in blocks[0]}


def campaign_unit(campaign: Campaign, name: str) -> str:
    return next(measure.unit for measure in campaign.bench.measures() if measure.name == name)


if __name__ == "__main__":
    main()
