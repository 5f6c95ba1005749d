"""The pages that mkdocs builds the site of: docs/, the pages of the root with their links set right, the public classes."""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

import montecarlo
import spicekit

ROOT = Path(__file__).resolve().parent.parent
#: a page of the root -> its name in the site
PAGES = {"README.md": "index.md", "CHANGELOG.md": "changelog.md", "CONTRIBUTING.md": "contributing.md"}


def main(target: Path) -> None:
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(ROOT / "docs", target)
    for page, name in PAGES.items():
        text = re.sub(r"\]\(docs/", "](", (ROOT / page).read_text())
        for other, its_name in PAGES.items():
            text = text.replace(f"]({other}", f"]({its_name}")
        (target / name).write_text(text)
    for page in target.glob("*.md"):
        page.write_text(listed(page.read_text()))
    parts = ["# Python\n"]
    for package in (spicekit, montecarlo):
        for name in package.__all__:
            title = f"{package.__name__}.{name}"
            parts.append(
                f"::: {getattr(package, name).__module__}.{name}\n    options: {{heading: {title}, toc_label: {title}}}\n"
            )
    shutil.copy(ROOT / "tools" / "site.css", target)
    (target / "api.md").write_text("\n".join(parts))


def listed(text: str) -> str:
    """A blank line before each list, without which this Markdown takes it for the paragraph's text."""
    lines: list[str] = []
    fenced = False
    for line in text.splitlines():
        item, before = re.match(r"([-*]|\d+\.) ", line), lines[-1] if lines else ""
        if not fenced and item and before.strip() and not re.match(r"([-*]|\d+\.) |\s", before):
            lines.append("")
        fenced ^= line.startswith("```")
        lines.append(line)
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        sys.exit(f"{(__doc__ or '').strip()}\nusage: python tools/pages.py FOLDER (what is in it is replaced)")
    main(Path(sys.argv[1]))
