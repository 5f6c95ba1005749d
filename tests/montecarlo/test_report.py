"""Reports: what they say is what the folder holds, a browser opens them without a network, and bad input is named."""

from __future__ import annotations

import base64
import gzip
import html
import json
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np
import pandas as pd
import plotly.graph_objects
import pytest
from plotly.offline import get_plotlyjs

import spicekit
from montecarlo import Campaign, Variation
from montecarlo.jobs.characterisation import Characterisation
from montecarlo.jobs.sweep import Sweep
from montecarlo.plots import plot_campaign
from montecarlo.report import make_page, write_report
from montecarlo.report.charts import TAIL_POINTS, WAVE_POINTS, decimated, thinned
from montecarlo.report.content import Chart, Table
from montecarlo.running.crew import Crew
from montecarlo.running.store import Store
from montecarlo.running.worker import Rows
from montecarlo.systems.system import Part, SystemTable
from spicekit.errors import SpicekitError, UserError
from spicekit.plots import plot_run

MOST_BYTES = 6_000_000


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one folder of each kind, made by real simulations: run, campaign, sweep, system."""
    root = tmp_path_factory.mktemp("results")
    result = spicekit.run("mtj-switch")
    (root / "run").mkdir()
    (root / "run" / "run.json").write_text(json.dumps(result.as_json()))
    plot_run(result.bench, result.waves, root / "run")
    campaign = Campaign("sot-logic", trials=400, seed=3, variations=[Variation.parse("tmr=3%", "global")])
    plot_campaign(campaign.bench, Store(root / "campaign"), campaign.run(root / "campaign").summary)
    over = {"tmr": [1, 1.5, 2.5], "corner": ["tt", "ff", "ss"], "temperature": [0, 27, 80]}
    Sweep("sot-read", over, trials=20).run(root / "sweep")
    figures = [
        {
            "name": "AND, energy",
            "unit": "J",
            "simulated": 3.1e-15,
            "published": 2.5e-15,
            "ratio": 1.24,
            "source": "a",
            "from": "b",
        },
        {
            "name": "energy an image",
            "unit": "J",
            "simulated": 6.6e-4,
            "published": None,
            "ratio": None,
            "source": "",
            "from": "c",
        },
    ]
    (root / "system").mkdir()
    (root / "system" / "system.json").write_text(json.dumps({"system": "imce", "figures": figures}))
    return root


def tables(folder: Path) -> dict[str, Table]:
    """Caption -> table."""
    blocks = [block for section in make_page(folder).sections for block in section.blocks]
    return {block.caption: block for block in blocks if isinstance(block, Table)}


def charts(folder: Path) -> list[Chart]:
    return [block for section in make_page(folder).sections for block in section.blocks if isinstance(block, Chart)]


def commands(text: str) -> list[list[str]]:
    """The command lines of a page."""
    return [shlex.split(html.unescape(line)) for line in re.findall(r"<code>(spicekit [^<]*)</code>", text)]


def unpacked(page: Path, name: str) -> str:
    """What a page holds packed."""
    found = re.search(rf'id="{name}">([^<]+)<', page.read_text())
    assert found is not None
    return gzip.decompress(base64.b64decode(found[1])).decode()


# what a page says


def test_a_campaigns_page_holds_the_summarys_numbers(results: Path) -> None:
    summary = json.loads((results / "campaign" / "summary.json").read_text())
    found = tables(results / "campaign")
    margins = {row[0]: row for row in found["Gaps and error rates"].rows}
    assert set(margins) == {"read", "and", "or"}
    assert margins["and"][2] == spicekit.units.format_value(summary["margins"]["and"]["mean"], "V")
    assert "0 (0 to" in margins["read"][7]
    measures = {row[0]: row for row in found["Statistics over the trials"].rows}
    assert list(measures) == list(summary["measures"])
    assert measures["v_p"][1] == spicekit.units.format_value(summary["measures"]["v_p"]["mean"], "V")
    assert list(found["Drawn once a trial, for all devices"].rows) == [("tmr", "3.000%", "normal", "–")]


def test_the_histograms_count_every_trial(results: Path) -> None:
    drawn = charts(results / "campaign")
    states = [chart for chart in drawn if chart.title.startswith("and: v_10 and v_11")]
    assert [sum(trace["y"]) for trace in states[0].data if trace["type"] == "bar"] == [400, 400]
    single = [chart for chart in drawn if chart.title.startswith("e_and")]
    assert sum(single[0].data[0]["y"]) == 400


def test_the_worst_trials_are_the_smallest_margins_and_can_be_replayed(
    results: Path, trials_table: Callable[[Path], pd.DataFrame], cli: Callable[..., Any]
) -> None:
    frame = trials_table(results / "campaign")
    rows = tables(results / "campaign")["Trials worth a look"].rows
    worst = [int(row[0]) for row in rows if row[1] == "smallest margin_or"]
    assert worst == frame.nsmallest(len(worst), "margin_or")["trial"].tolist()
    assert "σ" in rows[0][3]
    program, *words = shlex.split(rows[0][4])
    assert program == "spicekit"
    done = cli(*words, "--json", "--out", results / "again")
    assert json.loads(done.stdout)["measures"]["margin_read"]["value"] == pytest.approx(
        frame["margin_read"][int(rows[0][0])], abs=1e-6
    )


def test_failed_trials_are_counted_advised_and_listed(faulty: Callable[..., Any], tmp_path: Path) -> None:
    campaign, struck = faulty("Infinite", 60, 3)
    campaign.run(tmp_path / "mc")
    found = tables(tmp_path / "mc")
    outcomes = {row[0]: row for row in found["Outcomes"].rows}
    assert outcomes["ok"][1] == "57"
    failed = [(int(row[0]), row[1]) for row in found["Trials worth a look"].rows if row[1].startswith("ended")]
    assert [trial for trial, _ in failed] == struck.tolist()
    for name, row in outcomes.items():
        assert name == "ok" or "spicekit replay" in row[3] or "sigma" in row[3]


def test_the_campaigns_command_makes_the_same_campaign(results: Path, cli: Callable[..., Any], tmp_path: Path) -> None:
    text = write_report(results / "campaign", tmp_path / "page.html").read_text()
    line = next(words for words in commands(text) if words[1] == "mc")
    line[line.index("--out") + 1] = str(tmp_path / "again")
    assert cli(*line[1:]).returncode == 0
    first, again = (json.loads((folder / "campaign.json").read_text()) for folder in (results / "campaign", tmp_path / "again"))
    assert first == again


def test_a_runs_waveforms_keep_their_extremes(results: Path) -> None:
    (chart,) = charts(results / "run")
    wave = next(trace for trace in chart.data if trace["name"] == "m_z")
    assert wave["x"][-1] == pytest.approx(5.0)  # ns
    assert wave["y"][0] == pytest.approx(-1, abs=0.02)
    assert wave["y"][-1] == pytest.approx(1, abs=0.02)
    assert len(wave["x"]) <= WAVE_POINTS + 4
    values = np.sin(np.linspace(0, 3000, 100_000))
    values[55_555] = 7.0
    kept = decimated(values)
    assert 55_555 in kept
    assert len(kept) <= WAVE_POINTS


def test_thinning_keeps_the_tails() -> None:
    kept = thinned(100_000)
    assert len(kept) <= TAIL_POINTS
    assert set(range(5)) <= set(kept.tolist())
    assert {99_995, 99_999} <= set(kept.tolist())
    assert np.max(np.diff(kept)) < 6000


def test_a_sweeps_plots_hold_the_tables_values(results: Path) -> None:
    import xarray as xr

    dataset = xr.open_dataset(results / "sweep" / "table.nc", engine="h5netcdf")
    chart = next(chart for chart in charts(results / "sweep") if chart.title.startswith("v_ap"))
    assert chart.menu == ["temperature = 0 C", "temperature = 27 C", "temperature = 80 C"]
    group = chart.menu.index("temperature = 80 C")
    lines = [t for t, g in zip(chart.data, chart.groups, strict=True) if g == group and t["name"] == "corner = ss"]
    expected = dataset["v_ap"].sel(corner="ss", temperature=80).values * 1e3
    assert lines[0]["y"] == pytest.approx(expected, rel=1e-5)
    rows = tables(results / "sweep")["Margins over tmr, corner, temperature"].rows
    assert len(rows) == 27
    assert rows[0][:4] == ["1", "tt", "0 C", "read"]


def test_a_nominal_sweep_of_words_and_whole_numbers(tmp_path: Path) -> None:
    Sweep("sot-logic", {"fan_in": [2, 3], "corner": ["tt", "ss"]}).run(tmp_path)
    chart = next(chart for chart in charts(tmp_path) if chart.title.startswith("v_p:"))
    assert chart.data[0]["x"] == [2, 3]
    assert write_report(tmp_path).stat().st_size < MOST_BYTES


def test_a_systems_table(tmp_path: Path) -> None:
    """Parts with prefixes, of which one has a dimension of its own."""
    parts = (
        Part("read", "sot-read", trials=4),
        Part("logic", "sot-logic", own={"fan_in": (2, 3)}, trials=4, measures=("margin_and", "e_and")),
    )
    over = {"tmr": (1.5, 2.5), "temperature": (27.0, 85.0)}
    nominal = {"tmr": 2.5, "temperature": 27.0, "fan_in": 2}
    Characterisation(SystemTable("toy", "a toy", over, nominal, parts)).run(tmp_path)
    found = tables(tmp_path)
    assert [row[0] for row in found["Simulations that the table is made of"].rows] == ["read", "logic"]
    assert "Measures over tmr, temperature, fan_in" in found
    titles = [chart.title for chart in charts(tmp_path)]
    assert any(title.startswith("logic and: mean gap") for title in titles)
    assert any(title.startswith("read: error rate") for title in titles)
    assert make_page(tmp_path).sections[0].blocks[0].text == "All 48 trials ended ok."  # type: ignore[union-attr]


def test_a_systems_figures(results: Path) -> None:
    rows = tables(results / "system")["Figures of the system"].rows
    assert rows[0][:4] == ("AND, energy", "3.1 fJ", "2.5 fJ", "1.24")
    assert rows[1][2:4] == ("–", "–")
    assert charts(results / "system")[0].data[0]["x"] == [1.24]


@pytest.mark.parametrize("kind", ["run", "campaign", "sweep", "system"])
def test_plotly_accepts_every_chart(results: Path, kind: str) -> None:
    for chart in charts(results / kind):
        plotly.graph_objects.Figure({"data": list(chart.data), "layout": chart.layout})


@pytest.mark.parametrize("trials", [1, 2])
def test_few_trials(tmp_path: Path, trials: int) -> None:
    Campaign("sot-read", trials=trials).run(tmp_path)
    write_report(tmp_path)


def test_no_spread_and_no_good_trial(tmp_path: Path, user_benches: Path) -> None:
    nothing = [Variation.parse(f"{kind}=0") for kind in ("ra", "tmr")]
    Campaign("sot-read", trials=5, parameters={"access": "ideal", "bias": "ideal"}, variations=nothing).run(tmp_path / "a")
    Campaign(f"{user_benches / 'faults.py'}:Parallel", trials=5).run(tmp_path / "b", keep_going=True)
    for name in ("a", "b"):
        write_report(tmp_path / name)


def test_a_bench_that_is_gone(tmp_path: Path, user_benches: Path) -> None:
    for file in user_benches.iterdir():
        if file.is_file():
            shutil.copy(file, tmp_path)
    Campaign(f"{tmp_path / 'faults.py'}:Divider", trials=5).run(tmp_path / "mc")
    (tmp_path / "faults.py").rename(tmp_path / "gone.py")
    assert "faults.py:Divider" in write_report(tmp_path / "mc").read_text()


def test_a_page_does_not_grow_with_the_trials(tmp_path: Path) -> None:
    """100 000 trials, their results drawn here instead of simulated."""
    campaign = Campaign("sot-read", trials=100_000)
    store = Store(tmp_path)
    campaign.claim(tmp_path, print)
    source = campaign.prepare(store, Crew())
    random = np.random.default_rng(1)
    for first, last in source.missing:
        measures = {measure.name: random.normal(1, 0.1, last - first) for measure in campaign.bench.measures()}
        store.parts.write(Rows(first, ["ok"] * (last - first), [0] * (last - first), measures))
    campaign.run(tmp_path)
    path = write_report(tmp_path)
    assert len(unpacked(path, "charts")) < 150_000
    assert path.stat().st_size < MOST_BYTES


# one file, without a network


@pytest.mark.parametrize("kind", ["run", "campaign", "sweep", "system"])
def test_the_file_is_complete_and_repeatable(results: Path, kind: str, tmp_path: Path) -> None:
    path = write_report(results / kind)
    text = path.read_text()
    assert path == results / kind / "report.html"
    assert path.stat().st_size < MOST_BYTES
    assert "http:" not in text
    assert "https:" not in text
    assert not re.search(r"<link|@import|<iframe|src=\"(?!data:)|url\(", text)
    assert "default-src 'none'" in text
    assert unpacked(path, "plotly") == get_plotlyjs()
    assert len(json.loads(unpacked(path, "charts"))) == len(charts(results / kind))
    assert write_report(results / kind, tmp_path / "again.html").read_bytes() == path.read_bytes()
    assert len(re.findall("<img ", text)) == len(list((results / kind).glob("*.png")))


FRAMES = """<!DOCTYPE html><title>frames</title><body>
<script>
const found = [];
const look = (frame, width) => {
  const page = frame.contentDocument;
  const plots = [...page.querySelectorAll(".chart")];
  const menu = page.querySelector("select");
  const button = page.querySelector("figure:not(:has(select)) button[data-traces]");
  const seen = (place) => place.data.map((trace) => trace.visible !== false);
  const result = {
    width, charts: page.documentElement.dataset.charts, title: page.title, lang: page.documentElement.lang,
    headings: [...page.querySelectorAll("h1, h2")].map((heading) => heading.textContent),
    scroll: page.documentElement.scrollWidth, client: page.documentElement.clientWidth,
    tables: page.querySelectorAll("table").length, plots: plots.length,
    drawn: plots.filter((place) => place.querySelector("svg.main-svg")).length,
    narrowest: Math.min(...plots.map((place) => place.getBoundingClientRect().width)),
    images: [...page.images].map((image) => image.naturalWidth > 100 && image.alt.length > 3),
    labels: plots.every((place) => place.getAttribute("aria-label")),
    buttons: [...page.querySelectorAll(".modebar-btn")].map((b) => b.getAttribute("data-title")),
    ran: frame.contentWindow.ran === true,
  };
  if (menu) {
    const place = menu.closest("figure").querySelector(".chart");
    const before = seen(place);
    menu.selectedIndex = 1;
    menu.dispatchEvent(new Event("change"));
    result.menu = [before, seen(place)];
  }
  if (button) {
    const place = button.closest("figure").querySelector(".chart");
    button.click();
    result.button = [JSON.parse(button.dataset.traces), seen(place).map((on, n) => on ? -1 : n).filter((n) => n >= 0)];
  }
  return result;
};
for (const [path, width] of PAGES) {
  const frame = document.createElement("iframe");
  frame.style.cssText = `width:${width}px;height:900px;border:0`;
  frame.src = path;
  document.body.append(frame);
  const wait = () => {
    const page = frame.contentDocument;
    if (page && page.documentElement.dataset.charts) found.push(look(frame, width)); else setTimeout(wait, 50);
    const answer = btoa(encodeURIComponent(JSON.stringify(found)));
    if (found.length === PAGES.length) document.body.innerHTML = `<pre>${answer}</pre>`;
  };
  frame.addEventListener("load", wait);
}
</script></body>"""


@pytest.fixture(scope="session")
def browse(tmp_path_factory: pytest.TempPathFactory) -> Callable[[list[tuple[Path, int]]], list[dict[str, Any]]]:
    """Open pages (file, width in pixels) in headless Chromium without a network; returns what is seen in each.

    It fails if anything is written to the console.
    """
    program = next((found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None)
    if program is None:
        pytest.skip("no Chromium found: apt-get install chromium")

    def run(pages: list[tuple[Path, int]]) -> list[dict[str, Any]]:
        folder = tmp_path_factory.mktemp("browser")
        listed = json.dumps([(path.resolve().as_uri(), width) for path, width in pages])
        (folder / "frames.html").write_text(FRAMES.replace("<script>", f"<script>const PAGES = {listed};", 1))
        done = subprocess.run(
            [
                program, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
                "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
                "--host-resolver-rules=MAP * ~NOTFOUND", "--allow-file-access-from-files", f"--user-data-dir={folder / 'user'}",
                "--window-size=1300,1000", "--virtual-time-budget=60000", "--enable-logging=stderr", "--dump-dom",
                (folder / "frames.html").as_uri(),
            ],
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        console = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
        assert console == []
        answer = re.search(r"<pre>([\w+/=]+)</pre>", done.stdout)
        assert answer is not None, done.stdout[-500:]
        return json.loads(unquote(base64.b64decode(answer[1]).decode()))  # type: ignore[no-any-return]

    return run


@pytest.mark.parametrize("kind", ["run", "campaign", "sweep", "system"])
def test_a_browser_shows_it_at_both_widths(results: Path, kind: str, browse: Callable[..., list[dict[str, Any]]]) -> None:
    path = write_report(results / kind)
    pages = browse([(path, 1200), (path, 400)])
    assert sorted(page["width"] for page in pages) == [400, 1200]
    for page in pages:
        assert page["charts"] == "drawn"
        assert page["drawn"] == page["plots"] == len(charts(results / kind))
        assert page["tables"] == path.read_text().count("<table>") > 0
        assert page["scroll"] <= page["client"] <= page["width"]
        assert page["narrowest"] > 250
        assert all(page["images"])
        assert page["labels"]
        assert page["title"] == make_page(results / kind).title
        assert page["lang"] == "en"
        assert page["headings"][0] == page["title"]
        assert "Provenance" in page["headings"]
        assert not [label for label in page["buttons"] if "Share" in label or "Cloud" in label]
        if kind == "sweep":
            before, after = page["menu"]
            assert sum(before) == sum(after) > 0
            assert not any(a and b for a, b in zip(before, after, strict=True))
        if "button" in page:
            traces, hidden = page["button"]
            assert hidden == traces != []


HOSTILE = [
    "<script>window.ran = true</script>",
    "</script><script>window.ran = true</script>",
    '"><img src=x onerror="window.ran = true">',
    "'; window.ran = true; //",
    "{{ 7 * 7 }}<b>bold</b>&amp;",
]


def test_what_a_user_names_is_text(tmp_path: Path, results: Path, browse: Callable[..., list[dict[str, Any]]]) -> None:
    """Names, values, file names and folders are shown as they are, also where the page's own policy against scripts is gone."""
    for number, text in enumerate(HOSTILE):
        folder = tmp_path / f"{number} {text.replace('/', '')}"
        folder.mkdir()
        shutil.copy(results / "run" / "waveforms.png", folder / f"{text.replace('/', '')}.png")
        run = {"bench": text, "parameters": {text: text}, "outcome": "ok", "measures": {text: {"value": 1.0, "unit": text}}}
        (folder / "run.json").write_text(json.dumps(run))
    figures = [
        {"name": text, "unit": text, "simulated": 1.0, "published": 2.0, "ratio": 0.5, "source": text, "from": text}
        for text in HOSTILE
    ]
    (tmp_path / "system").mkdir()
    (tmp_path / "system" / "system.json").write_text(json.dumps({"system": "".join(HOSTILE), "figures": figures}))
    pages = []
    for folder in [place for place in tmp_path.iterdir() if place.is_dir()]:
        path = write_report(folder)
        bare, count = re.subn(r"<meta http-equiv[^>]*>", "", path.read_text())
        assert count == 1
        copy = tmp_path / f"page{len(pages)}.html"
        copy.write_text(bare)
        pages.append((copy, 400))
    seen = browse(pages)
    assert not any(page["ran"] for page in seen)
    titles = {page["title"] for page in seen}
    for text in HOSTILE:
        assert any(" ".join(text.split()) in title for title in titles), text
    assert all(page["scroll"] <= page["client"] for page in seen)


# bad input


def test_the_command(results: Path, cli: Callable[..., Any], tmp_path: Path) -> None:
    done = cli("report", results / "run", "-o", tmp_path / "run.html")
    assert done.returncode == 0
    assert done.stdout == f"Report: {tmp_path / 'run.html'}\n"
    assert (tmp_path / "run.html").exists()


def test_a_folder_without_results(cli: Callable[..., Any], complaint: Callable[..., str], tmp_path: Path) -> None:
    line = complaint(cli("report", tmp_path), 2)
    for name in ("run.json", "campaign.json", "table.nc", "system.json"):
        assert name in line
    assert "no folder" in complaint(cli("report", tmp_path / "nothing"), 2)
    assert list(tmp_path.iterdir()) == []
    for name, said in (("compare.json", "a comparison of amplifiers"), ("wer.json", "a write error rate")):
        (tmp_path / name).write_text("{}")
        assert f"{tmp_path} holds {said}" in complaint(cli("report", tmp_path), 2)
        (tmp_path / name).unlink()


@pytest.mark.parametrize(
    ("kind", "name", "content"),
    [
        ("run", "run.json", b"{"),
        ("run", "run.json", b"[]"),
        ("run", "run.json", b'{"bench": "mtj-switch", "parameters": {}, "outcome": "fine", "measures": {}}'),
        ("run", "waveforms.raw", b"Title: x\nBinary:\n123"),
        ("run", "waveforms.png", b"\x89PNG\r\n\x1a\n half"),
        ("campaign", "campaign.json", b'{"bench": 3}'),
        ("campaign", "summary.json", b"\xff\xfe"),
        ("campaign", "samples.parquet", b"PAR1"),
        ("campaign", "trials/part-000000000.parquet", b"PAR1 not really"),
        ("sweep", "table.nc", b"\x89HDF\r\n\x1a\n half"),
        ("system", "system.json", b'{"system": "imce", "figures": [{}]}'),
    ],
)
def test_a_damaged_file_is_named(results: Path, tmp_path: Path, kind: str, name: str, content: bytes) -> None:
    folder = tmp_path / kind
    shutil.copytree(results / kind, folder)
    (folder / "report.html").unlink(missing_ok=True)
    (folder / name).write_bytes(content)
    with pytest.raises(SpicekitError) as caught:
        write_report(folder)
    assert not isinstance(caught.value, UserError)  # exit code 1, as for every command: what was given is right
    assert Path(name).name in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not list(folder.glob("*report*"))


def test_a_part_of_another_campaign_is_named(results: Path, tmp_path: Path) -> None:
    Campaign("sot-logic", trials=400, seed=4, variations=[Variation.parse("tmr=3%", "global")]).run(tmp_path / "other")
    shutil.copytree(results / "campaign", tmp_path / "campaign")
    shutil.copy(tmp_path / "other" / "trials" / "part-000000000.parquet", tmp_path / "campaign" / "trials")
    with pytest.raises(SpicekitError, match=r"part-000000000.parquet cannot be used: it belongs to another campaign"):
        write_report(tmp_path / "campaign")


def test_a_summary_of_another_campaign_is_named(results: Path, tmp_path: Path) -> None:
    Campaign("sot-logic", trials=400, seed=4).run(tmp_path / "other")
    shutil.copytree(results / "campaign", tmp_path / "campaign")
    shutil.copy(tmp_path / "other" / "summary.json", tmp_path / "campaign")
    with pytest.raises(SpicekitError, match=r"summary.json is that of another campaign"):
        write_report(tmp_path / "campaign")


def test_a_summary_without_its_checksum_is_named(results: Path, tmp_path: Path) -> None:
    shutil.copytree(results / "campaign", tmp_path / "campaign")
    path = tmp_path / "campaign" / "summary.json"
    content = json.loads(path.read_text())
    del content["checksum"]
    path.write_text(json.dumps(content))
    with pytest.raises(SpicekitError, match=r"summary.json was changed after it was written: its checksum is gone"):
        write_report(tmp_path / "campaign")


def test_unfinished_folders(results: Path, tmp_path: Path) -> None:
    for kind, name in (("campaign", "summary.json"), ("campaign", "trials/part-000000000.parquet"), ("sweep", "table.nc")):
        folder = tmp_path / name.replace("/", "-")
        shutil.copytree(results / kind, folder)
        (folder / name).unlink()
        with pytest.raises(UserError, match="again completes it"):
            write_report(folder)


def test_a_place_that_cannot_be_written(results: Path, tmp_path: Path) -> None:
    for output in (tmp_path, tmp_path / "nothing" / "page.html"):
        with pytest.raises(UserError, match="give a file to write"):
            write_report(results / "run", output)
    assert list(tmp_path.iterdir()) == []
