"""Faults at work: what happens instead of, or besides, the right thing.

The services ask at the few places where something can go wrong on purpose; with no fault switched on
every question is answered by "as it should be".
"""

from __future__ import annotations

import math
import threading
from collections import Counter
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar

from scenario_runner.dicom.dictionary import tag_for_keyword
from scenario_runner.dicom.sop_classes import MODALITY_WORKLIST
from scenario_runner.errors import UsageError
from scenario_runner.fields.pacs_faults import (
    Acknowledge,
    After,
    Alter,
    Answer,
    CharacterSet,
    CommitFailure,
    Counts,
    Delay,
    Extra,
    Fail,
    Fault,
    Lose,
    Operation,
    Pixels,
    Reason,
    Refuse,
    Repeat,
    Unreported,
)
from scenario_runner.fields.types import Model
from scenario_runner.pacs import spoiling
from scenario_runner.ul.associate_pdus import Rejection
from scenario_runner.ul.commands import Field

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from scenario_runner.archive.index import Located
    from scenario_runner.archive.keys import Match
    from scenario_runner.pacs.association import Served
    from scenario_runner.ul.messages import Message

OPERATIONS: Final[dict[int, Operation]] = {
    Field.C_ECHO_RQ: "echo",
    Field.C_STORE_RQ: "store",
    Field.C_FIND_RQ: "find",
    Field.C_GET_RQ: "get",
    Field.C_MOVE_RQ: "move",
    Field.N_ACTION_RQ: "commit",
    Field.N_CREATE_RQ: "mpps",
    Field.N_SET_RQ: "mpps",
}
REJECTIONS: Final[dict[Reason, Rejection]] = {
    "no-reason": Rejection(1, 1, 1),
    "application-context": Rejection(1, 1, 2),
    "calling-ae-title": Rejection(1, 1, 3),
    "called-ae-title": Rejection(1, 1, 7),
    "no-reason-acse": Rejection(1, 2, 1),
    "protocol-version": Rejection(1, 2, 2),
    "congestion": Rejection(2, 3, 1),
    "local-limit": Rejection(2, 3, 2),
}
"""Every reason of PS3.8 9.3.4 that is not reserved; the last two are transient."""
Fate = Literal["hang", "drop", "abort"]
"""What comes instead of an answer."""
_SPOILING: Final = frozenset(("alter", "charset", "extra", "pixels"))
"""Faults that change what is sent of an instance."""
_OF_MATCHES: Final = frozenset(("alter", "charset", "counts", "extra", "repeat"))
"""Faults that change what is answered to a query."""
_LOOK: Final = 0.05
"""Seconds between looks at whether a hanging peer has gone."""

F = TypeVar("F", bound=Model)


class DeliberateAbort(Exception):  # a fault that was asked for, not an error
    """The fault ``abort``: send A-ABORT."""


class DeliberateDrop(Exception):  # a fault that was asked for, not an error
    """The fault ``drop``: close the connection."""


class Misbehaviour:
    """Decides, for each request, whether and how it goes wrong. Shared by all associations.

    stopping: set when the PACS stops, so that a hang or a delay ends at once. Raises UsageError for
    an attribute to alter that does not exist, or cannot have that value.
    """

    def __init__(self, faults: Sequence[Fault], stopping: threading.Event) -> None:
        self.faults = tuple(faults)
        self._settings = [(fault.name, fault.settings) for fault in faults]
        self._stopping = stopping
        self._lock = threading.Lock()
        self._asked: Counter[int] = Counter()
        for alter in self._all("alter", Alter):
            if tag_for_keyword(alter.attribute) is None:
                raise UsageError(
                    f"fault 'alter': '{alter.attribute}' is not the keyword of an attribute"
                )
            spoiling.check_alteration(alter.attribute, alter.value)

    def rejection(self) -> Rejection | None:
        """Why an association is refused, if it is."""
        refuse = self._first("refuse", Refuse)
        return None if refuse is None else REJECTIONS[refuse.reason]

    def before(self, association: Served, message: Message) -> None:
        """What happens before a request is looked at. Raises DeliberateAbort, DeliberateDrop."""
        fate = self.fate(operation_of(message), association.answers)
        if fate == "hang":
            self._hang(association)
        elif fate == "drop":
            raise DeliberateDrop
        elif fate == "abort":
            raise DeliberateAbort

    def fate(self, operation: Operation, counted: Counter[str]) -> Fate | None:
        """What happens instead of an answer, after the delay there may be.

        counted: requests so far by operation, of one association, or of DICOMweb; this one is added.
        """
        answers = counted[operation]
        counted[operation] += 1
        total = sum(counted.values()) - 1
        for delay in self._all("delay", Delay):
            if delay.on in ("any", operation):
                self._stopping.wait(delay.seconds)

        def due(name: str) -> bool:
            return any(
                (total if fault.on == "any" else answers) >= fault.after
                for fault in self._all(name, After)
                if fault.on in ("any", operation)
            )

        fates: tuple[Fate, ...] = ("hang", "drop", "abort")
        return next((name for name in fates if due(name)), None)

    def _hang(self, association: Served) -> None:
        """Stay silent until the peer has had enough of it or the PACS stops."""
        while not self._stopping.wait(_LOOK):
            if association.has_more():
                # An A-ABORT, a release or the end: reading it ends the association.
                association.receive()

    def status(self, message: Message) -> tuple[int, str] | None:
        """The status and comment to answer with instead of the true one."""
        return self.wrong_status(operation_of(message))

    def wrong_status(self, operation: Operation) -> tuple[int, str] | None:
        """The same for an operation; a status of class Bxxx is a warning: it is done all the same."""
        answer = self._first("answer", Answer, on=("any", operation))
        return None if answer is None else (answer.status, answer.comment)

    def loses(self) -> bool:
        """Whether an instance is acknowledged and forgotten."""
        return self._first("lose", Lose, on=("store",)) is not None

    def alterations(self) -> list[Alter]:
        """What an instance is kept with, as far as with other values."""
        return self._every("alter", Alter, on=("store",))

    def stored(self, data: Sequence[spoiling.Piece], transfer_syntax_uid: str) -> list[Any]:
        """The data set as it is kept, with another value if that was asked for."""
        alterations = self.alterations()
        if not alterations:
            return list(data)
        whole = b"".join(data)
        for alter in alterations:
            whole = spoiling.altered(whole, transfer_syntax_uid, alter.attribute, alter.value)
        return [whole]

    def sub_operation(self) -> str | None:
        """What becomes of a sub-operation: "lose" or "fail" instead of being carried out."""
        if self._first("lose", Lose, on=("retrieve",)) is not None:
            return "lose"
        return None if self._first("fail", Fail) is None else "fail"

    def selected(self, found: Sequence[Located]) -> list[Located]:
        """The instances that a retrieval brings: some twice, or one that nobody has stored."""
        result = [
            one
            for each in found
            for one in [each]
            * (1 if self._first("repeat", Repeat, on=("retrieve",)) is None else 2)
        ]
        if found and self._first("extra", Extra, on=("retrieve",)) is not None:
            result.append(spoiling.another(found[-1]))
        return result

    def retrieved(self, instance: Located, data: bytes) -> bytes:
        """The data set of an instance as it is sent."""
        syntax = instance.transfer_syntax_uid
        if any(self._all("extra", Extra)) and spoiling.is_made_up(instance):
            data = spoiling.altered(data, syntax, "SOPInstanceUID", instance.sop_instance_uid)
        for alter in self._every("alter", Alter, on=("retrieve",)):
            data = spoiling.altered(data, syntax, alter.attribute, alter.value)
        charset = self._first("charset", CharacterSet, on=("any", "retrieve"))
        if charset is not None:
            data = spoiling.in_broken_characters(data, syntax, charset.how)
        if self._first("pixels", Pixels) is not None:
            data = spoiling.with_wrong_pixels(data, syntax)
        return data

    def spoils(self) -> bool:
        """Whether ``retrieved`` may change a data set; without it a file can be sent as it lies."""
        return any(name in _SPOILING for name, _ in self._settings)

    @property
    def tells_matches_as_they_are(self) -> bool:
        """Whether ``matches`` and ``encoded`` change nothing of any."""
        return not any(name in _OF_MATCHES for name, _ in self._settings)

    def matches(self, matches: Iterator[Match], *, worklist: bool) -> Iterator[Match]:
        """The matches of a query as they are answered."""
        where = "worklist" if worklist else "find"
        last: Match | None = None
        for last in matches:
            counts = self._first("counts", Counts, on=("any", where))
            if counts is not None:
                spoiling.count_wrongly(last, counts.by)
            for alter in self._every("alter", Alter, on=(where,)):
                spoiling.alter_match(last, alter.attribute, alter.value)
            yield last
            if self._first("repeat", Repeat, on=(where,)) is not None:
                yield last
        if last is not None and self._first("extra", Extra, on=(where,)) is not None:
            yield spoiling.another_match(last)

    def encoded(self, match: Match, *, worklist: bool, implicit: bool) -> bytes:
        """A match as an identifier, in a character set that may be broken."""
        where = "worklist" if worklist else "find"
        charset = self._first("charset", CharacterSet, on=("any", where))
        how = None if charset is None else charset.how
        return spoiling.encoded_match(match, how, implicit=implicit)

    def completed(self, true: int) -> int:
        """How many sub-operations are said to be completed."""
        counts = self._first("counts", Counts, on=("any", "retrieve"))
        return true if counts is None else max(0, true + counts.by)

    def commit_failure(self) -> int | None:
        """The failure reason of an instance whose commitment fails on purpose."""
        commit = self._first("commit", CommitFailure)
        return None if commit is None else commit.reason

    def reports(self) -> bool:
        """Whether a commitment that was taken is reported on."""
        return self._first("unreported", Unreported) is None

    def acknowledgement(self) -> str | None:
        """How an HL7 message is acknowledged wrongly, if it is."""
        acknowledge = self._first("acknowledge", Acknowledge)
        return None if acknowledge is None else acknowledge.how

    def _all(self, name: str, kind: type[F]) -> Iterator[F]:
        return (one for given, one in self._settings if given == name and isinstance(one, kind))

    def _first(self, name: str, kind: type[F], *, on: Sequence[str] = ()) -> F | None:
        """The first fault of a kind, for one of these operations if it asks for one, that hits now."""
        return next(self._hitting(name, kind, on), None)

    def _every(self, name: str, kind: type[F], *, on: Sequence[str]) -> list[F]:
        """All of them: two alterations are two."""
        return list(self._hitting(name, kind, on))

    def _hitting(self, name: str, kind: type[F], on: Sequence[str]) -> Iterator[F]:
        for place, (given, settings) in enumerate(self._settings):
            if given != name or not isinstance(settings, kind):
                continue
            if on and getattr(settings, "on", on[0]) not in on:
                continue
            if self._hits(place, getattr(settings, "share", 1.0)):
                yield settings

    def _hits(self, place: int, share: float) -> bool:
        with self._lock:
            self._asked[place] += 1
            count = self._asked[place]
        return _steps(count, share) > _steps(count - 1, share)


def operation_of(message: Message) -> Operation:
    """The operation that a request asks for; C-FIND on the worklist is one of its own."""
    operation = OPERATIONS.get(message.kind, "any")
    return (
        "worklist"
        if operation == "find" and message.sop_class_uid == MODALITY_WORKLIST
        else operation
    )


def _steps(count: int, share: float) -> int:
    return math.ceil(round(count * share, 9))
