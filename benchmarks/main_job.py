"""The main job and its figures: 100 000 trials of sot-logic, and the ideal circuit against published-model margins.

    python benchmarks/main_job.py [--trials 100000]

Prints the wall time, outcomes and the parent's peak memory of the real circuit; then, for ideal switches and current and no
bias roll-off, mean and worst gaps in units of I * R_P beside those of the closed form with the same sigmas.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

from spent import spent

# ideal circuit, sigma(RA) 5 %, sigma(TMR) 10 %, 100 000 trials of the closed form: (mean gap, worst gap) in I * R_P
CLOSED_FORM = {
    1.5: {"read": (1.500, 0.526), "and": (0.533, 0.124), "or": (0.214, -0.006)},
    2.5: {"read": (2.500, 1.102), "and": (0.967, 0.367), "or": (0.277, 0.041)},
}


def campaign(folder: Path, trials: int, *parameters: str) -> dict:
    command = [sys.executable, "-m", "spicekit.cli", "mc", "sot-logic", "--trials", str(trials), "--seed", "1", "--json"]
    for parameter in parameters:
        command += ["-p", parameter]
    done = subprocess.run([*command, "--out", str(folder)], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=100_000)
    trials = parser.parse_args().trials
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        found: list[dict] = []
        took = spent(lambda: found.append(campaign(folder / "real", trials)))
        summary = found[0]
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        print(f"sot-logic, {trials:,} trials: {took.wall:.1f} s in all, {took.processor:.1f} s of the processor,")
        print(f"  outcomes {summary['outcomes']},")
        print(f"  largest process (the parent or a worker): {peak:.0f} MB")
        for name_, margin in summary["margins"].items():
            print(f"  {name_:5} mean {margin['mean'] * 1e3:7.2f} mV, worst {margin['worst'] * 1e3:+7.2f} mV")
        for tmr, published in CLOSED_FORM.items():
            ideal = ("access=ideal", "bias=ideal", "v_half=inf", f"tmr={tmr}", "ra=10", "i_read=10u", "i_logic=10u")
            summary = campaign(folder / f"ideal-{tmr}", trials, *ideal)
            unit = 10e-6 * 10e-12 / (3.141592653589793 / 4 * 60e-9**2)
            print(f"ideal circuit, TMR {tmr:.0%}, in units of I * R_P:")
            for margin, (mean, worst) in published.items():
                found = summary["margins"][margin]
                print(
                    f"  {margin:5} mean gap {found['mean'] / unit:.4f} (closed form {mean:.3f}, ratio "
                    f"{found['mean'] / unit / mean:.4f}), worst gap {found['worst'] / unit:+.3f} (closed form {worst:+.3f})"
                )


if __name__ == "__main__":
    main()
