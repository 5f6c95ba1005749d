"""Circuits that were made ready once, kept beside their compiled libraries: differentiating a card's formulas takes seconds.

A file's name is the hash of all that it was made from, this package's text too; it begins with the hash of that name and of what
follows, so that one that is damaged, cut, or somebody else's is as good as none.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from spicekit.engines.batch import compiler
from spicekit.engines.batch.layout import ARRAYS, COUNTS, NUMBERS, Layout

SEAL = 32  # bytes of a hash


def _hash_of_package() -> str:
    folder = Path(__file__).parent
    texts = sorted(
        (item.relative_to(folder).as_posix(), item.read_bytes())
        for item in folder.rglob("*")
        if item.name.endswith((".py", ".cpp", ".hpp"))
    )
    return hashlib.sha256(b"\0".join(part for name, text in texts for part in (name.encode(), text))).hexdigest()


PACKAGE = _hash_of_package()  # of what makes circuits, as it is when this process begins


@dataclass(frozen=True)
class Prepared:
    """What a circuit's run needs: the C++ of its kernels, its arrays, and the varied sources' own values."""

    source: str
    layout: Layout
    nominal: list[float]


def key_of(*parts: str) -> str:
    """What names the circuit that is made from ``parts`` on this machine."""
    return hashlib.sha256("\0".join((*parts, str(compiler.lanes()), PACKAGE)).encode()).hexdigest()[:24]


def load(key: str) -> Prepared | None:
    """The circuit of that name, None if there is none that is whole."""
    try:
        content = _file(key).read_bytes()
    except OSError:
        return None
    seal, body = content[:SEAL], content[SEAL:]
    if seal != _seal(key, body):
        return None
    with np.load(io.BytesIO(body), allow_pickle=False) as held:
        arrays = {name: held[name] for name in ARRAYS}
        counts = dict(zip(COUNTS, held["counts"].tolist(), strict=True))
        numbers = dict(zip(NUMBERS, held["numbers"].tolist(), strict=True))
        return Prepared(held["source"].tobytes().decode(), Layout(counts, numbers, arrays), held["nominal"].tolist())


def store(key: str, made: Prepared) -> None:
    """Keep ``made``, whole or not at all; where that is not possible it is made anew the next time."""
    layout, file, body = made.layout, _file(key), io.BytesIO()
    held = {
        **layout.arrays,
        "source": np.frombuffer(made.source.encode(), np.uint8),
        "nominal": np.array(made.nominal, dtype=np.float64),
        "counts": np.array([layout.counts[name] for name in COUNTS], dtype=np.int32),
        "numbers": np.array([layout.numbers[name] for name in NUMBERS], dtype=np.float64),
    }
    np.savez_compressed(body, allow_pickle=False, **held)
    with contextlib.suppress(OSError), compiler.workplace(file.parent, "circuit") as folder:
        written = folder / file.name
        written.write_bytes(_seal(key, body.getvalue()) + body.getvalue())
        written.replace(file)


def _file(key: str) -> Path:
    return compiler.folder() / f"{key}.circuit"


def _seal(key: str, body: bytes) -> bytes:
    return hashlib.sha256(key.encode() + body).digest()
