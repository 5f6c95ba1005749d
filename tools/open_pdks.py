"""Try the open PDKs that are installed below PDK_ROOT: check each, trim it, and run a bench on the trimmed one, statistics too.

Run as ``make pdk PDK_ROOT=...``, or ``python tools/open_pdks.py --out out/pdk``.  A PDK that is not there is told and passed
over.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from spicekit.errors import SpicekitError
from spicekit.technology import load_technology, pdk_names

SIZES = ("1u/{l}", "2u/{l}", "{w}/{l}")  # of the benches below, and the smallest
ACCESS = "1u"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--out", type=Path, default=Path("out/pdk"))
    out = options.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    bad = [name for name in pdk_names() if not tried(name, out)]
    sys.exit(f"did not work: {', '.join(bad)}" if bad else 0)


def tried(name: str, out: Path) -> bool:
    """Whether all that is installed of a PDK works."""
    technology = load_technology(name)
    try:
        technology.model_files("tt")
        technology.compiled()
    except SpicekitError as error:
        print(f"{name}: not installed: {error}")
        return True
    small = str(out / f"{name}.toml")
    sizes = [text.format(l=f"{technology.l_min:.6g}", w=f"{technology.w_min:.6g}") for text in SIZES]
    drawing = [corner for corner in technology.corners if "m" in corner]
    corners = ["tt", *drawing[:1], *drawing[-1:]]
    steps = [
        ["technology", "trim", name, "-o", small, *words("--size", sizes), *words("--corner", dict.fromkeys(corners))],
        ["technology", "check", small, "--out", str(out / name)],
        ["run", "stt-read", "-p", f"technology={small}", "-p", f"w_access={ACCESS}"],
    ]
    for corner in drawing[:1]:
        given = words("-p", [f"technology={small}", f"w_access={ACCESS}"])
        steps.append(["mc", "stt-read", *given, "--corner", corner, "--trials", "50", "--out", str(out / f"{name}-mc")])
    return all(ran(step) for step in steps)


def words(option: str, values: Iterable[str]) -> list[str]:
    return [word for value in values for word in (option, value)]


def ran(command: list[str]) -> bool:
    print(f"$ spicekit {' '.join(command)}", flush=True)
    return subprocess.run([sys.executable, "-m", "spicekit.cli", *command], check=False).returncode == 0


if __name__ == "__main__":
    main()
