"""The interface of a home: what the service asks of whatever keeps its studies."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, Protocol

from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from scenario_runner.archive.archive import Archive
    from scenario_runner.archive.outcomes import Arrived


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyFacts:
    """What an archive says of a study. Text as DICOM has it; empty where nothing is said."""

    study_instance_uid: str
    patient_id: str = ""
    issuer: str = ""
    patient_name: str = ""
    birth_date: str = ""
    sex: str = ""
    accession_number: str = ""
    study_date: str = ""
    study_time: str = ""
    description: str = ""
    modalities: tuple[str, ...] = ()
    series: int = 0
    instances: int = 0


Order = Literal["stored", "date", "patient", "accession"]
"""What a list of studies is in the order of: when they came, StudyDate, PatientID, AccessionNumber."""
ORDERS: Final[tuple[Order, ...]] = ("stored", "date", "patient", "accession")


@dataclass(frozen=True, slots=True)
class Days:
    """From one day to another, both included. A study without a date is in no such range."""

    first: dt.date
    last: dt.date

    @property
    def ends(self) -> tuple[str, str]:
        """Both as DA has them (PS3.5 6.2)."""
        return f"{self.first:%Y%m%d}".zfill(8), f"{self.last:%Y%m%d}".zfill(8)

    @property
    def key(self) -> str:
        """As a query has a range, open where it has no end (PS3.4 C.2.2.2.5)."""
        first, last = self.ends
        return (
            f"{first if self.first > dt.date.min else ''}-{last if self.last < dt.date.max else ''}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which studies. Each that is given restricts further.

    patient_name: a part of a component group, compared as names are (``matching.folded_groups``).
    modality: one of the study's. All others are compared as they are.
    """

    study_uids: Sequence[str] | None = None
    patient_id: str | None = None
    patient_name: str | None = None
    accession_number: str | None = None
    modality: str | None = None
    days: Days | None = None
    order: Order = "stored"
    ascending: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceFacts:
    """One instance of a study. size: bytes; 0 where the archive does not say."""

    sop_class_uid: str
    sop_instance_uid: str
    series_instance_uid: str
    transfer_syntax_uid: str = ""
    size: int = 0
    file: str = ""
    """Where it lies in an archive of ours."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of an instance that was handed over. ``conflict``: there is another one by that UID."""

    outcome: Literal["new", "duplicate", "conflict", "failed"]
    error: str = ""


Change = Callable[[bytes, str], bytes]
"""A data set and its transfer syntax UID to the data set that it shall be."""


class Home(Protocol):
    """Keeps studies. Every method may be called from any thread.

    Raises MachineError or TargetError where it cannot.
    """

    @property
    def keeps_files(self) -> bool:
        """Whether the files lie where this process can read them."""
        ...

    @property
    def orders(self) -> tuple[Order, ...]:
        """Those that ``page`` can give studies in."""
        ...

    @property
    def staging(self) -> Archive:
        """Where files are taken in before they are kept."""
        ...

    def check(self) -> None:
        """Ask whether it answers now, for seconds and not for minutes."""
        ...

    def foreseen(self, arrived: Sequence[Arrived]) -> list[Kept | None]:
        """What there is to say of those that are kept already, before any is handed over; None of the others.

        Whoever comes after a kill finds them kept, and could not tell that another upload had brought them.
        """
        ...

    def keep(self, arrived: Sequence[Arrived]) -> list[Kept]:
        """Store what was taken in: of the embedded archive all at once or none; it is forgotten then."""
        ...

    def page(self, wanted: Wanted, limit: int, offset: int) -> tuple[list[StudyFacts], int]:
        """Studies in the order that is wanted, by default the last stored first; and how many there are in all."""
        ...

    def instances(self, study_uid: str) -> list[InstanceFacts]:
        """The instances of a study by series and number; none when it is not there."""
        ...

    def has(self, study_uid: str, sop_instance_uid: str) -> bool:
        """Whether an instance is kept."""
        ...

    def files(
        self, study_uid: str, sop_instance_uid: str | None = None
    ) -> AbstractContextManager[Iterator[tuple[InstanceFacts, Path]]]:
        """The instances of a study, or one of them, as Part 10 files, one by one."""
        ...

    def change(self, study_uid: str, change: Change) -> int:
        """Give every instance of a study another data set, all of them or none; how many there were."""
        ...

    def delete(self, study_uid: str) -> bool:
        """Remove a study; whether there was one."""
        ...

    def settle(self) -> None:
        """Bring to an end what a killed process, or an archive that went away, left in the middle."""
        ...

    def on_settled(self, tell: Callable[[str], object]) -> None:
        """Have somebody told of each study that ``settle`` has brought to an end."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...
