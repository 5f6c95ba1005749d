"""The soak in a short form: what happens to the machine while campaigns run.

What happens in single trials (hanging, nonconverging, killing their worker) is in test_faults.py, a worker of a cluster and its
scheduler in test_cluster.py, what changes under a campaign in test_identity.py.  `make soak` has all of it at length, and the
memory besides.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize(
    "phases", [("killed",), ("damaged", "contended"), ("disk_full",), ("clock",), ("swapped",)], ids="-".join
)
def test_nothing_is_lost_or_counted_twice(phases: tuple[str, ...], repository: Path) -> None:
    options = [word for phase in phases for word in ("--phase", phase)]
    done = subprocess.run(
        [sys.executable, str(repository / "benchmarks" / "soak.py"), "--scale", "0.02", *options],
        capture_output=True, text=True, timeout=900, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "FAILED" not in done.stdout
    if "skipped:" in done.stdout:
        pytest.skip(done.stdout.partition("skipped:")[2].splitlines()[0].strip())
    assert done.stdout.count("  ok  ") >= 4
