"""What a peer answered: plain values, made by the wire and read by targets, steps and checks alike.

``association`` is what is known of the association or connection an answer came on, as plain facts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import field
from typing import Any, Literal, Protocol, Self

from scenario_runner.dicom import statuses
from scenario_runner.lazy_dataclasses import dataclass

StatusClass = Literal["success", "warning", "failure", "cancel", "pending", "unknown"]
Delivery = Literal["same association", "later association", "association of the peer"]
"""On which association a storage commitment was reported: that of the request, a later one of ours,
or one that the peer opened."""
DELIVERIES: Mapping[str, Delivery] = {
    "same": "same association",
    "later": "later association",
    "new": "association of the peer",
}
"""The same by the words of a site file."""


def status_class(status: int | None) -> StatusClass:
    """The class of a DIMSE status (PS3.7 annex C); None means no answer came."""
    if status is None:
        return "unknown"
    if status == statuses.SUCCESS:
        return "success"
    if status in statuses.WARNINGS or status & 0xF000 == statuses.COERCION:
        return "warning"
    if status == statuses.CANCELLED:
        return "cancel"
    if status in statuses.STILL_PENDING:
        return "pending"
    return "failure"


StatusWord = Literal["accepted", "success", "warning", "failure", "cancel", "pending", "unknown"]
"""A class of statuses as scenarios name it, in ``expect`` and in the check ``status`` alike: those of
``status_class``, and ``accepted`` for success or warning, which both mean that it was done. *unknown*
is no answer: the association was lost, aborted or silent. That is no failure: a failure is an answer."""


def is_of(kind: str, word: str) -> bool:
    """Whether a class of status is what a ``StatusWord`` names."""
    return kind in ("success", "warning") if word == "accepted" else kind == word


def answer_in_a_word(status: str | None, *, told: bool, maybe_stored: bool) -> str:
    """What became of an instance: the code of its status, or what there is instead of one.

    told: whether the peer said what became of it all the same, as STOW-RS can.
    """
    if status:
        return status
    if told:
        return "no status"
    return "no answer" if maybe_stored else "not sent"


class Match(dict[str, Any]):
    """One answer to a query, ``{KEYWORD: value}``.

    peer: whose it is, and asked: what it was asked for, for whoever misses something in it.
    """

    # Also made of pairs alone, as ``dataclasses.asdict`` copies every kind of dict.
    def __init__(
        self,
        values: Mapping[str, Any] | Iterable[tuple[str, Any]],
        peer: str = "the server",
        asked: Collection[str] = (),
    ) -> None:
        super().__init__(values)
        self.peer = peer
        self.asked = asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Echo:
    """The answer to a C-ECHO. seconds: from the request to its answer, negotiation apart."""

    status: int
    comment: str = ""
    seconds: float
    association: Mapping[str, Any] = field(default_factory=dict)


class _Named(Protocol):
    """What says which instance it is."""

    @property
    def sop_class_uid(self) -> str: ...
    @property
    def sop_instance_uid(self) -> str: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreStatus:
    """What became of one instance.

    status: the DIMSE status, or None when no answer came: then ``maybe_stored`` tells whether the peer
    may have it (all of it was handed over) or certainly does not. seconds: from the first byte sent to
    the answer.
    """

    sop_instance_uid: str
    sop_class_uid: str
    status: int | None
    comment: str = ""
    seconds: float = 0.0
    maybe_stored: bool = False
    sent_as: str = ""
    """The transfer syntax it was brought into, since the peer did not accept its own (PS3.5 10.1)."""
    http: int | None = None
    """The status code, where the answer came over HTTP."""
    retrieve_url: str = ""
    """Where a DICOMweb service says the instance can be had."""
    verdict: StatusClass | None = None
    """What became of it where the answer says more than its status: STOW-RS lists the stored and the
    failed apart, whatever the reasons (PS3.18 10.5.3)."""

    @classmethod
    def unsent(cls, instance: _Named, comment: str, *, maybe_stored: bool = False) -> Self:
        """Of an instance that the peer has said nothing about."""
        return cls(
            sop_instance_uid=instance.sop_instance_uid,
            sop_class_uid=instance.sop_class_uid,
            status=None,
            comment=comment,
            maybe_stored=maybe_stored,
        )

    @property
    def stored(self) -> bool:
        """Whether it means that the instance is stored: success or a warning (PS3.4 B.2.3)."""
        return self.kind in ("success", "warning")

    @property
    def kind(self) -> StatusClass:
        """What became of it: as the answer says, else the class of the status."""
        return self.verdict or status_class(self.status)


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """An instance a peer sent us: its data set as it came, without file meta information."""

    sop_class_uid: str
    sop_instance_uid: str
    transfer_syntax_uid: str
    data: bytes | bytearray | memoryview

    @property
    def buffers(self) -> Sequence[bytes | bytearray | memoryview]:
        """As of whatever can be stored: in one piece."""
        return (self.data,)


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrieveResult:
    """The final answer to C-GET or C-MOVE: status, comment and sub-operation counts, 0 when not told.

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
    remark: str = ""
    """What was seen on this side and may be why."""

    @property
    def all_kept(self) -> bool:
        """Whether it ended with success, or with B000 for sub-operations that were answered with a warning alone.

        What was answered with a warning is stored (PS3.4 B.2.3), and such a retrieval ends with one (C.4.2.3.1).
        """
        ended = status_class(self.status)
        return not self.failed and (ended == "success" or (ended == "warning" and self.warning > 0))


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
class CommitResult:
    """What a PACS committed itself to. failed: SOP instance UID to FailureReason (PS3.3 C.14)."""

    transaction_uid: str
    committed: Mapping[str, str]
    """SOP instance UID to the SOP class UID that it was reported with."""
    failed: Mapping[str, int]
    delivery: Delivery
    seconds: float
    event_type: int = 1
    """What the report says of itself: 1, all is committed; 2, failures exist (PS3.4 table J.3.3-1)."""
    association: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class MppsResult:
    """The answer to N-CREATE or N-SET of a performed procedure step: a DIMSE status."""

    status: int
    comment: str = ""
    seconds: float = 0.0
    association: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledged:
    """What a receiver of HL7 messages said to one of them.

    code: of HL7 table 0008, AA to CR. text: MSA-3, else what its ERR segment says. commit: the commit
    acknowledgement before it, in enhanced mode. remarks: what was unusual about it.
    """

    code: str
    text: str
    control_id: str
    message: bytes
    commit: str = ""
    seconds: float = 0.0
    remarks: tuple[str, ...] = ()

    @property
    def accepted(self) -> bool:
        """Whether the message was taken: AA, or CA where no more is asked for."""
        return self.code in ("AA", "CA")


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourcesFound:
    """What a FHIR server found: resources as they came, its release, and whether it has more."""

    resources: list[dict[str, Any]]
    release: str = ""
    more: bool = False
    remark: str = ""
    """What it said beside them."""
    ignored: Sequence[str] = ()
    """Search parameters that it does not say it searched by."""
    silent: bool = False
    """Whether it does not say what it searched by."""
    total: int | None = None
    """How many match in all, as it says."""
    repeated: int = 0
    """Resources that one page has more than once."""
    exchange: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceWritten:
    """What a FHIR server did with a resource. reference: ``ImagingStudy/12``.

    outcome: whether it was new, changed, or there already and left as it was.
    """

    reference: str
    outcome: Literal["created", "updated", "unchanged"]
    status: int
    lost: Sequence[str] = ()
    """Elements that it gave back without what was written, or with something else."""
    exchange: Mapping[str, Any] = field(default_factory=dict)
