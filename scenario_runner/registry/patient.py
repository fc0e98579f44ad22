"""A patient as the registry knows one."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.planning import person_name
from scenario_runner.planning.value_problems import ValueProblem, check_text

KEYS = (
    "id", "issuer", "name", "sex", "birth_date", "address", "phone", "created", "last_used", "studies",
)  # fmt: skip
"""Of a patient as JSON, in order."""
SEXES = ("F", "M", "O")


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """One patient. Text that there is none of is empty."""

    id: str
    issuer: str = ""
    name: str
    """A whole PN value, its component groups joined by ``=``."""
    sex: str
    birth_date: dt.date
    address: str = ""
    phone: str = ""
    locale: str = ""
    other_ids: tuple[tuple[str, str], ...] = ()
    """(id, issuer) of patients who turned out to be this one, and of elsewhere."""
    created: dt.datetime | None = None
    """None before it is kept."""
    last_used: dt.datetime | None = None
    studies: int = 0
    """How many were made for it."""
    number: int = 0
    """The registry's own; 0 before it is kept."""

    @property
    def key(self) -> tuple[str, str]:
        """What tells it from every other."""
        return self.id, self.issuer

    def is_same_person(self, other: Patient) -> bool:
        """Whether two that have one ID are one."""
        mine = (self.name, self.sex, self.birth_date)
        return mine == (other.name, other.sex, other.birth_date)

    def as_json(self) -> dict[str, Any]:
        """Its ``KEYS`` as plain values; what there is none of is None."""
        return {
            "id": self.id,
            "issuer": self.issuer or None,
            "name": self.name,
            "sex": self.sex,
            "birth_date": self.birth_date.isoformat(),
            "address": self.address or None,
            "phone": self.phone or None,
            "created": _moment(self.created),
            "last_used": _moment(self.last_used),
            "studies": self.studies,
        }

    def problem(self) -> ValueProblem | None:
        """What DICOM does not allow in it, if anything."""
        if not self.id.strip():
            return ValueProblem("FAB305", "the patient has no ID", "give one")
        if "{" in self.id or "}" in self.id:
            return ValueProblem("FAB305", f"the ID '{self.id}' has a brace", "leave it out")
        if self.sex not in SEXES:
            return ValueProblem(
                "FAB305", f"the sex '{self.sex}' is none of {', '.join(SEXES)}", "O is any other"
            )
        texts = (("id", "LO"), ("issuer", "LO"), ("address", "LO"), ("phone", "SH"))
        found = (check_text(getattr(self, name), vr, f"'{name}'") for name, vr in texts)
        return next((one for one in found if one), None) or person_name.check(self.name)

    def with_id(self, patient_id: str) -> Patient:
        """The same person under another ID."""
        return replace(self, id=patient_id)


def _moment(moment: dt.datetime | None) -> str | None:
    if moment is None:
        return None
    return moment.astimezone(dt.UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeStudy:
    """A study that was made for a patient and acknowledged by some target."""

    uid: str
    accession: str
    description: str
    date: dt.date
    made: dt.datetime
    run: str
    series: tuple[tuple[str, str], ...] = ()
    """(UID, modality) of each."""
    targets: tuple[tuple[str, int, dt.datetime | None], ...] = ()
    """(name, instances it acknowledged, when they were deleted from it again)."""

    @property
    def modalities(self) -> tuple[str, ...]:
        """Of its series, each once."""
        return tuple(dict.fromkeys(modality for _, modality in self.series))

    def as_json(self) -> dict[str, Any]:
        """As plain values."""
        return {
            "accession": self.accession,
            "uid": self.uid,
            "description": self.description,
            "date": self.date.isoformat(),
            "modalities": list(self.modalities),
            "made": _moment(self.made),
            "run": self.run,
            "series": [{"uid": uid, "modality": modality} for uid, modality in self.series],
            "targets": [
                {"target": name, "instances": count, "deleted": _moment(gone)}
                for name, count, gone in self.targets
            ],
        }
