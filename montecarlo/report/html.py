"""From a page's content to one HTML file that needs nothing else.

Plotly's script and the plots' data are packed (gzip, base64: 2 instead of 5 MB, and no character that means anything in HTML)
and unpacked by the browser.  All other text is escaped by Jinja, and a Content-Security-Policy forbids the page every access
to a network and every script but the two that are named by their hashes.  Nothing of the time or the machine goes in: the
same folder gives the same file.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from montecarlo.report.content import Chart, Command, Note, Page, Picture, Table
from spicekit import __version__

_HERE = Path(__file__).resolve().parent
# the kinds of blocks, as the template asks for them
_KINDS = {Table: "table", Chart: "chart", Picture: "picture", Note: "note", Command: "command"}


def render(page: Page) -> str:
    """The page as HTML."""
    charts = [block for section in page.sections for block in section.blocks if isinstance(block, Chart)]
    environment = Environment(
        loader=FileSystemLoader(_HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["data_uri"] = lambda content: f"data:image/png;base64,{base64.b64encode(content).decode()}"
    environment.tests["block"] = lambda block, kind: _KINDS[type(block)] == kind
    places = {id(chart): index for index, chart in enumerate(charts)}
    environment.filters["number"] = lambda chart: places[id(chart)]
    style, script = ((_HERE / name).read_text(encoding="utf-8") for name in ("page.css", "page.js"))
    library = get_plotlyjs() if charts else ""
    plots = [{"data": list(c.data), "layout": c.layout, "groups": list(c.groups)} for c in charts]
    return environment.get_template("page.html.j2").render(
        page=page,
        version=__version__,
        style=Markup(style),
        script=Markup(script),
        packed={"plotly": _packed(library), "charts": _packed(json.dumps(plots, allow_nan=False))} if charts else {},
        hashes=[_hash(text) for text in (script, library) if text],
    )


def _packed(text: str) -> str:
    return base64.b64encode(gzip.compress(text.encode(), 9, mtime=0)).decode()


def _hash(script: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
