"""Try the open PDKs that are installed below PDK_ROOT: trim each, check it, and run a bench on the trimmed one, statistics too.

Run as ``make pdk PDK_ROOT=...``, or ``python tools/open_pdks.py --out out/pdk [NAME ...]``.  A PDK that is not there is told and
passed over, and so is one of compiled models where ngspice takes none.  What was found is a table, ``pdk.md``.  Of sigma(V_TH),
that of the smallest, the first is by the foundry's draws and the second by the technology file.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from spicekit.errors import SpicekitError
from spicekit.simulator import simulator
from spicekit.technology import Technology, load_technology, pdk_names
from spicekit.units import format_value

SIZES = ("1u/{l}", "2u/{l}", "{w}/{l}")  # of the benches below, and the smallest
ACCESS = "1u"
HEADINGS = (
    "PDK",
    "read, all of it",
    "trimmed",
    "I_on n, p",
    "sigma(V_TH) n, p",
    "i_p, i_ap of stt-read",
    "sigma of i_p, 50 trials",
)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("names", nargs="*", help="all that ship if none is given")
    options.add_argument("--out", type=Path, default=Path("out/pdk"))
    given = options.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    rows, bad = [], []
    for name in given.names or pdk_names():
        technology = load_technology(name)
        reason = missing(technology)
        if reason:
            print(f"{name}: passed over: {reason}")
        elif tried(technology, name, given.out):
            rows.append(row(technology, name, given.out))
        else:
            bad.append(name)
    lines = [f"| {' | '.join(cells)} |" for cells in (HEADINGS, ("---",) * len(HEADINGS), *rows)]
    (given.out / "pdk.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join([*lines, f"by ngspice {simulator().version}"]))
    sys.exit(f"did not work: {', '.join(bad)}" if bad else 0)


def missing(technology: Technology) -> str:
    """Why a PDK cannot be tried here; nothing if it can."""
    try:
        technology.model_files("tt")
        compiled = technology.compiled()
    except SpicekitError as error:
        return f"not installed: {error}"
    return "its models are compiled, and this ngspice takes none" if compiled and not simulator().has_osdi else ""


def tried(technology: Technology, name: str, out: Path) -> bool:
    """Whether all that is installed of a PDK works."""
    small = str(out / f"{name}.toml")
    sizes = [text.format(l=f"{technology.l_min:.6g}", w=f"{technology.w_min:.6g}") for text in SIZES]
    corners = ["tt", *drawing(technology)[:1], *drawing(technology)[-1:]]
    given = words("-p", [f"technology={small}", f"w_access={ACCESS}"])
    steps = [
        ["technology", "trim", name, "-o", small, *words("--size", sizes), *words("--corner", dict.fromkeys(corners))],
        ["technology", "check", small, "--out", str(out / name)],
        ["run", "stt-read", *given, "--out", str(out / f"{name}-run")],
    ]
    for corner in drawing(technology)[:1]:
        steps.append(["mc", "stt-read", *given, "--corner", corner, "--trials", "50", "--out", str(out / f"{name}-mc")])
    return all(ran(step) for step in steps)


def drawing(technology: Technology) -> list[str]:
    """The corners whose libraries draw."""
    return [corner for corner in technology.corners if "m" in corner]


def row(technology: Technology, name: str, out: Path) -> tuple[str, ...]:
    check, run = read(out / name / "check.json"), read(out / f"{name}-run" / "run.json")
    start = time.process_time()
    simulator().load(f"* all\n{technology.cards('tt')}\nR1 a 0 1\n.end\n", technology.compatibility, technology.compiled())
    whole = time.process_time() - start
    on = [format_value(one["i_on"], "A") for one in check["transistors"] if one["corner"] == "tt"]
    currents = [format_value(run["measures"][measure]["value"], "A") for measure in ("i_p", "i_ap")]
    spread = drawn = "-"
    if drawing(technology):
        corner = drawing(technology)[0]
        spread = ", ".join(
            " and ".join(format_value(one[of], "V") for of in ("sigma_vth_library", "sigma_vth"))
            for one in check["transistors"]
            if one["corner"] == corner
        )
        drawn = format_value(read(out / f"{name}-mc" / "summary.json")["measures"]["i_p"]["std"], "A")
    small = (out / f"{name}.lib").stat().st_size
    return (
        name,
        f"{whole:.2g} s",
        f"{small / 1e3:.0f} kB, {check['parse']['tt']:.2g} s",
        ", ".join(on),
        spread,
        ", ".join(currents),
        drawn,
    )


def read(file: Path) -> Any:
    return json.loads(file.read_text(encoding="utf-8"))


def words(option: str, values: Iterable[str]) -> list[str]:
    return [word for value in values for word in (option, value)]


def ran(command: list[str]) -> bool:
    print(f"$ spicekit {' '.join(command)}", flush=True)
    return subprocess.run([sys.executable, "-m", "spicekit.cli", *command], check=False).returncode == 0


if __name__ == "__main__":
    main()
