"""The experiment: networks trained on the digits, run on chips drawn at each operating point, and what it says.

A chip keeps its random numbers from point to point, so that points differ by their errors and not by their draws.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from montecarlo.behaviour.images import Images, read_images
from montecarlo.jobs.characterisation import Characterisation
from montecarlo.systems import system_table
from spicekit.errors import UserError
from spicekit.table import LookupTable
from spicekit.waves import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes

E = TypeVar("E")
Drawn = Callable[[E, str, int], float]  # errors of a point, model, number of the chip -> accuracy


def parser(text: str | None, out: str, *, data: bool = False) -> argparse.ArgumentParser:
    """The options of an experiment: ``--out``, with ``data`` also ``--data`` and ``--learn``, and those that it adds.

    Ends the program if scikit-learn is missing.
    """
    made = argparse.ArgumentParser(description=text.splitlines()[0] if text else None)
    made.add_argument("--out", type=Path, default=Path(out), help="folder of tables and results")
    if data:
        made.add_argument("--data", type=Path, help="folder of MNIST's IDX files, made 8 x 8; scikit-learn's digits if not given")
        made.add_argument("--learn", type=int, help="of these, images to learn, drawn for each network; all if not given")
    if find_spec("sklearn") is None:
        made.error("scikit-learn is missing: pip install scikit-learn")
    return made


def say(line: str) -> None:
    """To the user, on stderr."""
    print(line, file=sys.stderr)


def characterisation(
    given: Path | None, folder: Path, systems: Sequence[str], over: Mapping[str, Sequence[Any]], **how: Any
) -> LookupTable:
    """The table in ``given``, or one of the first of ``systems`` made in ``folder`` ``over`` a small grid.

    ``how``: ``trials_scale`` and ``workers``.  What is there is not made again.  Raises :class:`UserError` if ``given`` is no
    table of one of the systems.
    """
    if given is None:
        say(f"no --table: simulating a small one in {folder} (spicekit characterize {systems[0]} makes the full one)")
        scale = how.pop("trials_scale", 1.0)
        Characterisation(system_table(systems[0]), over=over, trials_scale=scale).run(folder, warn=say, **how)
        given = folder
    table = LookupTable.load(given)
    if table.provenance.get("system") not in systems:
        raise UserError(f"--table {given}: not a table of spicekit characterize {' or '.join(systems)}")
    return table


@dataclass(frozen=True)
class Pooled:
    """28 x 28 images of a folder as 8 x 8 ones: the mean of each 3 x 3 pixels of the middle 24 x 24."""

    images: Images
    learn: int | None = None  # how many are learnt, drawn by the seed; None: all

    @classmethod
    def of(cls, folder: Path | None, learn: int | None = None) -> Pooled | None:
        """None without a folder.  Raises :class:`UserError` for images of another size."""
        if folder is None:
            if learn is not None:
                raise UserError("--learn: give --data too; of scikit-learn's digits all are learnt")
            return None
        images = read_images(folder)
        if images.unseen.shape[1:] != (1, 28, 28) or images.classes != 10:
            raise UserError(f"--data {folder}: {images}; allowed: 28 x 28 pixels, one channel, ten classes")
        if learn is not None and not 10 <= learn <= len(images.learn):
            raise UserError(f"--learn {learn}: 10 to {len(images.learn)}")
        return cls(images, learn)

    def __str__(self) -> str:
        few = "" if self.learn is None else f", of which {self.learn:,} are learnt"
        return f"{self.images}{few}, made 8 x 8"

    def split(self, seed: int) -> Sequence[NDArray[Any]]:
        """As :func:`digits`."""
        chosen = np.random.default_rng(seed).permutation(len(self.images.learn))[: self.learn]
        small = [part.reshape(-1, 28, 28)[:, 2:26, 2:26].reshape(-1, 8, 3, 8, 3).mean(axis=(2, 4))
                 for part in (self.images.learn[chosen], self.images.unseen)]  # fmt: skip
        return [*small, self.images.learn_labels[chosen], self.images.unseen_labels]


def ran_on(data: Pooled | None) -> str:
    """What was learnt and tried, for the first line of a result."""
    return f"on {data or 'scikit-learn digits, 8 x 8 pixels: 1,347 to learn, 450 unseen'}"


def digits(seed: int, data: Pooled | None = None) -> Sequence[NDArray[Any]]:
    """Training and test images (8 x 8, values 0 to 1), training and test labels: of ``data``, or scikit-learn's digits."""
    if data is not None:
        return data.split(seed)
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    images, labels = load_digits(return_X_y=True)
    split: Sequence[NDArray[Any]] = train_test_split(
        images.reshape(-1, 8, 8) / 16, labels, test_size=0.25, random_state=seed, stratify=labels
    )
    return split


@dataclass(frozen=True)
class Accuracy:
    """Mean over the networks (of each, over its chips) with a 95 % interval."""

    mean: float
    low: float
    high: float

    @classmethod
    def of(cls, networks: Array) -> Accuracy:
        """From one accuracy a network: Student's interval of their mean."""
        from scipy.stats import t

        mean = float(networks.mean())
        half = float(t.ppf(0.975, len(networks) - 1) * networks.std(ddof=1) / np.sqrt(len(networks)))
        return cls(mean, mean - half, mean + half)

    def shown(self, digits: int = 2) -> str:
        """In per cent, with half the interval."""
        mean = round(100 * self.mean, digits) + 0.0  # + 0.0: no -0.00
        return f"{mean:.{digits}f} ± {50 * (self.high - self.low):.{digits}f}"


@dataclass(frozen=True)
class Point(Generic[E]):
    """An operating point: what is swept, where it is, and the errors there."""

    axis: str
    value: Any
    errors: E


@dataclass(frozen=True)
class Outcome:
    """Of all networks: ideal accuracy, (networks,), and that of each model's chips: (networks, points, chips)."""

    ideal: Array
    real: Mapping[str, Array]

    def accuracy(self, model: str, point: int) -> Accuracy:
        """Mean over the networks (of each, over its chips) with Student's interval."""
        return Accuracy.of(self.real[model][:, point].mean(axis=1))

    def loss(self, model: str, point: int) -> Accuracy:
        """Of each network against itself without errors: what splits and training add to the spread drops out."""
        return Accuracy.of(self.ideal - self.real[model][:, point].mean(axis=1))

    def spread(self, model: str, point: int) -> float:
        """Standard deviation of the accuracy from chip to chip of one network."""
        return float(np.sqrt(self.real[model][:, point].var(axis=1, ddof=1).mean()))

    def rises(self, points: Sequence[Point[E]], axis: str, model: str) -> list[tuple[Point[E], Point[E]]]:
        """Pairs on ``axis`` where the larger one loses less than the smaller by more than both intervals allow."""
        losses = {row: self.loss(model, row) for row, point in enumerate(points) if point.axis == axis}
        return [
            (points[few], points[many])
            for few in losses
            for many in losses
            if float(points[few].value) < float(points[many].value) and losses[many].high < losses[few].low
        ]


def experiment(
    train: Callable[[int], tuple[float, Drawn[E]]],
    points: Sequence[Point[E]],
    models: Sequence[str],
    networks: int,
    chips: int,
    name: str = "",
) -> Outcome:
    """Of ``networks`` networks, each on ``chips`` chips a point and model.

    ``train`` makes that of a seed: its ideal accuracy, and its accuracy on a chip.
    """
    from threadpoolctl import threadpool_limits  # of scikit-learn

    ideal = np.empty(networks)
    real = {model: np.empty((networks, len(points), chips)) for model in models}
    with threadpool_limits(1):  # the products are small
        for seed in range(networks):
            ideal[seed], accuracy = train(seed)
            for model, found in real.items():
                for row, point in enumerate(points):
                    for chip in range(chips):
                        found[seed, row, chip] = accuracy(point.errors, model, chip)
            say(f"{name}network {seed}: ideal accuracy {ideal[seed]:.3f}")
    return Outcome(ideal, real)


def banded(axes: Axes, x: Array, found: Sequence[Accuracy], **style: Any) -> None:
    """Accuracies in per cent against ``x`` with their intervals as a band."""
    (line,) = axes.plot(x, [100 * one.mean for one in found], ms=4, **style)
    band = ([100 * one.low for one in found], [100 * one.high for one in found])
    axes.fill_between(x, *band, color=line.get_color(), alpha=0.15, lw=0)


def finish(checks: Mapping[str, bool], tables: float, networks: float) -> None:
    """Say which statements hold, and how many seconds it took; end with 1 if one does not."""
    for text, holds in checks.items():
        print(f"{text}: {'yes' if holds else 'NO'}")
    say(f"tables {tables:.0f} s, networks {networks:.0f} s")
    if not all(checks.values()):
        sys.exit(1)
