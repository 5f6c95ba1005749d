"""``sed`` scripts that set named lines of another tool's file, and end with exit code 1 and a word where a line is missing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping


def sed_script(
    use: str, remarks: Iterable[str], values: Mapping[str, str], *, file: str, end: str = "", more: Iterable[str] = ()
) -> str:
    """A script (GNU sed) that writes ``values`` behind the ``=`` of the lines that begin with their names.

    ``file`` names what it is for in the word about a missing line; a value ends before ``end`` in the line, or with it; ``more``
    are lines of sed that follow.
    """
    old = f"[^{end}]*{end}" if end else ".*"
    # each line that is found leaves its name in the hold space
    lines = [
        f"/^[[:space:]]*{name}[[:space:]]*=/{{\ns/={old}/= {value}{end}/\nx\ns/$/,{name},/\nx\n}}"
        for name, value in values.items()
    ]
    missing = [f"/,{name},/!{{\ns/.*/this {file} has no line that sets {name}/w /dev/stderr\nx\nq1\n}}" for name in values]
    return "\n".join([f"# {use}", *(f"# {line}" for line in remarks), *lines, *more, "${", "x", *missing, "x", "}"]) + "\n"
