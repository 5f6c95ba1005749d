"""docs/devices.md holds the figures that the cards have."""

from __future__ import annotations

import runpy
from pathlib import Path


def test_the_tables_of_the_page_are_those_of_the_cards(repository: Path) -> None:
    tool = runpy.run_path(str(repository / "tools" / "devices.py"))
    text = (repository / "docs" / "devices.md").read_text(encoding="utf-8")
    assert tool["page"](text) == text, "run: python tools/devices.py"
    assert "| `stt-bnn-65nm` | -40 |" in text
