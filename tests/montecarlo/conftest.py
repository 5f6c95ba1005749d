"""Campaigns with a fault, and what came of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from numpy.typing import NDArray

from montecarlo import Campaign


@pytest.fixture(scope="session")
def trials_table() -> Callable[[Path], pd.DataFrame]:
    """The trials table of a campaign's folder, after a check that every trial is there exactly once and in order."""

    def read(folder: Path) -> pd.DataFrame:
        table = pd.concat([pq.read_table(file).to_pandas() for file in sorted((folder / "trials").iterdir())])
        assert table["trial"].tolist() == list(range(len(table)))
        return table

    return read


@pytest.fixture(scope="session")
def faulty(user_benches: Path) -> Callable[..., tuple[Campaign, NDArray[np.int64]]]:
    """A campaign of a bench in tests/benches/faults.py, and the numbers of the ``struck`` trials that its fault hits."""

    def make(name: str, trials: int, struck: int, **options: Any) -> tuple[Campaign, NDArray[np.int64]]:
        bench = f"{user_benches / 'faults.py'}:{name}"
        pick = Campaign(bench, trials=trials, **options).samples(0, trials)["pick_1"]
        order = np.argsort(pick)[::-1]
        threshold = float(pick[order[struck - 1]] + pick[order[struck]]) / 2
        return Campaign(bench, trials=trials, parameters={"threshold": threshold}, **options), np.sort(order[:struck])

    return make
