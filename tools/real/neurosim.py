"""NeuroSim V1.4 and V2.1: the sed scripts applied to their ``Param.cpp``, what it holds then, and the width they end with."""

from __future__ import annotations

import re
import subprocess
import zlib
from collections.abc import Iterator
from pathlib import Path

from real.check import Absent, Row, compiled, copied, run, source, version

VERSIONS = (
    ("NeuroSim V1.4", ("DNN_NeuroSim_V1.4",), "Inference_pytorch/NeuroSIM", "v14"),
    ("NeuroSim V2.1", ("DNN_NeuroSim_V2.1",), "Training_pytorch/NeuroSIM", "v21"),
)


def check(root: Path | None, out: Path, scripts: dict[str, Path]) -> Iterator[Row]:
    """``scripts``: name -> the script for V1.4, that for V2.1 beside it.  Builds into ``out``."""
    for tool, names, inner, suffix in VERSIONS:
        try:
            folder = source(root, *names)
            if not (folder / inner).is_dir():
                raise Absent(f"no {inner} in {folder}")
            for name, first in scripts.items():
                script = first.with_name(first.name.replace("_v14", f"_{suffix}"))
                sources = copied(folder / inner, out / "build" / f"{names[0]}-{name}")
                yield from _held(tool, version(folder), name, script, sources, out / "build")
        except Absent as error:
            yield Row(tool, "-", "is run", 1.0, None, note=str(error))


def _held(tool: str, commit: str, name: str, script: Path, sources: Path, build: Path) -> Iterator[Row]:
    done = subprocess.run(["sed", "-i", "-f", str(script), "Param.cpp"], cwd=sources, capture_output=True, text=True, check=False)
    yield Row(tool, commit, f"{name}: all lines found", 0.0, float(done.returncode), note=done.stderr.strip())
    text = script.read_text()
    # as the script sets them: /^[[:space:]]*NAME[[:space:]]*=/{ s/=[^;]*;/= VALUE;/
    set_lines = re.findall(r"\]\*(\w+)\[\[:space:\]\]\*=/\{\ns/=\[\^;\]\*;/= (\S+);/", text)
    meant = {key: float(value) for key, value in set_lines}
    pulse = re.search(r"writePulseWidth = (\S+?);", text)
    if pulse:
        meant["writePulseWidth"] = float(pulse[1])
    prints = "\n".join(f'  printf("@ {key} %.9g\\n", (double)p.{key});' for key in meant)
    probe = build / f"{sources.name}.cpp"
    probe.write_text(f'#include <cstdio>\n#include "Param.h"\nint main() {{\n  Param p;\n{prints}\n}}\n')
    program = build / f"{sources.name}-program"
    held = sources / "held"
    held.mkdir()
    for file in ("Param.cpp", "Param.h"):
        (held / file).write_text((sources / file).read_text(errors="replace"))
    printed = run([str(compiled(held, program, extra=[probe], flags=[f"-I{sources}"]))])
    taken = dict(re.findall(r"^@ (\w+) (\S+)$", printed, re.MULTILINE))
    for key, value in meant.items():
        yield Row(tool, commit, f"{name}: {key}", value, float(taken[key]) if key in taken else None)
    said = re.search(r"sizes a transistor for R_on/4, ([\d.]+) F wide", text)
    if said and "V1.4" in tool:
        whole = build / f"{sources.name}-{commit}-{zlib.crc32(text.encode()):08x}-whole"
        if not whole.exists():
            compiled(sources, whole, flags=("-fopenmp",))
        # it ends at the width before it reads weights
        done = subprocess.run(
            [str(whole), "NetWork_VGG8.csv", "8", "8", "128", "128"],
            cwd=sources,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        width = re.search(r"Transistor width of 1T1R=([\d.]+)F", done.stdout)
        yield Row(tool, commit, f"{name}: width of its transistor", float(said[1]), float(width[1]) if width else None, 0.02)
