"""Messages written from a plan: orders, results, and what becomes of patients.

Each is as its version has it: the structures of 2.3 to 2.8 differ in what they lack (OMI and TQ1 came with
2.5, ORM, A34 and A47 went with 2.7, EVN-1 too), and a message that a version has not is refused.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Final

from scenario_runner.dicom.times import tm
from scenario_runner.errors import Advised
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.orders.hl7.delimiters import USUAL
from scenario_runner.orders.hl7.editing import encoded, with_values
from scenario_runner.orders.hl7.escapes import escape
from scenario_runner.orders.numbering import FILLER, PLACER, parts_of
from scenario_runner.planning.tagged_fields import text_of

if TYPE_CHECKING:
    from scenario_runner.planning.plan import PlannedPatient, PlannedStudy

VERSIONS: Final = (
    "2.3",
    "2.3.1",
    "2.4",
    "2.5",
    "2.5.1",
    "2.6",
    "2.7",
    "2.7.1",
    "2.8",
    "2.8.1",
    "2.8.2",
)
STRUCTURES: Final[Mapping[str, str]] = {
    "ORM^O01": "ORM_O01", "OMI^O23": "OMI_O23", "OMG^O19": "OMG_O19", "ORU^R01": "ORU_R01",
    "ADT^A01": "ADT_A01", "ADT^A04": "ADT_A01", "ADT^A08": "ADT_A01", "ADT^A31": "ADT_A05",
    "ADT^A34": "ADT_A30", "ADT^A40": "ADT_A39", "ADT^A47": "ADT_A30",
}  # fmt: skip
"""What can be written, by message type, and its structure ID (MSH-9.3)."""
_SINCE: Final = {"OMI^O23": "2.5", "OMG^O19": "2.4", "ADT^A40": "2.3.1", "ADT^A47": "2.3.1"}
_BEFORE: Final = {
    "ORM^O01": ("2.7", "OMI^O23 or OMG^O19"),
    "ADT^A34": ("2.7", "ADT^A40"),
    "ADT^A47": ("2.7", "ADT^A40"),
}
"""Since when there is no such message any more, and what took its place."""
_NO_PUNCTUATION: Final = str.maketrans("", "", " ()-/.")
_LOCAL: Final = {"99LOCAL": "L"}
"""The coding scheme that a message names in its own way (HL7 table 0396)."""
_UTF8: Final = "UNICODE UTF-8"
_UTF8_SINCE: Final = "2.3.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """What a message has besides its subject. control: ORC-1, such as NW, CA or XO."""

    kind: str
    control: str = "NW"
    version: str = "2.5.1"
    sending: tuple[str, str] = ("FABRICATOR", "")
    """Application and facility (MSH-3, MSH-4)."""
    receiving: tuple[str, str] = ("", "")
    control_id: str = "1"
    now: dt.datetime
    character_set: str | None = None
    """MSH-18; by default UTF-8 where ASCII does not do."""
    values: Mapping[str, str | None] = field(default_factory=dict)
    """Paths set in the end: ``{PID-5.1: MILLER}``."""
    merged: PlannedPatient | None = None
    """Whom an A34, A40 or A47 merges into the patient, or whose identifier it changes."""


def full_kind(given: str) -> str:
    """``ORM^O01`` of ``ORM``, ``orm^o01`` or ``O01``. Raises ValueError for what cannot be written."""
    word = given.upper().replace("_", "^")
    for kind in STRUCTURES:
        if word in (kind, kind[4:]) or (word == kind[:3] and word != "ADT"):
            return kind
    raise Advised(f"'{given}' cannot be written", f"there are {', '.join(STRUCTURES)}")


def check_kind(kind: str, version: str) -> None:
    """Raises ValueError for a message type or version that cannot be written, and says what can."""
    if kind not in STRUCTURES:
        raise Advised(f"'{kind}' cannot be written", f"there are {', '.join(STRUCTURES)}")
    if version not in VERSIONS:
        raise Advised(f"'{version}' is no version of HL7 v2", f"there are {', '.join(VERSIONS)}")
    since, before = _SINCE.get(kind), _BEFORE.get(kind)
    if since is not None and VERSIONS.index(version) < VERSIONS.index(since):
        raise ValueError(f"{kind} came with version {since}, so there is none in {version}")
    if before is not None and VERSIONS.index(version) >= VERSIONS.index(before[0]):
        raise Advised(f"{kind} went with version {before[0]}", f"write {before[1]}")


def order_message(study: PlannedStudy, envelope: Envelope) -> bytes:
    """A message about a study: ORM, OMI, OMG, ORU, or of its patient where the type is ADT.

    Raises ValueError for what cannot be written.
    """
    if envelope.kind.startswith("ADT"):
        return patient_message(study.patient, envelope)
    body = [
        _pid(study.patient, envelope.version),
        _pv1(study),
        *_BODIES[envelope.kind[:3]](study, envelope),
    ]
    return _whole(body, envelope)


def patient_message(patient: PlannedPatient, envelope: Envelope) -> bytes:
    """An ADT. Raises ValueError, also for a merge that names nobody to be merged."""
    body = [_evn(envelope), _pid(patient, envelope.version)]
    if envelope.kind in ("ADT^A34", "ADT^A40", "ADT^A47"):
        if envelope.merged is None:
            raise ValueError(f"{envelope.kind} needs the patient that is merged")
        other = envelope.merged
        body.append(_segment("MRG", {1: _cx(other), 7: _xpn(other.name, envelope.version)}))
    else:
        body.append(_segment("PV1", {1: "1", 2: "O"}))
    return _whole(body, envelope)


def _whole(body: Iterable[str], envelope: Envelope) -> bytes:
    check_kind(envelope.kind, envelope.version)
    text = "\r".join(body)
    declared = envelope.character_set
    if declared is None:
        declared = "" if text.isascii() else _UTF8
    kind = envelope.kind
    if _at_least(envelope.version, "2.3.1"):
        kind = f"{kind}^{STRUCTURES[kind]}"
    header = "|".join(
        (
            "MSH", USUAL.encoding_characters, *map(_text, (*envelope.sending, *envelope.receiving)),
            f"{envelope.now:%Y%m%d%H%M%S}", "", kind, _text(envelope.control_id), "T",
            envelope.version, "", "", "", "", "", declared,
        )
    ).rstrip("|")  # fmt: skip
    data = encoded(f"{header}\r{text}\r", USUAL.field)
    return with_values(data, dict(envelope.values)) if envelope.values else data


def _at_least(version: str, other: str) -> bool:
    return VERSIONS.index(version) >= VERSIONS.index(other)


def _text(value: str) -> str:
    return escape(value, USUAL)


def _segment(name: str, fields: Mapping[int, str]) -> str:
    """A segment of fields that are written already."""
    last = max(fields, default=0)
    return "|".join([name, *(fields.get(number, "") for number in range(1, last + 1))]).rstrip("|")


def _components(*parts: str) -> str:
    return "^".join(map(_text, parts)).rstrip("^")


def _cx(patient: PlannedPatient) -> str:
    return _components(patient.patient_id, "", "", patient.issuer or "", "MR")


def _xpn(name: str, version: str) -> str:
    """Component groups become repetitions, told apart by their representation (HL7 table 0465).

    Before 2.3.1 a patient has one name, which is the first.
    """
    written = []
    groups = name.split("=")
    if not _at_least(version, "2.3.1"):
        groups = [next(filter(None, groups), "")]
    for group, representation in zip(groups, "AIP", strict=False):
        if not group:
            continue
        family, given, middle, prefix, suffix = [*group.split("^"), "", "", "", "", ""][:5]
        marked = representation if len(groups) > 1 else ""
        written.append(_components(family, given, middle, suffix, prefix, "", "L", marked))
    return "~".join(written)


def _xcn(name: str) -> str:
    family, given, middle, prefix, suffix = [
        *name.split("=", maxsplit=1)[0].split("^"),
        "",
        "",
        "",
        "",
        "",
    ][:5]
    return _components("", family, given, middle, suffix, prefix) if name else ""


def _xtn(phone: str, version: str) -> str:
    """A telephone number where the version has room for one of any country.

    XTN-1 takes North American ones alone before 2.5 (TN) and is gone from 2.6 on, when XTN-12 holds a number
    as it is written; before, that is XTN-9, any text, beside the digits of XTN-5 and XTN-7. What it is a number
    of (XTN-3) is obligatory from 2.7 on.
    """
    if not phone:
        return ""
    if _at_least(version, "2.6"):
        return _components("", "PRN", "PH", *[""] * 8, phone)
    if _at_least(version, "2.5"):
        return _components(phone)
    country, _, local = phone[1:].partition(" ") if phone.startswith("+") else ("", "", phone)
    digits = local.translate(_NO_PUNCTUATION)
    known = country.isdigit() or not country
    numbers = (country, "", digits) if known and digits.isdigit() else ("", "", "")
    return _components("", "", "", "", *numbers, "", phone)


def _pid(patient: PlannedPatient, version: str) -> str:
    return _segment(
        "PID",
        {
            1: "1",
            3: _cx(patient),
            5: _xpn(patient.name, version),
            7: f"{patient.birth_date:%Y%m%d}",
            8: patient.sex,
            11: _text(patient.address or ""),
            13: _xtn(patient.phone or "", version),
        },
    )


def _pv1(study: PlannedStudy) -> str:
    visit = _text(_tagged(study, "AdmissionID"))
    return _segment("PV1", {1: "1", 2: "O", 8: _xcn(study.referring_physician), 19: visit})


def _evn(envelope: Envelope) -> str:
    code = "" if _at_least(envelope.version, "2.7") else envelope.kind[4:]
    return _segment("EVN", {1: code, 2: f"{envelope.now:%Y%m%d%H%M%S}"})


def _orc(study: PlannedStudy, envelope: Envelope) -> str:
    fields = {
        1: "RE" if envelope.kind == "ORU^R01" and envelope.control == "NW" else envelope.control,
        2: _number(study, PLACER, placer_number(study)),
        3: _number(study, FILLER, filler_number(study)),
        12: _ordering(study),
    }
    if not _at_least(envelope.version, "2.5"):
        fields[7] = f"^^^{_start(study)}^^R"
    return _segment("ORC", fields)


def placer_number(study: PlannedStudy) -> str:
    """The order number that messages about a study give as the placer's: that of its order, else one of our own."""
    return _tagged(study, PLACER) or f"P{study.accession}"[:22]


def filler_number(study: PlannedStudy) -> str:
    """That of the filler: that of the study's order, else the accession number."""
    return _tagged(study, FILLER) or study.accession


def _number(study: PlannedStudy, keyword: str, number: str) -> str:
    """An order number (EI), with who gave it where it is the order's own."""
    own = _tagged(study, keyword)
    return _components(number, *(parts_of(study.tags, keyword) if own else ()))


def _tagged(study: PlannedStudy, keyword: str) -> str:
    """What ``tags`` give the images of a study, as one text."""
    return text_of(study.tags.get(keyword)) or ""


def _ordering(study: PlannedStudy) -> str:
    """Who ordered it."""
    return _xcn(_tagged(study, "RequestingPhysician") or study.referring_physician)


def _tq1(study: PlannedStudy, envelope: Envelope) -> list[str]:
    if not _at_least(envelope.version, "2.5"):
        return []
    return [_segment("TQ1", {1: "1", 7: _start(study), 9: "R"})]


def _start(study: PlannedStudy) -> str:
    # Four digits of a fraction at most (HL7 2.5.1 2.A.77).
    return f"{study.date:%Y%m%d}{tm(study.time)[:11]}"


def _procedure(study: PlannedStudy) -> str:
    """What is asked for, by the code that the images have, and as a protocol of the department."""
    words = study.procedure or study.description
    local = (study.modality or "XX", words, "L")
    code = next(iter(study.procedure_codes), {})
    value = code.get("CodeValue") or code.get("LongCodeValue")
    if not value:
        return _components(*local, *local)
    scheme = code["CodingSchemeDesignator"]
    return _components(value, code["CodeMeaning"], _LOCAL.get(scheme, scheme), *local)


def _obr(study: PlannedStudy, more: Mapping[int, str]) -> str:
    fields = {
        1: "1",
        2: _number(study, PLACER, placer_number(study)),
        3: _number(study, FILLER, filler_number(study)),
        4: _procedure(study),
        16: _ordering(study),
        18: _text(study.accession),
        19: _text(study.requested_procedure_id),
        20: _text(study.scheduled_step_id),
        24: study.modality,
    }
    return _segment("OBR", {**fields, **more})


def _orm(study: PlannedStudy, envelope: Envelope) -> list[str]:
    start = {27: f"^^^{_start(study)}^^R"}
    zds = _segment("ZDS", {1: _components(study.uid, "FABRICATOR", "Application", "DICOM")})
    return [_orc(study, envelope), _obr(study, start), zds]


def _omi(study: PlannedStudy, envelope: Envelope) -> list[str]:
    ipc = _segment(
        "IPC",
        {
            1: _components(study.accession),
            2: _components(study.requested_procedure_id),
            3: _components(study.uid),
            4: _components(study.scheduled_step_id),
            5: study.modality,
            6: _procedure(study),
        },
    )
    return [_orc(study, envelope), *_tq1(study, envelope), _obr(study, {}), ipc]


def _omg(study: PlannedStudy, envelope: Envelope) -> list[str]:
    return [_orc(study, envelope), *_tq1(study, envelope), _obr(study, {})]


def _oru(study: PlannedStudy, envelope: Envelope) -> list[str]:
    start = _start(study)
    uid = _segment(
        "OBX",
        {
            1: "1",
            2: "ST",
            3: _components("113014", "DICOM Study", "DCM"),
            4: "1",
            5: _text(study.uid),
            11: "F",
        },
    )
    said = f"Synthetic report of {study.description or study.modality}: no real patient."
    text = _segment(
        "OBX",
        {
            1: "2",
            2: "TX",
            3: _components("59776-5", "Procedure findings", "LN"),
            4: "1",
            5: _text(said),
            11: "F",
        },
    )
    times = {7: start, 22: start, 25: "F"}
    if not _at_least(envelope.version, "2.5"):
        times[27] = f"^^^{start}^^R"
    return [_orc(study, envelope), _obr(study, times), uid, text]


_BODIES: Final[Mapping[str, Callable[[PlannedStudy, Envelope], list[str]]]] = {
    "ORM": _orm, "OMI": _omi, "OMG": _omg, "ORU": _oru,
}  # fmt: skip
