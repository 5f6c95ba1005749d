"""The command that fits a joint model of variation to measured junctions."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from spicekit.cli.options import Json, given_path, read_option
from spicekit.cli.output import print_json, say


def fit_variation(
    data: Annotated[str, typer.Argument(help="CSV file, a line a junction: r_p, r_ap and perhaps cd, h_c, die.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="TOML file for --variation; a plot beside it.", parser=given_path)],
    device: Annotated[str | None, typer.Option(help="Card of the junctions: what h_c says takes its Delta and size.")] = None,
    cd: Annotated[str | None, typer.Option(help="Known local sigma of the diameter, e.g. 2%.")] = None,
    cd_global: Annotated[str | None, typer.Option(help="Known sigma of the diameter from die to die.")] = None,
    dwell: Annotated[str, typer.Option(help="Time at each field when h_c was measured, s.")] = "1",
    as_json: Json = False,
) -> None:
    """Sigmas, local and global, and correlations of measured junctions, as a file for --variation."""
    from dataclasses import asdict

    from montecarlo.fit import as_toml, plot_fit
    from montecarlo.fit import fit_variation as fitted
    from spicekit.devices import load_device
    from spicekit.devices.mtj import MtjCard
    from spicekit.errors import UserError
    from spicekit.files import write_text
    from spicekit.folders import check_file

    if out.suffix != ".toml":
        raise UserError(f"-o {out}: give a name that ends in .toml")
    check_file(out)
    sigmas = [None if text is None else read_option(name, text, "") for name, text in (("--cd", cd), ("--cd-global", cd_global))]
    for name, sigma in zip(("--cd", "--cd-global"), sigmas, strict=True):
        if sigma is not None and not 0 <= sigma <= 0.3:
            raise UserError(f"{name} {sigma:g}: allowed: 0 to 30 %")
    seconds = read_option("--dwell", dwell, "s")
    if not 1e-9 <= seconds <= 1e9:
        raise UserError(f"--dwell {seconds:g} s: allowed: 1n to 1G")
    junction = None if device is None else load_device(device, MtjCard).at()
    found = fitted(str(given_path(data)), junction=junction, cd=sigmas[0], cd_global=sigmas[1], dwell=seconds)
    write_text(out, as_toml(found))
    picture = plot_fit(found, out.with_suffix(".png"))
    if as_json:
        scopes = {"local": found.local, "global": found.overall}
        print_json({
            "junctions": found.junctions, "dies": found.dies, "geometric_means": found.geometric_means,
            "diameter_from": found.source,
            **{scope: {kind: asdict(one) for kind, one in spreads.items()} for scope, spreads in scopes.items()},
            "correlations": {scope: [asdict(pair) for pair in pairs] for scope, pairs in found.pairs.items()},
            "notes": found.notes, "files": [str(out), str(picture)],
        })  # fmt: skip
        return
    say(f"{found.junctions} junctions of {found.dies} die(s), standard deviations of logarithms with 95 % intervals")
    for scope, spreads in (("local", found.local), ("global", found.overall)):
        for kind, one in spreads.items():
            interval = one.said or f"{one.low:.3%} to {one.high:.3%}"
            say(f"  {scope:6} {kind:4} {one.sigma:8.3%}  ({interval})")
        for pair in found.pairs[scope]:
            kept = "" if pair.significant else ", left out: it may be 0"
            say(f"  {scope:6} {pair.first}, {pair.second}: {pair.rho:+.3f}  ({pair.low:+.3f} to {pair.high:+.3f}){kept}")
    for note in found.notes:
        say(f"note: {note}")
    say(f"Files: {out}, {picture}")
