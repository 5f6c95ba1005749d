"""Images as hypervectors, and a hypervector a class.

ID x level encoding (Kanerva, Cognitive Computation 1, 139 (2009), doi:10.1007/s12559-009-9009-8): a pixel is its random ID vector
times the vector of its grey level, an image the sign of the sum over its pixels.  Neighbouring levels differ in
D / (levels - 1) elements: the darkest and the brightest are opposite.  (Orthogonal ones share D / 2 elements, and these are the
same for all images.)  The mean sum of the training images is taken off first: what all images have in common (dark borders)
would leave every row with most of its cells matching.  A class is the majority of its training images, corrected over some passes
by the images that it gets wrong.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from montecarlo.behaviour.arrays import Signs
from networks.stt_bnn import CLASSES
from networks.training import sign

GREYS = 17  # levels of a pixel of scikit-learn's digits: 0 to 16


@dataclass(frozen=True)
class Encoder:
    """``items`` (pixels x levels, dimension): ID times level; ``centre`` (dimension,): what is taken off an image's sum."""

    items: Signs
    centre: Signs

    @classmethod
    def draw(cls, dimension: int, images: NDArray[np.float64], rng: np.random.Generator) -> Encoder:
        """Random vectors; the centre is that of the training ``images`` (count, 8, 8)."""
        pixels = images[0].size
        ids = rng.choice(np.array([-1, 1], dtype=np.float32), (pixels, dimension))
        levels = np.tile(rng.choice(np.array([-1, 1], dtype=np.float32), dimension), (GREYS, 1))
        order = rng.permutation(dimension)
        for level in range(GREYS):
            levels[level, order[: round(level * dimension / (GREYS - 1))]] *= -1
        items = (ids[:, None] * levels).reshape(-1, dimension)
        return cls(items, (_chosen(images) @ items).mean(axis=0).astype(np.float32, copy=False))

    def encode(self, images: NDArray[np.float64]) -> Signs:
        """Images (count, 8, 8) of values 0 to 1 as +1 and -1: (count, dimension)."""
        return sign(_chosen(images) @ self.items - self.centre)


def _chosen(images: NDArray[np.float64]) -> Signs:
    """1 at each pixel's level, (count, pixels x levels), 0 elsewhere."""
    grey = np.rint(images.reshape(len(images), -1) * (GREYS - 1)).astype(int)
    chosen = np.zeros((*grey.shape, GREYS), dtype=np.float32)
    np.put_along_axis(chosen, grey[..., None], np.float32(1), axis=2)
    return chosen.reshape(len(images), -1)


def learn(queries: Signs, digits: NDArray[Any], passes: int = 20) -> Signs:
    """The class hypervectors, (classes, dimension), of training images (count, dimension)."""
    sums = np.zeros((CLASSES, queries.shape[1]), dtype=np.float32)
    np.add.at(sums, digits, queries)
    for _ in range(passes):
        found = (queries @ sign(sums).T).argmax(axis=1)
        wrong = found != digits
        if not wrong.any():
            break
        np.add.at(sums, digits[wrong], queries[wrong])
        np.add.at(sums, found[wrong], -queries[wrong])
    return sign(sums)
