"""What becomes of patients: the ADT messages that an archive and a worklist follow (IHE RAD-12)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Literal

from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.orders.hl7 import values
from scenario_runner.orders.hl7.field import CLEAR
from scenario_runner.orders.hl7.mapping import Line, of_message, standard
from scenario_runner.orders.hl7.message import Hl7Error, Message, Segment
from scenario_runner.orders.hl7.paths import Path
from scenario_runner.orders.unusable import Unusable

_UPDATES: Final = tuple(
    f"ADT^{event}"
    for event in (
        "A01", "A02", "A03", "A04", "A05", "A06", "A07", "A08", "A11", "A12", "A13", "A17", "A28", "A31",
    )
)  # fmt: skip
"""Registration and update of RAD-1 and RAD-12: whatever else they tell, PID has the patient as it is (HL7 2.5.1 3.3).

Also A17, two patients who change beds, and A28, which feeds send for A04.
"""
_MERGES: Final = tuple(
    f"ADT^{event}" for event in ("A18", "A30", "A34", "A36", "A39", "A40", "A47")
)
"""A40, which took the place of the others with 2.3.1, and A47, which gives a number another one."""
_IDENTITY: Final = ("PatientID", "IssuerOfPatientID")
KINDS: Final = (*_UPDATES, *_MERGES)


@dataclass(frozen=True, slots=True)
class PatientChange:
    """A patient as it is from now on. said: DICOM keyword to text, "" where it is cleared.

    before: the identifier and issuer that are merged into it, or that it had; None for an update.
    """

    kind: Literal["update", "merge"]
    patient_id: str
    issuer: str
    said: Mapping[str, str]
    before: tuple[str, str] | None = None


def patient_changes(message: Message, lines: Sequence[Line] = ()) -> list[PatientChange]:
    """Read an ADT; an A40 may merge several. lines: the mapping; the one that ships by default.

    Raises Hl7Error for another message, no patient, a merge of nobody or into itself, or a bad value.
    """
    if message.kind not in KINDS:
        known = ", ".join(KINDS)
        raise Hl7Error(
            f"{message.kind} is not done here", message.where("MSH-9"), hint=f"there are {known}"
        )
    people = message.all("PID")
    if not people:
        raise Hl7Error(
            "there is no PID, so nobody knows who changed",
            message.where_line(1),
            hint=message.run_together(),
        )
    wanted = of_message(lines or standard(), message.kind)
    return [_change(message, pid, wanted) for pid in people]


def _change(message: Message, pid: Segment, lines: Sequence[Line]) -> PatientChange:
    fields = [
        path.field for one in lines if one.attribute == "PatientID" for path in one.paths
        if path.segment == "PID"
    ]  # fmt: skip
    patient_id, issuer = next(
        (found for field in fields if (found := _identifier(message, pid, field))[0]), ("", "")
    )
    if not patient_id:
        raise Hl7Error("PID-3 has no patient identifier", message.where("PID-3", pid))
    before: tuple[str, str] | None = None
    if message.kind in _MERGES:
        merged = _following(message, pid)
        before = ("", "") if merged is None else _identifier(message, merged, 1)
        if not before[0]:
            raise Hl7Error("MRG-1 has no patient identifier", message.where("MRG-1", merged))
        if before == (patient_id, issuer):
            raise Hl7Error(
                f"patient {patient_id} cannot be merged into itself", message.where("MRG-1", merged)
            )
    return PatientChange(
        "merge" if before else "update", patient_id, issuer, _said(message, pid, lines), before
    )


def _identifier(message: Message, segment: Segment, field: int) -> tuple[str, str]:
    """The patient's own identifier and who assigned it."""
    path = Path(segment.name, field)
    message.repetitions(segment, field)
    found = message.field(segment, path)
    return values.identifier(found, path) or "", values.issuer(found, path) or ""


def _following(message: Message, pid: Segment) -> Segment | None:
    """The MRG after a PID and before the next."""
    for segment in message.segments[pid.line :]:
        if segment.name == "MRG":
            return segment
        if segment.name == "PID":
            return None
    return None


def _said(message: Message, pid: Segment, lines: Sequence[Line]) -> dict[str, str]:
    """The patient's attributes that PID gives, by the mapping table."""
    found: dict[str, str] = {}
    for line in lines:
        if line.level != "patient" or line.observation or line.attribute in _IDENTITY:
            continue
        for path in line.paths:
            raw = pid.raw(path.field)
            if not raw:
                continue
            try:
                value = (
                    ""
                    if raw == CLEAR
                    else values.READERS[line.reads_as](message.field(pid, path), path)
                )
            except Unusable as error:
                where = message.where(path, pid)
                text = f"{path} cannot become {line.attribute}: {error.message}"
                raise Hl7Error(text, where, hint=error.hint or None, code="FAB502") from None
            if isinstance(value, str):
                found[line.attribute] = value
                break
    return found
