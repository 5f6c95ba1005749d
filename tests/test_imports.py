"""What imports what: `montecarlo` stands on `spicekit`, the program on both, and nothing imports in a circle.

Read from the files: an import inside a function, or for types alone, is an arrow as well.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

FLOORS = ("spicekit", "montecarlo", "spicekit_imc")  # each imports those before it alone


@dataclass(frozen=True)
class Arrow:
    """``source`` imports ``target``, at its start, in a function or for types alone."""

    source: str
    target: str
    line: int

    @property
    def floors(self) -> tuple[int, int]:
        source, target = (FLOORS.index(name.partition(".")[0]) for name in (self.source, self.target))
        return source, target


def modules(root: Path) -> dict[str, Path]:
    files = [*(root / "spicekit").rglob("*.py"), *(root / "montecarlo").rglob("*.py"), root / "spicekit_imc.py"]
    names = {".".join(file.relative_to(root).with_suffix("").parts): file for file in files}
    return {name.removesuffix(".__init__"): file for name, file in names.items()}


def arrows(found: dict[str, Path]) -> Iterator[Arrow]:
    for source, file in found.items():
        tree = ast.parse(file.read_text())
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                assert not node.level, f"{file}:{node.lineno}: a relative import"
                whole = [f"{node.module}.{alias.name}" for alias in node.names]
                names = [name if name in found else str(node.module) for name in whole]
            else:
                continue
            for target in names:
                if target.partition(".")[0] in FLOORS:
                    assert target in found, f"{file}:{node.lineno}: there is no {target}"
                    yield Arrow(source, target, node.lineno)


def upward(found: dict[str, Path]) -> list[str]:
    rising = [arrow for arrow in arrows(found) if arrow.floors[0] < arrow.floors[1]]
    return [f"{arrow.source}:{arrow.line} imports {arrow.target}" for arrow in rising]


def circle(found: dict[str, Path]) -> list[str]:
    """The modules of a circle, empty if there is none."""
    graph: dict[str, set[str]] = {name: set() for name in found}
    for arrow in arrows(found):
        graph[arrow.source].add(arrow.target)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return [str(name) for name in error.args[1]]
    return []


@pytest.fixture(scope="module")
def ours(repository: Path) -> dict[str, Path]:
    return modules(repository)


def test_no_import_leads_upward(ours: dict[str, Path]) -> None:
    assert upward(ours) == []


def test_no_modules_import_each_other_in_a_circle(ours: dict[str, Path]) -> None:
    assert circle(ours) == []


@pytest.mark.parametrize(
    "text",
    ["import montecarlo.b", "def f():\n    from montecarlo import b", "if TYPE_CHECKING:\n    from montecarlo.b import name"],
)
def test_an_import_upward_is_found(tmp_path: Path, text: str) -> None:
    files = {"spicekit/a.py": text, "montecarlo/b.py": "import spicekit.a", "spicekit_imc.py": "import montecarlo.b"}
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content)
    (tmp_path / "montecarlo" / "__init__.py").touch()
    assert upward(modules(tmp_path)) == [f"spicekit.a:{text.count(chr(10)) + 1} imports montecarlo.b"]


@pytest.mark.parametrize("guard", ["def f():", "if TYPE_CHECKING:"])
def test_a_circle_through_a_function_or_for_types_is_found(tmp_path: Path, guard: str) -> None:
    (tmp_path / "spicekit").mkdir()
    (tmp_path / "spicekit_imc.py").touch()
    (tmp_path / "spicekit" / "a.py").write_text("import spicekit.b")
    (tmp_path / "spicekit" / "b.py").write_text(f"{guard}\n    from spicekit.a import name")
    assert set(circle(modules(tmp_path))) == {"spicekit.a", "spicekit.b"}


@pytest.mark.parametrize("start", ["import spicekit_imc as start", "import spicekit.cli as start"])
def test_every_start_of_the_program_has_the_commands_of_both_packages(start: str) -> None:
    """The console script's, and that of installations whose script starts `spicekit.cli`."""
    code = f"{start}\nimport sys\nsys.argv = ['spicekit', '--help']\nstart.main()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    commands = [line.split()[0] for line in done.stdout.partition("Commands:")[2].splitlines() if line.strip()]
    one, many = "list show render run", "mc replay sweep characterize yield qualify compare report system fit-variation"
    assert commands == f"{one} {many} area wer retention library doctor table technology new".split()
