"""``python -m montecarlo.behaviour --model net.pt --table out/stt-bnn``: a network of the user's on STT-BNN rows."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import get_args

from montecarlo.behaviour.images import read_images
from montecarlo.behaviour.network import interval, on_rows, read_network
from montecarlo.behaviour.rows import Model
from spicekit.errors import SpicekitError, UserError
from spicekit.table import LookupTable
from spicekit.units import format_value


def main() -> None:
    """Read the options, print the answer; exit code 2 and one line for what is wrong with them."""
    parser = argparse.ArgumentParser(prog="python -m montecarlo.behaviour", description=(__doc__ or "").partition(": ")[2])
    parser.add_argument(
        "--model", type=Path, required=True, help="state dict of PyTorch, .onnx or .npz: a matrix of +1 and -1 a layer"
    )
    parser.add_argument("--table", type=Path, required=True, help="table of spicekit characterize stt-bnn")
    parser.add_argument("--data", type=Path, help="folder of IDX or CIFAR-10 files; scikit-learn's digits if not given")
    parser.add_argument("-p", dest="where", action="append", default=[], metavar="NAME=VALUE", help="coordinate of the table")
    parser.add_argument("--errors", choices=get_args(Model), default="fixed", help="how rows deviate")
    parser.add_argument("--chips", type=int, default=20, help="chips drawn")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="one JSON object")
    given = parser.parse_args()
    try:
        _answer(given)
    except UserError as error:
        print(f"spicekit: error: {error}", file=sys.stderr)
        sys.exit(2)
    except SpicekitError as error:
        print(f"spicekit: error: {error}", file=sys.stderr)
        sys.exit(1)


def _answer(given: argparse.Namespace) -> None:
    if given.chips < 2:
        raise UserError(f"--chips {given.chips}: at least 2")
    if given.seed < 0:
        raise UserError(f"--seed {given.seed}: 0 or above")
    table, where = LookupTable.load(given.table), dict(_coordinate(text) for text in given.where)
    if "distance" in where:
        raise UserError("-p distance: errors at all distances are drawn from; give another coordinate")
    network = read_network(given.model, _cells(table, where))
    data = read_images(given.data)
    found = on_rows(
        network,
        table,
        data.unseen,
        data.unseen_labels,
        data.classes,
        chips=given.chips,
        seed=given.seed,
        model=given.errors,
        **where,
    )
    mean, half = interval(found.chips)
    if given.json:
        answer = {
            "data": str(data), "model": str(given.model), "table": str(given.table), "chips": given.chips, "seed": given.seed,
            "ideal": found.ideal, "accuracy": mean, "ci": [mean - half, mean + half], "spread": float(found.chips.std(ddof=1)),
            "rows": found.rows, "energy": found.energy, "latency": found.latency,
        }  # fmt: skip
        print(json.dumps(answer))
        return
    shapes = " -> ".join(str(size) for size in (network.layers[0].shape[1], *map(len, network.layers)))
    print(f"{given.model} ({shapes}) on {data}")
    print(f"accuracy, ideal rows    {100 * found.ideal:.2f} %")
    print(f"accuracy, with errors   {100 * mean:.2f} ± {100 * half:.2f} % (95 %, {given.chips} chips, `{given.errors}`)")
    print(f"rows of {network.cells} cells       {found.rows:,} ({', '.join(map(str, network.rows))})")
    print(f"energy of an image      {format_value(found.energy, 'J')}")
    print(f"latency                 {format_value(found.latency, 's')} (layers one after the other, rows of a layer at once)")


def _cells(table: LookupTable, where: dict[str, str]) -> int:
    """Cells of a row: what is given, 128 if the table has it, or its only value."""
    if "n" not in table.coordinates:
        raise UserError(f"{table.origin} has no dimension 'n': give a table of spicekit characterize stt-bnn")
    known = [int(value) for value in table.coordinates["n"].tolist()]
    text = where.pop("n", None)
    if text is None:
        return 128 if 128 in known else known[0]
    if not text.isdecimal() or int(text) not in known:
        raise UserError(f"-p n={text}: allowed: {', '.join(map(str, known))}")
    return int(text)


def _coordinate(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals and value):
        raise UserError(f"-p '{text}': give NAME=VALUE")
    return name, value


if __name__ == "__main__":
    main()
