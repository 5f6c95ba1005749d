"""Commands about devices and about this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from spicekit.cli.options import Json, given_path, read_option
from spicekit.cli.output import print_json, say


def wer(
    device: Annotated[str, typer.Argument(help="Device card: a shipped name or the path of a TOML file.")],
    current: Annotated[
        str, typer.Option(help="Write current of the nominal junction, or along its rail, A; 0: it flips by heat alone.")
    ],
    pulse: Annotated[str, typer.Option(help="Pulse widths in s: one value, or start:stop:num.")],
    direction: Annotated[str, typer.Option(help="ap-p or p-ap.")] = "ap-p",
    temperature: Annotated[str | None, typer.Option(help="85 or 85C, or 358K; the card's own if not given.")] = None,
    sigma: Annotated[list[str] | None, typer.Option(help="ra=5% and hk=3%: spread over the junctions of an array.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of the junctions drawn, or of the samples.", min=0)] = 1,
    samples: Annotated[int, typer.Option(help="Writes counted of a junction in-plane or on a rail.", min=1)] = 8192,
    out: Annotated[Path | None, typer.Option("--out", help="Folder for wer.png and wer.json.", parser=given_path)] = None,
    as_json: Json = False,
) -> None:
    """Write error rate of a junction against pulse width."""
    from spicekit.devices import load_device
    from spicekit.devices.mtj import MtjCard
    from spicekit.errors import unknown
    from spicekit.files import output_folder, write_json
    from spicekit.folders import check_folder
    from spicekit.units import format_value
    from spicekit.wer import parse_range, parse_spread, plot_write_error, write_error_curve

    if direction not in ("ap-p", "p-ap"):
        raise unknown("direction", direction, ("ap-p", "p-ap"))
    sigma_ra, sigma_hk = parse_spread(sigma or [])
    if out is not None:
        check_folder(out, "wer.json", ("wer.png",))
    curve = write_error_curve(
        load_device(device, MtjCard),
        read_option("--current", current, "A"),
        parse_range("--pulse", pulse, "s"),
        direction=direction,  # type: ignore[arg-type]
        temperature=None if temperature is None else read_option("--temperature", temperature, "C"),
        sigma_ra=sigma_ra,
        sigma_hk=sigma_hk,
        seed=seed,
        samples=samples,
    )
    written = []
    if out is not None:
        write_json(output_folder(out) / "wer.json", curve.as_json())
        written = [out / "wer.json", plot_write_error(curve, out / "wer.png")]
    if as_json:
        print_json(curve.as_json())
        return
    drive = "current along the rail"
    if curve.overdrive is not None and curve.critical_current is not None:
        drive = f"{curve.ratio} = {curve.overdrive:.3f} (I_c {format_value(curve.critical_current, 'A')})"
    say(
        f"{curve.device} {curve.direction}: {drive}, "
        f"Delta {curve.delta:.2f}, tau_D {format_value(curve.tau_d, 's')}, {curve.conditions}"
    )
    if curve.field:
        side = "holds the starting state" if curve.field > 0 else "helps to write"
        say(f"field of the card: {abs(curve.field):.4g} of H_k, {side}; I_c and Delta above are without it")
    junctions = curve.junctions
    if junctions is not None:
        say(f"array: sigma(RA) {curve.sigma_ra:.3%}, sigma(Hk) {curve.sigma_hk:.3%} of nominal, normal")
    name, rates = ("WER", curve.wer) if curve.current else ("P(flip)", curve.flip)
    counted = curve.sampled
    if counted is not None:
        say(f"counted over {counted.samples} samples of the stochastic LLG equation")
    interval = f" {'95 % interval':>24}" if counted is not None else ""
    say(f"{'pulse':>10} {name:>11}{interval}" + (f" {'array mean':>11} {'median':>11} {'99.9 %':>11}" if junctions else ""))
    for index, width in enumerate(curve.pulses):
        row = f"{format_value(float(width), 's'):>10} {rates[index]:11.3e}"
        if counted is not None:
            low, high = counted.low[index], counted.high[index]
            row += f"   {low:9.3e} to {high:9.3e}" if curve.current else f"   {1 - high:9.3e} to {1 - low:9.3e}"
        if junctions is not None:
            row += f" {junctions.mean[index]:11.3e} {junctions.quantiles[1, index]:11.3e} {junctions.quantiles[3, index]:11.3e}"
        say(row)
    for remark in curve.remarks:
        say(f"note: {remark}")
    if written:
        say("Files: " + ", ".join(str(path) for path in written))


def library(
    name: Annotated[str, typer.Argument(metavar="CARD|TECHNOLOGY", help="A shipped name or the path of a TOML file.")],
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="File to write; stdout if not given.", parser=given_path)
    ] = None,
    model: Annotated[str | None, typer.Option(help="Of a junction: llg (the default), fast or static.")] = None,
    corner: Annotated[str | None, typer.Option(help="Of a technology: its process corner, tt if not given.")] = None,
    temperature: Annotated[
        str | None, typer.Option(help="85 or 85C, or 358K; a card's own, a technology's that of the deck, if not given.")
    ] = None,
) -> None:
    """A plain ngspice library that any deck can include: a device card, or the transistors of a technology."""
    from spicekit.files import write_text
    from spicekit.library import library as make

    celsius = None if temperature is None else read_option("--temperature", temperature, "C")
    text = make(name, model=model, corner=corner, celsius=celsius, file=output.name if output else "FILE")
    if output is None:
        say(text, end="")
    else:
        write_text(output, text)


def retention(
    device: Annotated[str, typer.Argument(help="Device card: a shipped name or the path of a TOML file.")],
    temperature: Annotated[
        list[str] | None, typer.Option(help="85 or 85C, or 358K; more than one may be given. [default: -40, 25, 85, 125]")
    ] = None,
    bits: Annotated[str, typer.Option(help="Cells of the array.")] = "1meg",
    years: Annotated[float, typer.Option(help="Time for which they are left alone.")] = 10,
    sigma: Annotated[list[str] | None, typer.Option(help="delta=8%: spread of the barrier over the cells.")] = None,
    as_json: Json = False,
) -> None:
    """How long a junction keeps its state, and whether an array does for years."""
    from spicekit.devices import load_device
    from spicekit.devices.mtj import MtjCard
    from spicekit.retention import YEAR, parse_delta, retention
    from spicekit.units import format_value

    count, sigma_delta = read_option("--bits", bits, ""), parse_delta(sigma or [])
    wanted = [read_option("--temperature", text, "C") for text in temperature or ("-40", "25", "85", "125")]
    card = load_device(device, MtjCard)
    rows = retention(card, wanted, bits=count, years=years, sigma_delta=sigma_delta)
    if as_json:
        print_json(
            {
                "device": card.name,
                "bits": count,
                "years": years,
                "sigma_delta": sigma_delta,
                "temperatures": [row.as_json(count) for row in rows],
            }
        )
        return
    say(f"{card.name}: {count:g} cells left alone for {years:g} years, sigma(Delta) {sigma_delta:.3%} of nominal, normal")
    say(f"{'temperature':>11} {'Delta':>7} {'mean time':>12} {'P(cell)':>10} {'cells lost':>11} {'P(array)':>10}")
    for row in rows:
        long = row.mean_time >= YEAR
        mean = f"{row.mean_time / YEAR:.3g} years" if long else format_value(row.mean_time, "s")
        say(
            f"{row.temperature:>9.5g} C {row.delta:>7.2f} {mean:>12} {row.failure:>10.3g} {count * row.failure:>11.3g} "
            f"{row.array_failure:>10.3g}"
        )
    for row in rows:
        if row.remark:
            say(f"note: {row.remark}")


def doctor(as_json: Json = False) -> None:
    """What is found on this machine, what is missing, and the command that installs it."""
    from spicekit.doctor import diagnose

    findings = diagnose()
    if as_json:
        print_json({"findings": [vars(finding) | {"good": finding.good} for finding in findings]})
    else:
        for finding in findings:
            mark = "ok" if finding.good else "BROKEN" if finding.problem else "MISSING" if finding.needed else "absent"
            say(f"{mark:7} {finding.name:20} {finding.found or finding.problem or finding.remedy}")
    if any(finding.needed and not finding.good for finding in findings):
        raise typer.Exit(1)
