"""The RIS side of the embedded PACS: orders become worklist items, and patients change, by HL7 v2.

A message is acknowledged once what it asks for is done and outlives the process. One that comes again with
its control ID and its content, as a sender repeats what nobody acknowledged, is answered as the first time
and done once, also after a restart. One that was refused is judged anew.
"""

from __future__ import annotations

import hashlib
import logging
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from scenario_runner.errors import Diagnostic, FabricatorError, described
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.orders.hl7 import Hl7Error, Message
from scenario_runner.orders.hl7.patient import KINDS as ADT_KINDS
from scenario_runner.orders.hl7.patient import PatientChange, patient_changes
from scenario_runner.orders.hl7.reading import KINDS, orders
from scenario_runner.orders.mllp.acknowledging import acknowledgement, unreadable
from scenario_runner.orders.mllp.listener import Answer
from scenario_runner.pacs.answered import Answered
from scenario_runner.pacs.changed_patients import change_archive, issuers_in
from scenario_runner.pacs.merged_patients import MergedPatients
from scenario_runner.pacs.ordered import Ordered, RefusedError
from scenario_runner.pacs.ordered_items import kept_items

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from scenario_runner.archive.archive import Archive
    from scenario_runner.orders.hl7.mapping import Line
    from scenario_runner.orders.order import Order
    from scenario_runner.pacs.ordered_items import WorklistFiles

LOGGER = logging.getLogger(__name__)
_TYPES: Final = {f"{kind.partition('^')[0]}^" for kind in (*KINDS, *ADT_KINDS)}
_EVENT: Final = "201"
"""An event of a type of message that is done (HL7 table 0357)."""


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What became of a message. code: E error or R rejected, A accepted. path: the field at fault.

    condition: of HL7 table 0357, where another one than the usual of the code.
    """

    code: str = "A"
    text: str = ""
    path: str = ""
    condition: str = ""


class Ris:
    """Answers messages; any thread may ask, and one message is done at a time.

    worklist: where its items are kept. station: the AE title of who is to do an order that names nobody. lines: the
    mapping; the one that ships by default. merged: is told of merges, for images that come later. told: of orders
    that are on the worklist.
    """

    def __init__(
        self,
        archive: Archive,
        worklist: WorklistFiles,
        station: str,
        lines: Sequence[Line] = (),
        merged: MergedPatients | None = None,
        told: Callable[[Sequence[Order]], object] | None = None,
    ) -> None:
        self._archive = archive
        self._lines = lines
        self._told = told
        self._merged = merged or MergedPatients()
        self._answered = Answered(worklist.answered)
        self._kept = kept_items(worklist, self._answered)
        self._ordered = Ordered(self._kept, station, self._merged.values_of)
        self._lock = threading.Lock()
        self.pending = self._kept.pending
        """Worklist items that are not in their files yet."""
        self.sync = self._kept.sync
        """Have on the disk what has been done, where that is wanted, before it is acknowledged. Raises OSError."""

    def close(self) -> None:
        """Bring all items to their files, and let go of what was answered."""
        with self._lock:
            self._kept.close()

    def answer(self, data: bytes, address: str) -> Answer:
        """Do what a message asks for, and acknowledge it."""
        try:
            message = Message.read(data, address)
            _ = message.segments
        except Hl7Error as error:
            return Answer([unreadable(error.diagnostics[0].message)])
        digest = hashlib.sha256(data).hexdigest()
        # A control ID is its sender's: two applications may both count from 1.
        key = "|".join((message.text("MSH-3"), message.text("MSH-4"), message.control_id))
        with self._lock:
            if not message.control_id:
                return Answer(self._done(message, "", digest))
            known = self._answered.known(key)
            if known is None:
                return Answer(self._done(message, key, digest))
            if known.digest == digest:
                return Answer(known.answers)
            text = f"control ID {message.control_id} was another message's"
            return Answer(_acknowledged(message, _Outcome("E", text, "MSH-10")))

    def _done(self, message: Message, key: str, digest: str) -> list[bytes]:
        """Do what a message asks for, once it is certain that it will be; what is answered."""
        taken: Sequence[Order] = ()
        outcome = _Outcome()
        try:
            if message.kind in KINDS:
                taken = orders(message, self._lines)
                self._ordered.take(taken)
            elif message.kind in ADT_KINDS:
                changes = patient_changes(message, self._lines)
                for change in changes:
                    self._check(change)
                for change in changes:
                    self._merged.note(change)  # first, for images that come meanwhile
                self._merged.settle()
                for change in changes:
                    change_archive(self._archive, change)
                    self._ordered.change(change)
                    self._say_of_who_stays(change)
            else:
                text = f"{message.kind} is not done here"
                known = f"{message.kind.partition('^')[0]}^" in _TYPES
                outcome = _Outcome("R", text, "MSH-9", _EVENT if known else "")
            if outcome.code == "A":
                said = _acknowledged(message, outcome)
                self._ordered.keep(key, digest, said)
                self._tell(taken)
                return said
        except Hl7Error as error:
            first = error.diagnostics[0]
            outcome = _Outcome("E", first.message, first.where.path, _condition(first))
        except RefusedError as error:
            outcome = _Outcome("E", str(error), error.path, error.condition)
        except (OSError, FabricatorError, ValueError) as error:
            LOGGER.warning("a message could not be done: %s", error)
            why = error.strerror if isinstance(error, OSError) else None
            outcome = _Outcome("E", f"it cannot be done: {why or error}")
        except BaseException as error:
            LOGGER.exception("a message could not be done")
            outcome = _Outcome("E", f"it cannot be done: {described(error)}")
        # Nothing of it is left for the next message to keep.
        self._ordered.drop()
        return _acknowledged(message, outcome)

    def _tell(self, taken: Sequence[Order]) -> None:
        """They are taken already, whatever becomes of the note."""
        if self._told is None or not taken:
            return
        try:
            self._told(taken)
        except BaseException as error:  # noqa: BLE001 - see above
            LOGGER.warning("the registry was not told of an order: %s", described(error))

    def _say_of_who_stays(self, merge: PatientChange) -> None:
        """Give what the patient had before a merge what its message says, too: one patient has one name.

        Not where two patients have the number, and the message does not say which.
        """
        if merge.before is None or not merge.said:
            return
        if merge.issuer or len(self._issuers(merge.patient_id)) < 2:
            update = replace(merge, kind="update", before=None)
            change_archive(self._archive, update)
            self._ordered.change(update)

    def _issuers(self, patient_id: str) -> set[str]:
        return issuers_in(self._archive, patient_id) | self._ordered.issuers(patient_id)

    def _check(self, change: PatientChange) -> None:
        """Refuse a number without an issuer that two patients have: nobody knows whose it is."""
        patient_id, issuer = change.before or (change.patient_id, change.issuer)
        if issuer:
            return
        issuers = self._issuers(patient_id)
        if len(issuers) > 1:
            field = "MRG-1" if change.before else "PID-3"
            text = f"{patient_id} is a patient of {' and of '.join(sorted(issuers))}"
            raise RefusedError(f"{text}; the message does not say which", field)


def _acknowledged(message: Message, outcome: _Outcome) -> list[bytes]:
    """What is sent back: an application's acknowledgement, or what MSH-15 and MSH-16 ask for (2.9.3)."""
    accept, application = message.text("MSH-15").upper(), message.text("MSH-16").upper()
    enhanced = bool(accept or application)
    good = outcome.code == "A"
    said: list[bytes] = []
    if enhanced and _asked(accept, good=good):
        code = f"C{outcome.code}"
        said.append(_answer(message, code, outcome))
    if not enhanced or _asked(application, good=good):
        code = f"A{outcome.code}"
        said.append(_answer(message, code, outcome))
    return said


def _answer(message: Message, code: str, outcome: _Outcome) -> bytes:
    return acknowledgement(
        message, code, outcome.text, path=outcome.path, condition=outcome.condition
    )


def _condition(fault: Diagnostic) -> str:
    """A value of a wrong type, a segment that is not there, or what the code of the answer says."""
    if fault.code == "FAB502":
        return "102"
    return "" if fault.where.path else "100"


def _asked(condition: str, *, good: bool) -> bool:
    """HL7 table 0155: always, never, on errors, on success."""
    return condition == "AL" or condition == ("SU" if good else "ER")
