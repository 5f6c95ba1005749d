"""Run every bench with its defaults on processes of several nodes: does it work, or say what does not fit by parameters' names?

python tools/nodes.py TECHNOLOGY ... [--bench NAME] [--out out/nodes] [--engine batch]

A technology is a shipped name or the path of a TOML file.  Each bench is simulated once, without mismatch, and judged as
`spicekit qualify` judges a point; what does not work is followed by the parameters that the refusal, or the run's own remarks,
name.  One that names none ends the program with an error.  A line a bench is kept in the folder, so that a run that was broken
off goes on.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import warnings
from pathlib import Path

import numpy as np

from montecarlo.verdict import Verdict, judge
from spicekit import make_bench
from spicekit.bench import Bench
from spicekit.engines import NGSPICE, unable
from spicekit.engines.calibrate import calibrated_apart
from spicekit.errors import SpicekitError, UserError
from spicekit.nominal import run_within
from spicekit.registry import bench_names

LIMIT = 600.0  # processor seconds of one simulation
SAYS = "says"
WORKS = "works"
NONE = "no parameter named"


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
        f"| `{bench}` | " + " | ".join(known[bench].partition(" -- ")[0] for known in found.values()) + " |" for bench in benches
    ]
    (options.out / "nodes.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("table:", options.out / "nodes.md")
    silent = [f"{bench} on {stem}" for stem, known in found.items() for bench in benches if NONE in known[bench]]
    sys.exit(f"neither works nor says which parameter to change: {', '.join(silent)}" if silent else 0)


def verdict(name: str, technology: str, engine: str) -> str:
    """``works``, or the verdict, the parameters that are named, and after a dash all that was said."""
    own = make_bench(name, {})
    try:
        bench = calibrated_apart(make_bench(name, {"technology": technology}), engine)
        result = run_within(LIMIT, bench, engine=NGSPICE if unable(engine, bench) else engine)
    except UserError as error:
        return told(own, SAYS, str(error))
    except SpicekitError as error:
        return told(own, "fails", str(error))
    measures = {name: np.array([value]) for name, value in result.measures.items()}
    judged = judge(bench, {"outcome": np.array([str(result.outcome)]), **measures})
    said = "; ".join([*judged.reasons, *result.warnings(), *([result.reason] if result.reason else [])])
    return WORKS if judged.worst is Verdict.WORKS else told(own, judged.worst.words, said)


def told(bench: Bench, verdict: str, said: str) -> str:
    """``verdict`` with the parameters of ``bench`` that ``said`` names."""
    words = re.findall(r"\w+", re.sub(r" \(with [^()]* = [^()]*\)", "", said))  # not those that it lists as they are
    named = [f"`{name}`" for name in bench.parameters() if name in words and name != "technology"]
    return f"{verdict}: {', '.join(named) or NONE} -- {said}"


if __name__ == "__main__":
    main()
