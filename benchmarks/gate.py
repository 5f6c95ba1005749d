"""Whether a change of the code leaves every circuit and every number alone.

    python benchmarks/gate.py record FILE [BENCH ...]      before the change
    python benchmarks/gate.py compare FILE [BENCH ...]     after it; exit code 1 if anything differs

For every bench, at its defaults and at three other parameter sets: the SHA-256 of the rendered netlist outside its ``.control``
block, and of the outcomes and measures of 200 trials, bit by bit.  Measures may come or go with a change that says so; those that
are in both are compared.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from montecarlo import Campaign
from spicekit import render
from spicekit.registry import SHIPPED, make_bench

TRIALS = 200

# what is varied beside the defaults: a corner at a temperature, another supply or bias, and another circuit of the bench
SETS: dict[str, list[dict[str, Any]]] = {
    "mtj-iv": [{"device": "umn-i-pmtj"}, {"model": "fast", "temperature": 85}, {"tmr": 1.5, "v_max": 0.6, "steps": 4}],
    "mtj-switch": [{"device": "stt-bnn-65nm", "value": 0.7}, {"direction": "p-ap", "value": 0.7}, {"model": "fast"}],
    "mtj-vcma": [{"direction": "p-ap"}, {"mode": "assisted", "temperature": 50}, {"noise_dt": 4e-12}],
    "stt-read": [{"corner": "ss", "temperature": 85}, {"free_to": "sl", "v_read": 0.1}, {"technology": "ptm45", "model": "fast"}],
    "stt-write": [{"corner": "ff", "temperature": 0}, {"direction": "p-ap"}, {"model": "fast", "w_access": 6e-7}],
    "stt-wer": [{"corner": "ff", "temperature": 0}, {"direction": "p-ap"}, {"t_pulse": 2e-9, "pulses": 2}],
    "stt-settle": [{"corner": "ss", "temperature": 85}, {"rows": 64, "columns": 32}, {"v_read": 0.1, "free_to": "sl"}],
    "stt-bnn-row": [{"corner": "ss", "temperature": 85, "n": 16}, {"n": 32, "bit_lines": "column"}, {"n": 16, "boost": 2}],
    "stt-bnn-macro": [{"n": 16, "corner": "ff"}, {"n": 16, "source": "thevenin"}, {"n": 16, "boost": 1}],
    "sot-read": [{"corner": "ss", "temperature": 85}, {"bias": "ideal"}, {"tmr": 1.5, "rows": 128}],
    "sot-logic": [{"corner": "ss", "temperature": 85}, {"fan_in": 3}, {"inputs": "all", "fan_in": 3, "bias": "ideal"}],
    "sot-sense": [{"corner": "ss", "temperature": 85}, {"operation": "and"}, {"measure": "offset"}],
    "sot-write": [{"corner": "ss", "temperature": 85}, {"direction": "p-ap"}, {"v_write": 0.15, "t_pulse": 2e-9}],
    "sot-wer": [{"corner": "ss", "temperature": 85}, {"direction": "p-ap"}, {"v_write": 0.15, "samples": 256}],
    "c3cim-column": [{"corner": "ss", "temperature": 85, "n": 16}, {"n": 16, "driver": "ideal"}, {"n": 16, "transfer": 1}],
    "c3cim-settle": [{"corner": "ff", "n": 16}, {"n": 16, "driver": "ideal"}, {"n": 16, "n_sel": 8}],
    "c3cim-conventional": [{"corner": "ss", "temperature": 85, "n": 16}, {"n": 16, "clamp": "ideal"}, {"n": 32, "v_read": 0.2}],
    "tbs-sense": [{"corner": "ss", "temperature": 85}, {"source": "cell"}, {"measure": "offset"}],
    "auto-zero": [{"corner": "ss"}, {"source": "cell", "reference": "mtj"}, {"measure": "offset"}],
    "double-tail": [{"corner": "ff", "temperature": 0}, {"source": "cell", "reference": "mtj"}, {"measure": "offset"}],
    "current-mode": [{"corner": "ff", "temperature": 0}, {"source": "cell"}, {"measure": "offset", "source": "cell"}],
    "self-reference": [{"corner": "ss"}, {"source": "cell", "alpha": 0.3658}, {"measure": "offset"}],
    "vsa-sense": [{"corner": "ff", "temperature": 0}, {"source": "cell"}, {"measure": "offset"}],
    "charge-if": [{"corner": "ss", "temperature": 85}, {"components": "ideal"}, {"steps": 4, "p_match": 0.6}],
    "dynamic-if": [{"corner": "ff", "temperature": 0}, {"components": "ideal"}, {"steps": 4, "theta": 24}],
}  # fmt: skip


def circuit(netlist: str) -> str:
    """The netlist without its ``.control`` block."""
    return re.sub(r"^\.control.*?^\.endc\n?", "", netlist, flags=re.MULTILINE | re.DOTALL)


def fingerprint(bench: str, parameters: dict[str, Any]) -> dict[str, Any]:
    """Hashes of the circuit and of every column of 200 trials."""
    text = circuit(render(make_bench(bench, parameters)))
    with tempfile.TemporaryDirectory() as folder:
        Campaign(bench, trials=TRIALS, seed=1, parameters=parameters).run(folder, timeout=1800)
        parts = [pq.read_table(part) for part in sorted(Path(folder).glob("trials/part-*.parquet"))]
    columns = {}
    for name in parts[0].column_names:
        values = np.concatenate([part[name].to_numpy(zero_copy_only=False) for part in parts])
        data = "\n".join(values).encode() if values.dtype == object else values.tobytes()
        columns[name] = hashlib.sha256(data).hexdigest()[:16]
    return {"netlist": hashlib.sha256(text.encode()).hexdigest()[:16], "columns": columns}


def differences(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """What differs between two fingerprints, in words."""
    found = [] if before["netlist"] == after["netlist"] else ["the circuit"]
    there, now = before["columns"], after["columns"]
    found += [f"measure {name}" for name in there if name in now and there[name] != now[name]]
    return found + [f"{name} is only {'before' if name in there else 'after'}" for name in sorted(set(there) ^ set(now))]


def main() -> None:
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("what", choices=("record", "compare"))
    parser.add_argument("file", type=Path)
    parser.add_argument("bench", nargs="*", help="all if none is given")
    given = parser.parse_args()
    known: dict[str, Any] = json.loads(given.file.read_text()) if given.file.exists() else {}
    worse = 0
    for bench in given.bench or SHIPPED:
        for parameters in [{}, *SETS[bench]]:
            started = time.monotonic()
            key = f"{bench} {json.dumps(parameters)}"
            found = fingerprint(bench, parameters)
            if given.what == "record":
                known[key] = found
                given.file.write_text(json.dumps(known, indent=1) + "\n")
                words = "recorded"
            else:
                bad = differences(known[key], found)
                worse += bool(bad)
                words = "; ".join(bad) or "the same"
            print(f"{time.monotonic() - started:6.1f} s  {key}: {words}", flush=True)
    sys.exit(1 if worse else 0)


if __name__ == "__main__":
    main()
