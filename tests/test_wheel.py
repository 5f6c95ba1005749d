"""The wheel works outside the checkout and brings models and netlists along."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import spicekit

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("hatchling") is None, reason="hatchling, which builds the wheel, is not installed (dev extra)"
)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory, repository: Path) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(out)],
        cwd=repository, capture_output=True, timeout=120, check=True,
    )  # fmt: skip
    (file,) = out.glob("spicekit_imc-*.whl")
    return file


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory, wheel: Path) -> Path:
    """The wheel unpacked, which is all that an installation of pure Python is."""
    target = tmp_path_factory.mktemp("site")
    zipfile.ZipFile(wheel).extractall(target)
    return target


def test_holds_every_model_and_netlist(wheel: Path, repository: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for folder in ("models", "netlists"):
        files = [file for file in (repository / folder).rglob("*") if file.is_file() and "__pycache__" not in file.parts]
        assert files
        for file in files:
            assert f"spicekit/_data/{file.relative_to(repository)}" in names
    for package in ("spicekit", "montecarlo"):
        for file in (repository / package).rglob("*.py"):
            assert str(file.relative_to(repository)) in names
    assert {"spicekit/py.typed", "montecarlo/py.typed"} <= names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert not any(name.startswith(("tests/", "benchmarks/", "docs/")) for name in names)


def test_names_its_program(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    (entry_points,) = [name for name in archive.namelist() if name.endswith("entry_points.txt")]
    assert "spicekit = spicekit_imc:main" in archive.read(entry_points).decode()


def test_one_version_everywhere(wheel: Path, repository: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    (metadata,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
    lines = archive.read(metadata).decode().splitlines()
    assert f"Version: {spicekit.__version__}" in lines
    assert "Name: spicekit-imc" in lines
    citation = (repository / "CITATION.cff").read_text()
    assert f"\nversion: {spicekit.__version__}\n" in citation
    newest = re.search(r"^## \[([0-9.]+)\]", (repository / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert newest is not None
    assert newest[1] == spicekit.__version__
    assert f"spicekit_imc-{spicekit.__version__}-py3" in (repository / "README.md").read_text()


def test_works_from_anywhere(installed: Path, tmp_path: Path, repository: Path) -> None:
    def python(*arguments: str) -> str:
        environment = {**os.environ, "PYTHONPATH": str(installed)}
        done = subprocess.run(
            [sys.executable, *arguments], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120, check=False
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    where = python(
        "-c", "import spicekit, montecarlo\nfrom spicekit.paths import data_root\nprint(spicekit.__file__, data_root())"
    )
    assert where.split() == [str(installed / "spicekit" / "__init__.py"), str(installed / "spicekit" / "_data")]
    # a model that only the installed copy has shows which of the two is read
    library = installed / "spicekit" / "_data" / "models" / "mtj" / "mtj-static.lib.j2"
    library.write_text("* from the wheel\n" + library.read_text())
    program = ("-c", "import spicekit_imc; spicekit_imc.main()")  # what the installed program does
    assert f"spicekit, montecarlo {installed}" in python(*program, "doctor")
    netlist = python(*program, "render", "sot-logic")
    assert "* from the wheel\n" in netlist
    assert str(repository) not in netlist
    behaviour = "import sys\nfrom montecarlo.behaviour import *\nprint(Rows.__name__, 'sklearn' in sys.modules)"
    assert python("-c", behaviour).split() == ["Rows", "False"]
    out = python(*program, "mc", "sot-read", "--trials", "20", "--json", "--out", "out")
    assert '"ok": 20' in out
