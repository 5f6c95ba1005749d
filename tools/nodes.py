"""Run every bench with its defaults on processes of several nodes: does it work, does it say what does not fit, or neither?

python tools/nodes.py TECHNOLOGY ... [--bench NAME] [--out out/nodes] [--engine batch]

A technology is a shipped name or the path of a TOML file.  Each bench is simulated once, without mismatch, and judged as
`spicekit qualify` judges a point.  A line a bench is kept in the folder, so that a run that was broken off goes on.
"""

from __future__ import annotations

import argparse
import json
import warnings
from pathlib import Path

import numpy as np

from montecarlo.verdict import judge
from spicekit import make_bench
from spicekit.engines import NGSPICE, unable
from spicekit.engines.calibrate import calibrated_apart
from spicekit.errors import SpicekitError, UserError
from spicekit.nominal import run_within
from spicekit.registry import bench_names

LIMIT = 600.0  # processor seconds of one simulation
SAYS = "says"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("technologies", nargs="+")
    parser.add_argument("--bench", action="append", help="may be repeated; all that have transistors if none is given")
    parser.add_argument("--engine", default=NGSPICE, help="ngspice where it cannot simulate a bench")
    parser.add_argument("--out", type=Path, default=Path("out/nodes"))
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    warnings.simplefilter("ignore")
    benches = options.bench or [name for name in bench_names() if make_bench(name, {}).roles]
    found: dict[str, dict[str, str]] = {}
    for technology in options.technologies:
        kept = options.out / f"{Path(technology).stem}.json"
        known: dict[str, str] = json.loads(kept.read_text(encoding="utf-8")) if kept.is_file() else {}
        for bench in benches:
            if bench not in known:
                known[bench] = verdict(bench, technology, options.engine)
                kept.write_text(json.dumps(known, indent=1), encoding="utf-8")
            print(f"{technology}: {bench}: {known[bench]}", flush=True)
        found[Path(technology).stem] = known
    lines = ["| bench | " + " | ".join(found) + " |", "|---|" + "---|" * len(found)]
    lines += [
        f"| `{bench}` | " + " | ".join(known[bench].partition(":")[0] for known in found.values()) + " |" for bench in benches
    ]
    (options.out / "nodes.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("table:", options.out / "nodes.md")


def verdict(name: str, technology: str, engine: str) -> str:
    """``works``, ``says: the line``, or what else came of it."""
    try:
        bench = calibrated_apart(make_bench(name, {"technology": technology}), engine)
        result = run_within(LIMIT, bench, engine=NGSPICE if unable(engine, bench) else engine)
    except UserError as error:
        return f"{SAYS}: {error}"
    except SpicekitError as error:
        return f"fails: {error}"
    measures = {name: np.array([value]) for name, value in result.measures.items()}
    judged = judge(bench, {"outcome": np.array([str(result.outcome)]), **measures})
    reasons = ", ".join(judged.reasons)
    return judged.worst.words + (f": {reasons} {result.reason}".rstrip() if reasons else "")


if __name__ == "__main__":
    main()
