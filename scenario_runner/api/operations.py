"""What is asked of a PACS: plain values, the same whatever carries them. Answers are in ``answers``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from scenario_runner.dicom.retrieve_keys import Level, QueryLevel
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.sending import Sending

if TYPE_CHECKING:
    from scenario_runner.dicom.characters import UndeclaredText

__all__ = [
    "Addressed", "FetchRequest", "Fetchable", "FindRequest", "Level", "QueryLevel", "Remark",
    "RetrieveRequest", "StoreOptions", "Way",
]  # fmt: skip

Way = Literal["c-store", "c-find", "c-get", "c-move", "stow", "qido", "wado", "dicomweb", "orthanc"]
"""How a step may be asked to do its work: ``via``."""
Fetchable = Literal["metadata", "frames", "rendered"]
Remark = Literal[
    "keys not supported", "more", "not unescaped", "no offset", "cut off", "cut short", "ended early",
]  # fmt: skip
"""What an exchange says of its answers beside them: status FF01 (PS3.4 table C.4-1), that there
were more than were wanted, that there are none since the service does not unescape what it is asked,
that it gives the same page whatever the offset, and that this page was a full one, so that more may be missing; that it
says that there are more, and gives none when asked for those that follow (PS3.18 8.3.4.4); that it ended with FE00,
matching terminated, though nobody cancelled (PS3.4 table C.4-1), as some do at a limit of their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreOptions(Sending):
    """How to send. contexts: every (SOP class UID, transfer syntax UID) that will be sent."""

    contexts: Sequence[tuple[str, str]]
    transcode: bool = True
    """Whether the default transfer syntax is offered beside the stored one, and used where it alone was
    accepted (PS3.5 10.1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FindRequest:
    """One query. match: keys with values, universal ones empty; values as DICOM text or lists.

    returned: further keys to ask for. usual: the same, which nobody named, so that nobody misses them in an
    answer. The level's unique key is always asked for; the worklist
    (PS3.4 annex K) has none, and keys of its scheduled step go into ScheduledProcedureStepSequence.
    """

    level: QueryLevel
    match: Mapping[str, Any]
    returned: Sequence[str] = ()
    usual: Sequence[str] = ()
    limit: int | None = None
    once: bool = False
    """Over DICOMweb, ask for one page and leave the rest: of a load, in which a request is one request."""
    opened: Callable[[Mapping[str, Any]], None] | None = None
    """Told the plain facts of the association or connection."""
    undeclared: Callable[[UndeclaredText], Any] | None = None
    """Told each text beyond ASCII of an answer that declares no character set."""
    remarked: Callable[[Remark], Any] | None = None
    """Told what the exchange says of its answers."""
    warned: Callable[[str], Any] | None = None
    """Told what a service warns of in the header that HTTP has for it (PS3.18 8.3.4, 10.6.3)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrieveRequest:
    """What to retrieve. keys: unique keys of ``level`` and above (PS3.4 C.4.3.1.3).

    contexts: the (SOP class UID, transfer syntax UID) pairs we are ready to receive; C-MOVE without any
    takes whatever comes. accept: media
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


@dataclass(frozen=True, slots=True)
class Addressed:
    """How HL7 messages to a receiver are addressed: MSH-5 and MSH-6.

    encoding: the character set they are written in (MSH-18); None for what they need.
    """

    application: str = ""
    facility: str = ""
    encoding: str | None = None
