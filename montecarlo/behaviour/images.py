"""Images with labels from the usual files of the user's own: IDX (MNIST and its like) and CIFAR-10's binary form.

IDX: http://yann.lecun.com/exdb/mnist/, ``train-images-idx3-ubyte`` and the like, with ``.gz`` or without.  CIFAR-10:
https://www.cs.toronto.edu/~kriz/cifar.html, ``data_batch_1.bin`` to ``data_batch_5.bin`` and ``test_batch.bin``.
"""

from __future__ import annotations

import gzip
import math
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from spicekit.errors import UserError
from spicekit.files import read_bytes
from spicekit.waves import Array

CIFAR_ROW = 1 + 3 * 32 * 32
IDX = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")


@dataclass(frozen=True)
class Images:
    """Pixels of 0 to 1, (count, channels, height, width), with labels of 0 and upward, those to learn and those not seen."""

    name: str
    learn: Array
    learn_labels: NDArray[np.int64]
    unseen: Array
    unseen_labels: NDArray[np.int64]

    @property
    def classes(self) -> int:
        return int(max(self.learn_labels.max(), self.unseen_labels.max())) + 1

    def __str__(self) -> str:
        height, width = self.unseen.shape[2:]
        return f"{self.name}, {height} x {width} pixels: {len(self.learn):,} to learn, {len(self.unseen):,} unseen"


def read_images(folder: Path | None, seed: int = 0) -> Images:
    """Those in ``folder``, or scikit-learn's digits, split by ``seed``.  Raises :class:`UserError` that names what is wrong."""
    if folder is None:
        return _digits(seed)
    found = _files(folder)
    if found.classes < 2:
        raise UserError(f"--data {folder}: all labels are 0: no classes to tell apart")
    return found


def _files(folder: Path) -> Images:
    if not folder.is_dir():
        raise UserError(f"--data {folder}: no such folder")
    if (folder / "test_batch.bin").exists():
        batches = sorted(folder.glob("data_batch_*.bin"))
        if not batches:
            raise UserError(f"--data {folder}: test_batch.bin without data_batch_1.bin and the like")
        learn = [_cifar(path) for path in batches]
        pixels, labels = (np.concatenate(part) for part in zip(*learn, strict=True))
        return Images(f"CIFAR-10 files in {folder}", pixels, labels, *_cifar(folder / "test_batch.bin"))
    found = [folder / name if (folder / name).exists() else folder / f"{name}.gz" for name in IDX]
    missing = [path.name.removesuffix(".gz") for path in found if not path.exists()]
    if missing:
        raise UserError(f"--data {folder}: no {missing[0]} (IDX) and no test_batch.bin (CIFAR-10) there")
    learn_images, learn_labels, unseen, unseen_labels = map(_idx, found)
    for path, images, labels in ((found[0], learn_images, learn_labels), (found[2], unseen, unseen_labels)):
        if images.ndim != 3 or labels.ndim != 1:
            raise UserError(
                f"{path} and the file of its labels: {images.ndim} and {labels.ndim} axes given; allowed: three and one"
            )
        if len(labels) != len(images):
            raise UserError(f"{path}: {images.shape[0]} images of shape {images.shape[1:]}, but {labels.size} labels")
    if learn_images.shape[1:] != unseen.shape[1:]:
        raise UserError(f"{found[2]}: images of {unseen.shape[1:]} pixels, but of {learn_images.shape[1:]} in {found[0].name}")
    return Images(
        f"IDX files in {folder}",
        learn_images[:, None] / 255,
        learn_labels.astype(np.int64),
        unseen[:, None] / 255,
        unseen_labels.astype(np.int64),
    )


def _digits(seed: int) -> Images:
    try:
        from sklearn.datasets import load_digits
        from sklearn.model_selection import train_test_split
    except ImportError:
        raise UserError(
            "without --data the digits of scikit-learn are taken, which is missing: pip install scikit-learn"
        ) from None
    images, labels = load_digits(return_X_y=True)
    pixels = images.reshape(-1, 1, 8, 8) / 16
    learn, unseen, learn_labels, unseen_labels = train_test_split(
        pixels, labels, test_size=0.25, random_state=seed, stratify=labels
    )
    return Images("scikit-learn's digits", learn, learn_labels.astype(np.int64), unseen, unseen_labels.astype(np.int64))


def _idx(path: Path) -> NDArray[np.uint8]:
    try:
        content = read_bytes(path)
        content = gzip.decompress(content) if path.suffix == ".gz" else content
    except (OSError, EOFError) as error:
        raise UserError(f"{path} cannot be read: {error}") from None
    if len(content) < 8 or content[:3] != b"\x00\x00\x08":
        raise UserError(f"{path}: no IDX file of bytes")
    axes = content[3]
    if axes not in (1, 3):
        raise UserError(f"{path}: {axes} axes given; allowed: one (labels) or three (images)")
    start = 4 + 4 * axes
    shape = struct.unpack(f">{axes}i", content[4:start]) if len(content) >= start else ()
    if not shape or min(shape) < 1 or math.prod(shape) != len(content) - start:
        raise UserError(f"{path}: its head says {' x '.join(map(str, shape)) or 'nothing'}, but it holds {len(content)} bytes")
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)


def _cifar(path: Path) -> tuple[Array, NDArray[np.int64]]:
    try:
        content = np.frombuffer(read_bytes(path), np.uint8)
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error}") from None
    if not len(content) or len(content) % CIFAR_ROW:
        raise UserError(f"{path}: {len(content)} bytes are no whole number of images of {CIFAR_ROW}")
    rows = content.reshape(-1, CIFAR_ROW)
    if rows[:, 0].max() > 9:
        raise UserError(f"{path}: label {rows[:, 0].max()} given; CIFAR-10 has 0 to 9")
    return rows[:, 1:].reshape(-1, 3, 32, 32) / 255, rows[:, 0].astype(np.int64)
