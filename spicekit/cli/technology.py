"""Commands about a CMOS process: what it gives, and a library with only what is needed of it."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated

import typer

from spicekit.cli.options import Json, given_path
from spicekit.cli.output import print_json, say

File = Annotated[str, typer.Argument(metavar="TECHNOLOGY", help="A shipped name or the path of a TOML file.")]


def technology_trim(
    technology: File,
    output: Annotated[
        Path, typer.Option("-o", "--output", help="NAME.toml to write, with NAME.lib beside it.", parser=given_path)
    ],
    corner: Annotated[list[str] | None, typer.Option(help="Corner to keep; may be repeated. [default: all]")] = None,
    size: Annotated[
        list[str] | None, typer.Option(help="W/L, e.g. 1u/150n, whose bins are kept; may be repeated. [default: all]")
    ] = None,
    bench: Annotated[list[str] | None, typer.Option(help="Bench whose sizes, by its defaults, are kept too.")] = None,
) -> None:
    """A library with only the devices named, its statistics as variation points, and the technology file for it."""
    from spicekit.technology import load_technology
    from spicekit.trim_files import bench_sizes, read_size, write_trimmed

    sizes = {read_size(text) for text in size or ()}.union(*(bench_sizes(name, technology) for name in bench or ()))
    source = load_technology(technology)
    for name, found in write_trimmed(source, output, corner or list(source.corners), sorted(sizes)).items():
        local = "; ".join(f"{role}: {len(names)} local" for role, names in found.local.items())
        drawn = "; ".join(filter(None, [local, f"{len(found.globals)} global" if found.globals else ""])) or "none"
        say(f"{name:8} {len(found.lines)} lines, draws at work: {drawn}")
    say(f"Files: {output.with_suffix('.toml')}, {output.with_suffix('.lib')}")


def technology_check(
    technology: File,
    size: Annotated[str | None, typer.Option(help="W/L, e.g. 1u/150n; the smallest of the technology if not given.")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Folder for check.png and check.json.", parser=given_path)] = None,
    as_json: Json = False,
) -> None:
    """Whether a process works here: currents and thresholds of every device and corner, mismatch, which benches fit."""
    from spicekit.errors import SpicekitError, UserError, listed
    from spicekit.files import output_folder, write_json
    from spicekit.folders import check_folder
    from spicekit.technology import load_technology
    from spicekit.technology_check import check_technology, grouped, plot_check
    from spicekit.trim_files import read_size
    from spicekit.units import format_value

    if out is not None:
        check_folder(out, "check.json", ("check.png",))
    check = check_technology(load_technology(technology), technology, None if size is None else read_size(size))
    written = []
    if out is not None and check.transistors:
        write_json(output_folder(out) / "check.json", check.as_json())
        written = [out / "check.json", plot_check(check, out / "check.png")]
    if as_json:
        print_json(check.as_json())
    elif check.transistors:
        say(f"{check.technology}: W {format_value(check.width, 'm')}, L {format_value(check.length, 'm')}, {check.vdd:g} V, 27 C")
        head = f"{'corner':8} {'device':8} {'I_on':>10} {'I_off':>10} {'on/off':>8} {'V_TH':>9} {'I_on cold..hot':>22}"
        say(f"{head} {'sigma(V_TH)':>12} {'library':>9} {'sigma(I)':>9} {'library':>9}")
        for one in check.transistors:
            ends = f"{format_value(one.i_on_at[0], 'A')} .. {format_value(one.i_on_at[-1], 'A')}"
            threshold, library = (
                "-" if math.isnan(value) else format_value(value, "V") for value in (one.v_th, one.sigma_vth_library)
            )
            on_library = "-" if math.isnan(one.sigma_on_library) else f"{one.sigma_on_library:.2%}"
            say(
                f"{one.corner:8} {one.role:8} {format_value(one.i_on, 'A'):>10} {format_value(one.i_off, 'A'):>10} "
                f"{one.ratio:>8.2g} {threshold:>9} {ends:>22} {format_value(one.sigma_vth, 'V'):>12} {library:>9} "
                f"{one.sigma_on:>9.2%} {on_library:>9}"
            )
        for corner, seconds in check.parse.items():
            say(f"{corner}: library takes {seconds:.2g} s to parse, and gives the same circuit under two seeds")
        for reason, corners in grouped(check.failed).items():
            say(f"{', '.join(corners)}: not simulated: {reason}")
        benches = grouped(check.benches)
        say(f"benches that fit with their defaults: {', '.join(benches.pop('', ())) or 'none'}")
        for reason, names in benches.items():
            say(f"{', '.join(names)}: {reason}")
        if written:
            say("Files: " + ", ".join(str(path) for path in written))
    if not check.transistors:
        faults = [f"{', '.join(corners)}: {reason}" for reason, corners in grouped(check.failed).items()]
        kind = UserError if check.users else SpicekitError
        raise kind(f"technology '{check.technology}': no corner can be simulated: {listed(faults)}")
