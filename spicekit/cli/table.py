"""Commands about tables."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from spicekit.cli.options import Json, given_path, read_parameters
from spicekit.cli.output import print_json, say

TableFile = Annotated[
    Path, typer.Argument(metavar="FILE", help="table.nc, the folder that holds it, or an exported .npz.", parser=given_path)
]
OperatingPoint = Annotated[list[str] | None, typer.Option("-p", "--point", help="NAME=VALUE of a dimension.")]


def table_show(file: TableFile, as_json: Json = False) -> None:
    """Dimensions, measures and provenance of a table."""
    from spicekit.table import LookupTable
    from spicekit.table_view import describe_text

    table = LookupTable.load(file)
    if as_json:
        print_json(table.describe())
    else:
        say(describe_text(table))


def table_query(
    file: TableFile,
    measure: Annotated[str, typer.Argument(help="Name of a measure; see `spicekit table show`.")],
    point: OperatingPoint = None,
    as_json: Json = False,
) -> None:
    """A measure at an operating point, interpolated within the grid."""
    from spicekit.table import LookupTable
    from spicekit.table_view import answer, answer_text

    found = answer(LookupTable.load(file), measure, read_parameters(point, None, None))
    if as_json:
        print_json(found)
    else:
        say(answer_text(found))


def table_export(
    file: TableFile,
    to: Annotated[str, typer.Option(help="Format; a wrong name lists them all.")],
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="File or folder to write; its usual name if not given.", parser=given_path),
    ] = None,
    point: OperatingPoint = None,
    as_json: Json = False,
) -> None:
    """A table in the format of another tool."""
    from spicekit.errors import unknown
    from spicekit.export import check_output, export, file_name
    from spicekit.table import LookupTable
    from spicekit.table_layout import inner

    table, at = LookupTable.load(file), read_parameters(point, None, None)
    for name in at:  # before a name that export() uses itself reaches it
        if name not in table.coordinates:
            raise unknown("coordinate", name, (known for known in table.coordinates if not inner(known)), of=table.origin)
    target = output or Path(file_name(table, to))
    check_output(to, target)
    written = export(table, to, target, **at)
    if as_json:
        print_json({"format": to, "files": [str(path) for path in written]})
    else:
        say("Files: " + ", ".join(str(path) for path in written))
