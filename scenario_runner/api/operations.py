"""What is asked of a PACS and how it answers: plain values, the same whatever carries them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Level = Literal["patient", "study", "series", "image"]
QueryLevel = Literal["patient", "study", "series", "image", "worklist"]
Way = Literal["c-store", "c-find", "c-get", "c-move", "stow", "qido", "wado", "dicomweb", "orthanc"]
"""How a step may be asked to do its work: ``via``."""
Fetchable = Literal["metadata", "frames", "rendered"]
StatusClass = Literal["success", "warning", "failure", "cancel", "pending", "unknown"]


def status_class(status: int | None) -> StatusClass:
    """The class of a DIMSE status (PS3.7 annex C); None means no answer came."""
    if status is None:
        return "unknown"
    if status == 0x0000:
        return "success"
    if status in (0x0001, 0x0107, 0x0116) or 0xB000 <= status <= 0xBFFF:
        return "warning"
    if status == 0xFE00:
        return "cancel"
    if status in (0xFF00, 0xFF01):
        return "pending"
    return "failure"


@dataclass(frozen=True, slots=True, kw_only=True)
class Echo:
    """The answer to a C-ECHO. ``association``: plain facts about the negotiation."""

    status: int
    seconds: float
    association: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreOptions:
    """How to send. contexts: every (SOP class UID, transfer syntax UID) that will be sent."""

    contexts: Sequence[tuple[str, str]]
    associations: int = 1
    rate: float | None = None
    """At most so many instances a second."""
    resumes: int = 0
    """How many times in a row a broken association is opened again for what was not acknowledged."""
    skips: bool = False
    """Whether an instance at which the peer ends the association is given up and the rest sent on."""
    opened: Callable[[Mapping[str, Any]], None] | None = None
    """Told the plain facts of each association as it stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreStatus:
    """What became of one instance.

    status: the DIMSE status, or None when no answer came: then ``unknown`` tells whether the peer may
    have it (sent, not acknowledged) or certainly does not (never sent whole).
    """

    sop_instance_uid: str
    sop_class_uid: str
    status: int | None
    comment: str = ""
    seconds: float = 0.0
    maybe_stored: bool = False
    http: int | None = None
    """The status code, where the answer came over HTTP."""
    retrieve_url: str = ""
    """Where a DICOMweb service says the instance can be had."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FindRequest:
    """One query. match: keys with values, universal ones empty; values as DICOM text or lists.

    returned: further keys to ask for. The level's unique key is always asked for; the worklist
    (PS3.4 annex K) has none, and keys of its scheduled step go into ScheduledProcedureStepSequence.
    """

    level: QueryLevel
    match: Mapping[str, Any]
    returned: Sequence[str] = ()
    limit: int | None = None
    skips: bool = False
    """Whether an instance at which the peer ends the association is given up and the rest sent on."""
    opened: Callable[[Mapping[str, Any]], None] | None = None
    """Told the plain facts of the association or connection."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrieveRequest:
    """What to retrieve. keys: unique keys of ``level`` and above (PS3.4 C.4.3.1.3).

    contexts: the (SOP class UID, transfer syntax UID) pairs we are ready to receive. accept: media
    types for DICOMweb, in order of preference; by default instances as they are stored.
    """

    level: Level
    keys: Mapping[str, str | Sequence[str]]
    contexts: Sequence[tuple[str, str]]
    accept: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchRequest:
    """What else of stored instances DICOMweb gives (PS3.18 10.4.1): not the instances themselves.

    keys: the unique keys of ``level`` and above. frames: numbers from 1, of one instance. accept:
    media types in order of preference.
    """

    what: Fetchable
    level: Literal["study", "series", "image"]
    keys: Mapping[str, str]
    frames: Sequence[int] = ()
    accept: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """One part of an answer: the metadata of an instance, or the bytes of a frame or picture."""

    media_type: str
    """With its parameters, such as the transfer syntax; empty when the service said nothing."""
    values: Mapping[str, Any] = field(default_factory=dict)
    """Metadata as ``{KEYWORD: value}``."""
    data: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchResult:
    """How a service answered: a DIMSE status of the same meaning, and the HTTP status itself."""

    status: int
    http: int
    comment: str = ""
    media_type: str = ""
    association: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """An instance a peer sent us: its data set as it came, without file meta information."""

    sop_class_uid: str
    sop_instance_uid: str
    transfer_syntax_uid: str
    data: bytes | memoryview


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrieveResult:
    """The final answer to C-GET or C-MOVE: status, comment and sub-operation counts.

    Of WADO-RS the same in its words: instances count as sub-operations; ``http`` is the status code.
    """

    status: int
    comment: str = ""
    completed: int = 0
    failed: int = 0
    warning: int = 0
    failed_uids: Sequence[str] = ()
    association: Mapping[str, Any] = field(default_factory=dict)
    http: int | None = None
    media_type: str = ""
    """Of an answer over HTTP."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitResult:
    """What a PACS committed itself to. failed: SOP instance UID to FailureReason (PS3.3 C.14)."""

    transaction_uid: str
    committed: Sequence[str]
    failed: Mapping[str, int]
    delivery: str
    """On which association the report came: ``same association``, ``later association``, ``association of the peer``."""
    seconds: float
    association: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class MppsResult:
    """The answer to N-CREATE or N-SET of a performed procedure step: a DIMSE status."""

    status: int
    comment: str = ""
    seconds: float = 0.0
    association: Mapping[str, Any] = field(default_factory=dict)
