"""Binary networks on STT-BNN rows: accuracy ideal, with the errors of a table, and after training that knows these errors.

    python examples/binary_networks.py --net mlp --table out/stt-bnn --data mnist --out out/binary

``--data`` is a folder with IDX files (MNIST and its like) or CIFAR-10's binary ones; without it scikit-learn's digits are taken.
Each seed is a network of its own, with training and chips of its own; intervals are Student's over the seeds.  The same command
again goes on after the seeds that are done.  Needs PyTorch (extra ``torch``).  The networks of seed 1 are kept as ``net.pt`` and
``net-aware.pt`` for ``python -m montecarlo.behaviour``.
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from montecarlo.behaviour import RowErrors
from montecarlo.behaviour.images import Images, read_images
from montecarlo.behaviour.network import interval
from spicekit.errors import UserError
from spicekit.table import LookupTable


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--net", choices=("mlp", "cnn"), default="mlp")
    errors = parser.add_mutually_exclusive_group(required=True)
    errors.add_argument("--table", type=Path, help="table of spicekit characterize stt-bnn with n=128")
    errors.add_argument("--sigma", type=float, help="in its place: normal shifts of a row's threshold, in cells")
    parser.add_argument("--data", type=Path, help="folder of IDX or CIFAR-10 files")
    parser.add_argument("--learn", type=int, help="images to learn, the first ones; all if not given")
    parser.add_argument("--tmr", type=float, help="of the table, if it has several")
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--chips", type=int, default=10, help="chips a network")
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--out", type=Path, default=Path("out/binary-networks"))
    try:
        run(parser.parse_args())
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)


def run(given: argparse.Namespace) -> None:
    """Train, try, print; ``results.json`` holds each accuracy."""
    if min(given.seeds, given.chips) < 2:
        raise UserError("--seeds and --chips: at least 2 each")
    if given.epochs < 1:
        raise UserError("--epochs: at least 1")
    at = {} if given.tmr is None else {"tmr": given.tmr}
    errors = RowErrors.of(LookupTable.load(given.table), n=128, **at) if given.table else RowErrors(128, given.sigma)
    images = few(read_images(given.data), given.learn)
    torch = importlib.import_module("montecarlo.behaviour.torch").torch  # says in one line what is missing without PyTorch
    from networks.torch_training import NETWORKS, accuracy, train

    from montecarlo.behaviour.torch import RowLinear, stored

    make, published_on, published = NETWORKS[given.net]
    made = make(images, errors, errors.n)
    rows = sum(layer.rows for layer in made if isinstance(layer, RowLinear))
    print(f"{given.net} of {rows:,} rows of {errors.n} cells on {images}; published: {published} % on {published_on}", flush=True)
    given.out.mkdir(parents=True, exist_ok=True)
    settings = {"net": given.net, "data": str(images), "epochs": given.epochs, "chips": given.chips,
                "sigma": errors.sigma_total, "average": errors.average}  # fmt: skip
    found = kept(given.out / "results.json", settings)
    for seed in range(len(found["ideal"]) + 1, given.seeds + 1):
        started = time.monotonic()
        for name, known in (("net", None), ("net-aware", errors)):
            torch.manual_seed(seed)
            network = make(images, known, errors.n)
            train(network, images, given.epochs, seed)
            tried = make(images, errors, errors.n)
            tried.load_state_dict(network.state_dict())
            on_chips = [accuracy(tried, images, np.random.default_rng([seed, chip])) for chip in range(given.chips)]
            found["errors" if known is None else "aware"].append(float(np.mean(on_chips)))
            found["ideal" if known is None else "aware_ideal"].append(accuracy(tried, images, None))
            if seed == 1:
                torch.save(stored(network), given.out / f"{name}.pt")
        (given.out / "results.json").write_text(json.dumps(settings | found) + "\n")
        print(f"seed {seed}: {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)
    words = {
        "ideal": "ideal rows",
        "errors": "with the table's errors",
        "aware": "after training with the errors, with errors",
        "aware_ideal": "after training with the errors, on ideal rows",
    }
    for key, word in words.items():
        mean, half = interval(found[key][: given.seeds])
        print(f"{word:48} {100 * mean:.2f} ± {100 * half:.2f} %")
    print(
        f"threshold of a row: sigma {errors.sigma_total:.2f} cells, wrong decisions {100 * errors.average:.1f} % on random data"
    )


def kept(path: Path, settings: dict[str, Any]) -> dict[str, list[float]]:
    """Accuracies of the seeds that an interrupted run with the same ``settings`` has done; empty lists if there are none."""
    names = ("ideal", "errors", "aware", "aware_ideal")
    try:
        content = json.loads(path.read_text())
    except (OSError, ValueError):
        content = {}
    if any(content.get(name) != value for name, value in settings.items()):
        return {name: [] for name in names}
    return {name: list(content[name]) for name in names}


def few(images: Images, count: int | None) -> Images:
    """With the first ``count`` images to learn of each class in turn, so that classes stay alike; None: all."""
    if count is None:
        return images
    if not images.classes <= count <= len(images.learn):
        raise UserError(f"--learn {count}: {images.classes} to {len(images.learn)}")
    # files may be sorted by class: the k-th of each class before the (k+1)-th of any
    place = np.empty(len(images.learn_labels), dtype=int)
    for label in range(images.classes):
        own = np.flatnonzero(images.learn_labels == label)
        place[own] = np.arange(len(own))
    chosen = np.argsort(place, kind="stable")[:count]
    return replace(images, learn=images.learn[chosen], learn_labels=images.learn_labels[chosen])


if __name__ == "__main__":
    main()
