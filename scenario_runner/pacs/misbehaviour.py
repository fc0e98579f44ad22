"""Faults at work: what happens instead of, or besides, the right thing.

The services ask at the few places where something can go wrong on purpose; with no fault switched on
every question is answered by "as it should be".
"""

from __future__ import annotations

import math
import threading
from collections import Counter
from typing import TYPE_CHECKING, Final, Literal

from pydicom.datadict import tag_for_keyword

from scenario_runner.archive.elements import read_header, replace_element
from scenario_runner.archive.values import UTF8, character_sets, encode, vr_of
from scenario_runner.errors import UsageError
from scenario_runner.network.commands import Field
from scenario_runner.pacs.faults import REJECTIONS, After, Faults, Operation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scenario_runner.pacs.association import Association, Message
    from scenario_runner.pacs.negotiation import Rejection

OPERATIONS: Final[dict[int, Operation]] = {
    Field.C_ECHO_RQ: "echo",
    Field.C_STORE_RQ: "store",
    Field.C_FIND_RQ: "find",
    Field.C_GET_RQ: "get",
    Field.C_MOVE_RQ: "move",
    Field.N_ACTION_RQ: "commit",
    0x0140: "mpps",
    0x0120: "mpps",
}
Fate = Literal["hang", "drop", "abort"]
"""What comes instead of an answer."""
_LOOK: Final = 0.05
"""Seconds between looks at whether a hanging peer has gone."""


class DeliberateAbort(Exception):  # a fault that was asked for, not an error
    """The fault ``abort``: send A-ABORT."""


class DeliberateDrop(Exception):  # a fault that was asked for, not an error
    """The fault ``drop``: close the connection."""


class Misbehaviour:
    """Decides, for each request, whether and how it goes wrong. Shared by all associations.

    stopping: set when the PACS stops, so that a hang or a delay ends at once. Raises UsageError for
    an attribute to alter that does not exist.
    """

    def __init__(self, faults: Faults, stopping: threading.Event) -> None:
        self.faults = faults
        self._stopping = stopping
        self._lock = threading.Lock()
        self._asked: Counter[str] = Counter()
        self._altered = 0
        if faults.alter is not None:
            tag = tag_for_keyword(faults.alter.attribute)
            if tag is None:
                raise UsageError(
                    f"fault 'alter': '{faults.alter.attribute}' is not the keyword of an attribute"
                )
            self._altered = int(tag)

    def rejection(self) -> Rejection | None:
        """Why an association is refused, if it is."""
        refuse = self.faults.refuse
        if refuse is None or not self._hits("refuse", refuse.share):
            return None
        return REJECTIONS[refuse.reason]

    def before(self, association: Association, message: Message) -> None:
        """What happens before a request is looked at. Raises DeliberateAbort, DeliberateDrop."""
        fate = self.fate(OPERATIONS.get(message.kind, "any"), association.answers)
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
        faults = self.faults
        if faults.delay is not None and faults.delay.on in ("any", operation):
            self._stopping.wait(faults.delay.seconds)

        def due(fault: After | None) -> bool:
            if fault is None or fault.on not in ("any", operation):
                return False
            return (total if fault.on == "any" else answers) >= fault.after

        named: tuple[tuple[Fate, After | None], ...] = (
            ("hang", faults.hang), ("drop", faults.drop), ("abort", faults.abort),
        )  # fmt: skip
        return next((name for name, fault in named if due(fault)), None)

    def _hang(self, association: Association) -> None:
        """Stay silent until the peer has had enough of it or the PACS stops."""
        while not self._stopping.wait(_LOOK):
            if association.connection.has_more():
                # An A-ABORT, a release or the end: reading it ends the association.
                association.receive()

    def status(self, message: Message) -> tuple[int, str] | None:
        """The status and comment to answer with instead of the true one."""
        return self.wrong_status(OPERATIONS.get(message.kind))

    def wrong_status(self, operation: Operation | None) -> tuple[int, str] | None:
        """The same for an operation; a status of class Bxxx is a warning: it is done all the same."""
        answer = self.faults.answer
        if answer is None or answer.on not in ("any", operation):
            return None
        if not self._hits("answer", answer.share):
            return None
        return answer.status, answer.comment

    def loses(self) -> bool:
        """Whether an instance is acknowledged and forgotten."""
        return self.faults.lose is not None and self._hits("lose", self.faults.lose.share)

    def altered(
        self, data: Sequence[bytes | bytearray | memoryview], transfer_syntax_uid: str
    ) -> Sequence[bytes | bytearray | memoryview]:
        """The data set as it is kept, with another value if that was asked for."""
        return self.alter(data, transfer_syntax_uid) if self.alters() else data

    def alters(self) -> bool:
        """Whether an instance is kept with another value."""
        return self.faults.alter is not None and self._hits("alter", self.faults.alter.share)

    def alter(
        self, data: Sequence[bytes | bytearray | memoryview], transfer_syntax_uid: str
    ) -> Sequence[bytes | bytearray | memoryview]:
        """The data set with the other value."""
        alter = self.faults.alter
        if alter is None:
            return data
        whole = b"".join(data)
        vr = vr_of(self._altered)
        terms = character_sets(read_header(whole, transfer_syntax_uid))
        try:
            value = encode(self._altered, [alter.value], terms).value
        except UnicodeError:
            value = encode(self._altered, [alter.value], (UTF8,)).value
        return [replace_element(whole, transfer_syntax_uid, self._altered, vr, value)]

    def count(self, true: int) -> int:
        """A count as it is reported."""
        return true if self.faults.counts is None else max(0, true + self.faults.counts.by)

    def commit_failure(self) -> int | None:
        """The failure reason of an instance whose commitment fails on purpose."""
        commit = self.faults.commit
        if commit is None or not self._hits("commit", commit.share):
            return None
        return commit.reason

    def _hits(self, name: str, share: float) -> bool:
        with self._lock:
            self._asked[name] += 1
            count = self._asked[name]
        return _steps(count, share) > _steps(count - 1, share)


def _steps(count: int, share: float) -> int:
    return math.ceil(round(count * share, 9))
