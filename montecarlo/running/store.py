"""A campaign's folder.

::

    campaign.json       what is simulated: bench, parameters, variations, seed, inputs, code, versions, netlist hash
    netlist.cir         the nominal netlist, stand-alone
    samples.parquet     trial, weight, value of every variation point, hashes of them; written before anything is simulated
    trials/part-*.parquet   trial, outcome, attempt, measures; one file a chunk
    quarantine/         parts that were damaged or not of this campaign, set aside
    summary.json        statistics and margins
    *.png               plots

Every file is written beside its final name, brought to the disk, and renamed, so a reader never sees half a file and a campaign
that was killed at any point goes on where it stopped.

The files are bound to each other.  Samples and parts carry the campaign's identity (a hash of what ``campaign.json`` says) and
hashes of their own content, a part besides that of its samples.  What does not belong is named, never used and never deleted.
"""

from __future__ import annotations

import contextlib
import fcntl
import functools
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from montecarlo import records
from montecarlo.identity import BINDING, digest
from montecarlo.running.parts import Parts
from montecarlo.running.samples import Samples
from spicekit.errors import UserError
from spicekit.files import check_held, held, read_record, regular

_UNBOUND = ("trials", "versions", "until", "at_most")  # of a record: what may change while its finished trials stay good


def identity_of(record: Mapping[str, Any]) -> str | None:
    """What the files of a campaign have in common; None for a record of version 0.1, whose files carry nothing."""
    if "code_sha256" not in record:
        return None
    bound = {key: value for key, value in record.items() if key not in _UNBOUND}
    bound["versions"] = {name: record["versions"].get(name) for name in BINDING}
    if record.get("sampler") == "lhs":  # where every sample depends on their number
        bound["trials"] = record["trials"]
    return digest(bound)


class Store:
    """The folder of one campaign.

    ``identity`` binds its files; without one it is that of the record in the folder, where there is one.
    """

    def __init__(self, folder: Path, identity: str | None = None) -> None:
        self.folder = folder
        self._identity = identity

    @property
    def record(self) -> Path:
        return self.folder / "campaign.json"

    @functools.cached_property
    def samples(self) -> Samples:
        return Samples(self.folder / "samples.parquet", self.identity)

    @functools.cached_property
    def parts(self) -> Parts:
        return Parts(self.folder / "trials", self.identity, self.samples)

    @property
    def identity(self) -> str | None:
        if self._identity is None and self.record.exists():
            self._identity = identity_of(self.read_record())
        return self._identity

    def read_record(self) -> dict[str, Any]:
        """The contents of ``campaign.json``; :class:`UserError` if the folder holds no campaign or its record is wrong."""
        if not self.record.exists():
            raise UserError(f"{self.folder} holds no campaign (no campaign.json)")
        content = read_record(self.record)
        records.typed(content, records.CampaignRecord, self.record)
        content.pop("schema", None)  # says how it is written, not what is simulated
        return content

    def clean(self) -> None:
        """Remove what an interrupted write left behind."""
        check_held(self.parts.folder / "part")
        for leftover in [*self.folder.glob(".*.tmp"), *self.parts.folder.glob(".*.tmp")]:
            leftover.unlink()


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold a folder, which is made if it is missing: a second process on it is turned away."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle: IO[bytes] = open(folder / ".lock", "wb", opener=regular)  # noqa: SIM115 - closed below
    except OSError as error:
        raise UserError(f"--out {folder}: cannot write there: {error.strerror}") from None
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise UserError(f"{folder} is in use by another spicekit process") from None
        with held(folder):
            yield
