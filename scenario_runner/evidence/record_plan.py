"""What was planned, in the record: plain dictionaries, for there can be 100,000 images."""

from typing import Annotated

from pydantic import ConfigDict, PlainSerializer
from typing_extensions import TypedDict


class SentRecord(TypedDict, total=False):
    """The last word of a target about one instance."""

    __pydantic_config__ = ConfigDict(extra="allow")  # type: ignore[misc]
    step: str
    to: str
    status: str | None
    """The DIMSE status in hexadecimal; null when no answer came."""
    stored: bool
    maybe_stored: bool
    """No answer came, and the target may have it all the same."""
    earlier: str | None
    """The run that stored it, when a rerun found that it need not be sent again."""


class ImageRecord(TypedDict, total=False):
    """One SOP instance of the plan. ``key`` is the plan's own name of it, ``p1.s1.e1.i1``."""

    __pydantic_config__ = ConfigDict(extra="allow")  # type: ignore[misc]
    key: str
    uid: str
    sop_class: str
    number: int
    sent: list[SentRecord]
    """For each step that sent it; left out when none did."""


class FaultRecord(TypedDict, total=False):
    """Something wrong on purpose. ``images`` are their numbers, null for all of the series."""

    __pydantic_config__ = ConfigDict(extra="allow")  # type: ignore[misc]
    fault: str
    images: list[int] | None
    rules: list[str]


class SeriesRecord(TypedDict, total=False):
    """One series of the plan."""

    __pydantic_config__ = ConfigDict(extra="allow")  # type: ignore[misc]
    key: str
    uid: str
    modality: str
    number: int
    description: str
    phantom: str
    picture: str | None
    """SHA-256 of the file that it shows, where ``phantom`` is one."""
    faults: list[FaultRecord]
    images: Annotated[list[ImageRecord], PlainSerializer(list, return_type=list[ImageRecord])]
    """Of what is read from a run folder it may be a ``SeriesImages``, which makes them on demand."""


class StudyRecord(TypedDict, total=False):
    """One study of the plan."""

    __pydantic_config__ = ConfigDict(extra="allow")  # type: ignore[misc]
    key: str
    accession: str
    uid: str
    description: str
    date: str
    series: list[SeriesRecord]


class PatientRecord(TypedDict, total=False):
    """One synthetic patient of the plan; ``id`` is the patient ID."""

    __pydantic_config__ = ConfigDict(extra="allow")  # type: ignore[misc]
    key: str
    id: str
    name: str
    studies: list[StudyRecord]
