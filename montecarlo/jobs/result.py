"""What a campaign gave: its summary, and the trials and samples behind it, read from its folder when they are asked for.

>>> result = Campaign("sot-logic", trials=10_000).run("out")      # doctest: +SKIP
>>> result.margins["and"]["error_rate"]                           # doctest: +SKIP
>>> result.trials["dv"].hist()                                    # doctest: +SKIP
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from montecarlo import records
from montecarlo.running.store import Store
from spicekit.bench import Bench
from spicekit.units import format_value

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

MOST = 6  # measures or margins that the text form shows


@dataclass(frozen=True)
class CampaignResult:
    """A finished campaign.  ``summary`` holds what ``summary.json`` does; nothing else is read before it is asked for."""

    bench: Bench = field(repr=False)
    folder: Path
    summary: dict[str, Any] = field(repr=False)

    @cached_property
    def record(self) -> records.Summary:
        """The summary as its typed record."""
        return records.typed(self.summary, records.Summary, self.folder / "summary.json")

    @property
    def outcomes(self) -> dict[str, int]:
        """Outcome -> number of trials."""
        found: dict[str, int] = self.summary["outcomes"]
        return found

    @property
    def measures(self) -> dict[str, dict[str, Any]]:
        """Measure -> unit, mean, std, quantiles over the trials that are ok."""
        found: dict[str, dict[str, Any]] = self.summary["measures"]
        return found

    @property
    def margins(self) -> dict[str, dict[str, Any]]:
        """Margin -> gaps, best reference, error rate with its interval."""
        found: dict[str, dict[str, Any]] = self.summary["margins"]
        return found

    @cached_property
    def trials(self) -> pd.DataFrame:
        """The trials table: outcome, attempt and every measure, one row a trial."""
        import pandas as pd

        return pd.DataFrame(Store(self.folder).parts.results()).set_index("trial")

    @cached_property
    def samples(self) -> pd.DataFrame:
        """The value of every variation point, one row a trial."""
        import pandas as pd

        return pd.DataFrame(Store(self.folder).samples.read(0, self.summary["trials"])).rename_axis("trial")

    def to_frame(self) -> pd.DataFrame:
        """The statistics of the measures, one row a measure."""
        import pandas as pd

        return pd.DataFrame.from_dict(self.measures, orient="index").rename_axis("measure")

    def plot(self) -> Figure:
        """How the states of each margin are distributed, or each measure of a bench without margins."""
        from montecarlo.plots import distributions

        return distributions(self.bench, Store(self.folder), self.summary)

    def __str__(self) -> str:
        bad = ", ".join(f"{count:,} {name}" for name, count in self.outcomes.items() if count and name != "ok")
        lines = [
            f"{self.summary['bench']}: {self.summary['trials']:,} trials, seed {self.summary['seed']}, "
            f"{self.outcomes['ok']:,} ok{', ' if bad else ''}{bad}; in {self.folder}"
        ]
        rows = [f"  {name:14} {text}" for name, _, text in self._rows()]
        more = [f"  and {len(rows) - MOST} more: see .to_frame()"] if len(rows) > MOST else []
        return "\n".join([*lines, *rows[:MOST], *more])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from html import escape

        head, *_ = str(self).splitlines()
        rows = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in self._rows())
        kind = "margin" if self.margins else "measure"
        return (
            f"<p>{escape(head)}</p><table><thead><tr><th>{kind}</th><th>meaning</th><th>over the trials</th></tr></thead>"
            f"<tbody>{rows}</tbody></table>"
        )

    def _rows(self) -> list[tuple[str, str, str]]:
        """Name, meaning, figures in words: of the margins, or of the measures where there are none."""

        def shown(value: float | None, unit: str, digits: int = 4) -> str:
            return "unknown" if value is None else format_value(value, unit, digits)

        if not self.margins:
            meanings = {measure.name: measure.meaning for measure in self.bench.measures()}
            return [
                (name, meanings.get(name, ""), f"{shown(row['mean'], row['unit'])} ± {shown(row['std'], row['unit'], 3)}")
                for name, row in self.measures.items()
            ]
        rows = []
        for name, row in self.margins.items():
            gaps = f"mean gap {shown(row['mean'], row['unit'])}, worst {shown(row['worst'], row['unit'])}"
            low, high = row["error_rate_ci"]
            rate = "" if row["error_rate"] is None else f", error rate {row['error_rate']:.2g} (95 %: {low:.1e} to {high:.1e})"
            rows.append((name, f"{row['low']} | {row['high']}", gaps + rate))
        return rows
