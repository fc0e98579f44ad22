"""The step ``hl7_send``: an HL7 v2 message to a RIS or an interface engine."""

from __future__ import annotations

import dataclasses
import secrets
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from scenario_runner.api import (
    Acknowledged,
    InputFile,
    Saved,
    Step,
    StepContext,
    StepResult,
    Target,
    TargetName,
    Text,
)
from scenario_runner.errors import Advised, InvalidInput, UsageError
from scenario_runner.steps.of_plan import OfPlan, study_called

if TYPE_CHECKING:
    from scenario_runner.planning.plan import PlannedPatient

_UNANSWERED = "hl7_send unanswered"
_CONTROL_ID = 20
"""Characters of MSH-10 before version 2.7."""
_MERGES = ("ADT^A34", "ADT^A40", "ADT^A47")


class Hl7Send(Step):
    """Send an HL7 v2 message by MLLP: built from the plan, or as it stands in a file or here.

    Fails when the receiver does not accept it (AE, AR, CE, CR). ``save_as`` gives ``{ack, code, text,
    control_id, message, remarks}``: the acknowledgement and the message as text, MSA-1 and what came with it, and what was
    unusual about the answer.
    """

    name: ClassVar[str] = "hl7_send"
    saves: ClassVar[frozenset[Saved] | None] = frozenset()
    measures: ClassVar[frozenset[str] | None] = frozenset()
    example: ClassVar[str] = 'hl7_send: {to: ris, message: "ORM^O01"}'

    to: TargetName
    """Who takes it: a target with ``hl7``."""
    message: Text | None = None
    """What is built: ``ORM^O01``, ``OMI^O23``, ``OMG^O19``, ``ORU^R01``, ``ADT^A01``, ``A04``, ``A08``, ``A31``, ``A34``, ``A40``, ``A47``."""
    control: Text = "NW"
    """ORC-1 of an order: ``NW`` new, ``CA`` cancel, ``XO`` change, ``SC`` status changed."""
    of: OfPlan | None = None
    """A study (accession number, StudyInstanceUID, key such as ``p1.s2``, or ``{{ studies[1] }}``) or a patient (PatientID,
    key such as ``p2``, or ``{{ patients[1] }}``) of the plan; by default the first."""
    merge: OfPlan | None = None
    """The patient that an A34, A40 or A47 merges into the other: a PatientID or key of the plan, ``{{ patients[0] }}``, or an
    identifier that only the receiver knows."""
    version: Annotated[Text, Field(pattern=r"^2\.[3-8](\.[12])?$")] = "2.5.1"
    """MSH-12, 2.3 to 2.8; the message is built as that version has it."""
    set: dict[Text, Text | None] = Field(default={})
    """Fields that are given other values in the end, by path: ``{PID-5.1: MILLER, OBR[2]-18: A7}``; null empties one."""
    file: InputFile | None = None
    """A message to send as it stands, relative to the scenario."""
    text: Text | None = None
    """A message to send as it is written here; line breaks become ends of segments."""

    @field_validator("message")
    @classmethod
    def _known(cls, given: str | None) -> str | None:
        from scenario_runner.orders.hl7.writing import full_kind

        return None if given is None else full_kind(given)

    @model_validator(mode="after")
    def _one_source(self) -> Hl7Send:
        given = [name for name in ("message", "file", "text") if getattr(self, name) is not None]
        if len(given) != 1:
            raise Advised(
                "give one of 'message', 'file' and 'text'",
                f"there is {' and '.join(given) or 'none'}",
            )
        if self.message is not None:
            from scenario_runner.orders.hl7.writing import check_kind

            check_kind(self.message, self.version)
        if self.message in _MERGES and self.merge is None:
            raise PydanticCustomError(
                "merge", "{message} needs 'merge', the patient that is merged", {"message": self.message}
            )  # fmt: skip
        return self

    def run(self, context: StepContext) -> StepResult:
        """Send it, and hold the receiver to its acknowledgement."""
        target = context.target(self.to)
        data = self._unanswered(context, target)
        answer = target.tell(data, context.deadline)
        said = f"{answer.code} {answer.text}".rstrip()
        context.notes[_UNANSWERED].pop(context.step_id, None)
        context.notes[self.name] = _readable(answer.message)
        return StepResult(
            outcome="passed" if answer.accepted else "failed",
            message=f"answered {said} in {answer.seconds * 1000:.0f} ms",
            value=_value(data, answer),
            facts={
                "message": _readable(data),
                "acknowledgement": _readable(answer.message),
                "code": answer.code,
                "seconds": answer.seconds,
                "remarks": list(answer.remarks),
            },
        )

    def _unanswered(self, context: StepContext, target: Target) -> bytes:
        """The message; of a further attempt the same one, if nobody acknowledged it (HL7 2.5.1 2.9.2).

        So a receiver that took it, and whose acknowledgement was lost, knows it for what it is.
        """
        kept: dict[str, tuple[str, bytes]] = context.notes.setdefault(_UNANSWERED, {})
        asked = self.model_dump_json()
        before, data = kept.get(context.step_id, ("", b""))
        if before != asked:
            data = self._data(context, target)
        kept[context.step_id] = asked, data
        return data

    def _data(self, context: StepContext, target: Target) -> bytes:
        from scenario_runner.orders.hl7.editing import with_values

        if self.message is not None:
            return self._built(context, target)
        if self.file is not None:
            try:
                data = context.source(self.file).read_bytes()
            except OSError as error:
                raise UsageError(f"cannot read '{self.file}': {error.strerror or error}") from None
        else:
            data = _encoded("\r".join((self.text or "").splitlines()))
        try:
            return with_values(data, dict(self.set)) if self.set else data
        except InvalidInput as error:
            raise UsageError(f"'set' needs a message: {error.message}", hint=error.hint) from None

    def _built(self, context: StepContext, target: Target) -> bytes:
        from scenario_runner.orders.hl7.writing import Envelope, order_message, patient_message

        kind = self.message or ""
        addressed = target.addressed
        envelope = Envelope(
            kind=kind,
            control=self.control,
            version=self.version,
            sending=("FABRICATOR", target.calling_ae_title),
            receiving=(addressed.application, addressed.facility),
            # Nobody's before, also of a rerun: receivers take a control ID that they know for a repetition.
            control_id=secrets.token_hex(_CONTROL_ID // 2),
            now=context.now(),
            character_set=addressed.encoding,
            values=self.set,
            merged=self._merged(context) if kind in _MERGES else None,
        )
        try:
            if kind.startswith("ADT"):
                return patient_message(self._patient(context), envelope)
            return order_message(study_called(context, self.of), envelope)
        except ValueError as error:
            raise UsageError(str(error)) from None

    def _patient(self, context: StepContext) -> PlannedPatient:
        if self.of is None:
            return next(iter(context.case.patients))
        found = _patient_called(context, self.of)
        return found if found is not None else study_called(context, self.of).patient

    def _merged(self, context: StepContext) -> PlannedPatient:
        assert self.merge is not None
        known = _patient_called(context, self.merge)
        if known is not None:
            return known
        return dataclasses.replace(self._patient(context), patient_id=self.merge)


def _patient_called(context: StepContext, name: str) -> PlannedPatient | None:
    return next((one for one in context.case.patients if name in (one.patient_id, one.id)), None)


def _encoded(text: str) -> bytes:
    """The bytes of a message that is written in a scenario, in the character set that it declares."""
    from scenario_runner.orders.hl7 import Hl7Error
    from scenario_runner.orders.hl7.message_text import message_of

    try:
        codec = message_of(text, "text").codec
    except Hl7Error:
        codec = "utf-8"  # which the receiver is to refuse
    if text.isascii() or codec == "ascii":
        codec = "utf-8"
    try:
        return f"{text}\r".encode(codec)
    except UnicodeEncodeError as error:
        letter = text[error.start]
        raise UsageError(
            f"'{letter}' is not of the character set that MSH-18 of the text declares"
        ) from None


def _readable(data: bytes) -> str:
    from scenario_runner.orders.hl7.message_text import message_text

    return message_text(data)


def _value(data: bytes, answer: Acknowledged) -> dict[str, Any]:
    return {
        "ack": _readable(answer.message),
        "code": answer.code,
        "text": answer.text,
        "control_id": answer.control_id,
        "message": _readable(data),
        "remarks": list(answer.remarks),
    }
