"""What all jobs have in common: a folder with a record, which is claimed, resumed and finished in the same way."""

from __future__ import annotations

import contextlib
import json
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar, Unpack

from montecarlo import records
from montecarlo.identity import BINDING, differing
from montecarlo.jobs.comparison import Sampled, compared, warnings_of
from montecarlo.running.crew import Crew, Settings, Warn
from montecarlo.running.preflight import preflight
from montecarlo.running.store import locked
from spicekit.engines import BATCH, NGSPICE
from spicekit.errors import UserError
from spicekit.files import read_record
from spicekit.folders import check_folder, check_unclaimed, difference


class Job(ABC):
    """Simulations into a folder, which its record makes this job's.  The same job run on it again resumes it."""

    noun: ClassVar[str]
    file: ClassVar[str]  # that holds its record
    kind: ClassVar[type[records.File]]

    @property
    @abstractmethod
    def campaigns(self) -> Sequence[Sampled]:
        """All that it simulates, as far as that is known beforehand."""

    @abstractmethod
    def settle(self, folder: Path | None = None) -> None:
        """Calibrate what is not yet, with what ``folder`` holds of the same (see :meth:`montecarlo.Campaign.settle`)."""

    @abstractmethod
    def record(self) -> dict[str, Any]:
        """What its file holds, in the order in which differences are told: what was given and its causes first."""

    @abstractmethod
    def run(self, out: str | Path, crew: Crew | None = None, **settings: Unpack[Settings]) -> Any:
        """Simulate what is missing in folder ``out``, write the answer there and return it.

        ``crew`` says who simulates and how; ``settings`` are those of its fields that differ, by name.  Raises
        :class:`UserError` if the folder holds something else or is in use, :class:`SpicekitError` where it gives up.
        """

    @property
    def drawn(self) -> Sequence[Sampled]:
        """What is compared with ngspice where another shipped engine simulates: its trials' samples are drawn."""
        return self.campaigns

    def trust(self, folder: Path, crew: Crew) -> None:
        """Compare an engine of ours with ngspice before anything is simulated, and let ngspice simulate where it is too far off.

        What ``folder`` holds of an earlier run of the job stands.
        """
        asked = [one for one in self.campaigns if one.engine == BATCH]
        if not asked:
            return
        known = read_record(folder / self.file).get("comparison") if (folder / self.file).exists() else None
        drawn = [one for one in self.drawn if one.engine == BATCH]
        comparison = compared(drawn, crew.pool) if known is None else records.Comparison.model_validate(known)
        for line in warnings_of(comparison):
            crew.warn(line)
        for one in asked:
            one.comparison = comparison
            if comparison.beyond:
                one.engine = NGSPICE

    @contextlib.contextmanager
    def at_work(self, out: str | Path, crew: Crew | None, settings: Settings) -> Iterator[tuple[Path, Crew]]:
        """The folder, locked and this job's, and the crew, who are dismissed with it; what is wrong beforehand leaves nothing."""
        folder = Path(out)
        check_folder(folder, self.file)  # first: what follows may take minutes
        self.settle(folder)
        with Crew.of(crew, settings) as crew:
            if not (folder / self.file).exists():
                preflight(self.campaigns, folder, crew)
            self.trust(folder, crew)
            with locked(folder):
                self.claim(folder, crew.warn)
                yield folder, crew

    def claim(self, folder: Path, warn: Warn) -> None:
        """Make ``folder``, which is there and locked, this job's; raise :class:`UserError` if it is another one's, unchanged."""
        path = folder / self.file
        mine = json.loads(json.dumps(self.record()))
        check_unclaimed(folder, self.file)
        if not path.exists():
            records.write(path, self.kind, mine)
            return
        theirs = read_record(path)
        records.typed(theirs, self.kind, path)
        for key, value in mine.items():
            shown = difference(theirs.get(key), value, BINDING if key == "versions" else None)
            if shown:
                raise UserError(f"{folder} holds another {self.noun}: '{key}' differs ({shown}); give another --out")
        if other := differing(theirs.get("versions", {}), mine.get("versions", {})):
            warn(f"{folder} was begun with other versions: {', '.join(other)}; the last digits may differ")
