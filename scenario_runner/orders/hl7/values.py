"""Values of HL7 data types as DICOM has them.

Each reader takes a field and the path that names a place in it, and gives a text or the items of a
sequence; None where the field says nothing. ``Unusable`` is a value that no attribute can hold.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Final

from scenario_runner.orders.hl7.escapes import unescape
from scenario_runner.orders.hl7.field import CLEAR, Field, field_of
from scenario_runner.orders.hl7.paths import Path
from scenario_runner.orders.hl7.times import date, time
from scenario_runner.orders.unusable import Unusable

Value = str | list[dict[str, Any]]
Reader = Callable[[Field, Path], Value | None]

_SEX: Final = {
    "M": "M",
    "F": "F",
    "O": "O",
    "A": "O",
    "N": "O",
    "U": "",
    "UNKNOWN": "",
    "MALE": "M",
    "FEMALE": "F",
    "OTHER": "O",
}
_PRIORITY: Final = {
    "S": "STAT", "STAT": "STAT", "A": "HIGH", "ASAP": "HIGH", "P": "HIGH", "C": "HIGH", "UR": "HIGH",
    "R": "ROUTINE", "T": "MEDIUM",
}  # fmt: skip
_SECTIONS: Final = {
    "CUS": "US", "OUS": "US", "RUS": "US", "VUS": "US", "NMR": "MR", "NMS": "NM", "RX": "DX", "XRC": "RF", "CTH": "XA",
}  # fmt: skip
"""Sections of HL7 table 0074 that do what one modality does, where they are not called like it."""
_LONGEST_MODALITY: Final = 4
"""Characters of a defined term for Modality, other than a few that no order asks for (PS3.3 C.7.3.1.1.1)."""
DEPARTMENTS: Final = ("RAD", "OTH")
"""Sections of that table that may do it by any modality."""
_SCHEMES: Final = {"L": "99LOCAL", "LN": "LN", "SCT": "SCT", "SNM3": "SRT", "RADLEX": "RADLEX"}
"""HL7 table 0396 to CodingSchemeDesignator (PS3.16 chapter 8) where they differ."""
_NAME_TYPES: Final = {"L": 0, "": 1, "D": 2}
"""HL7 table 0200: legal, not said, as it is displayed; any other is a name beside the patient's."""
_OTHER_NUMBERS: Final = frozenset(
    ("SS", "DL", "PPN", "AN", "VN", "NI", "HC", "MC", "MA", "CZ", "LN", "ACSN", "TAX", "PRC")
)
"""HL7 table 0203: identifiers of a patient that number something else than patients of a hospital."""
_KINDS_OF_UID: Final = frozenset(("DNS", "EUI64", "ISO", "URI", "UUID", "X400", "X500"))
"""Those of HL7 table 0301 that UniversalEntityIDType has, too (PS3.3 table 10-17)."""
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]+")
_NO_DELIMITERS: Final = str.maketrans("^=\\", "   ")
"""What divides a PN, and what divides values, cannot stand in a part of a name (PS3.5 6.2)."""
_PLAIN_NAME: Final = re.compile(
    r"(?:[^\W\d_]+(?:[ '.-][^\W\d_]+)*)(?:\^[^\W\d_]+(?:[ '.-][^\W\d_]+)*){0,2}"
)
"""Family, given and middle name, of letters: the same in an XPN and a PN."""
_REPRESENTATIONS: Final = ("A", "I", "P")
"""Alphabetic, ideographic, phonetic (HL7 table 0465): the order of DICOM's component groups."""


_SHORT: Final = 16
"""Characters of an SH (PS3.5 table 6.2-1)."""


_FEWEST_DIGITS: Final = 5
"""Of a telephone number within a remark."""


_LONG: Final = 64
"""Characters; what shorter values mean is remembered."""


def text(field: Field, path: Path) -> str | None:
    """A value as it stands, on one line; of a field with components the first."""
    component = path.component
    if not component:
        mark = field.marks.component
        component = 1 if mark and mark in field.written(repetition=path.repetition) else 0
    value = field.part(component, path.subcomponent, path.repetition)
    return "" if value == CLEAR else _one_line(value) or None


def _one_line(value: str) -> str:
    """Without line breaks, tabs and other control characters, which no short text has (PS3.5 6.2)."""
    return (value if value.isprintable() else _CONTROL.sub(" ", value)).strip()


def _short_text(whole: str) -> str | None:
    """A value of 16 characters at most: a longer one keeps its beginning and ends in what tells it apart.

    The end is ten digits and letters of the SHA-256 of the whole, so that the same becomes the same anywhere.
    """
    if len(whole) <= _SHORT:
        return whole
    number = int.from_bytes(hashlib.sha256(whole.encode()).digest()[:8])
    end = ""
    for _ in range(10):
        number, digit = divmod(number, 36)
        end = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[digit] + end
    return whole[: _SHORT - 10].strip() + end


def name(field: Field, _: Path) -> str | None:
    """XPN: ``FAMILY^GIVEN^MIDDLE^PREFIX^SUFFIX``, a component group for each representation.

    Of several names the legal one; a maiden name or an alias only where there is no other.
    """
    if field.marks.component == "^" and _PLAIN_NAME.fullmatch(field.raw):
        return field.raw
    return _groups(field, first=1)


def person(field: Field, path: Path) -> str | None:
    """XCN: a name after an identifier; the identifier alone when there is no name."""
    found = _groups(field, first=2)
    return found or text(field, path._replace(component=1))


def performer(field: Field, path: Path) -> str | None:
    """NDL: its first component is the person, in subcomponents."""
    parts = [field.part(1, number, path.repetition) for number in range(2, 8)]
    return _name(parts) or text(field, path._replace(component=1, subcomponent=1))


def _groups(field: Field, *, first: int) -> str | None:
    many = field.repetitions
    marks, codec = field.marks, field.codec
    if many < 2 and not (marks.escape and marks.escape in field.raw):
        parts = field.components(8 if first == 1 else 15)
        if parts[-1] not in _REPRESENTATIONS[1:]:
            family = _family(field, parts[first - 1])
            return _name([family, *parts[first : first + 5]]) or None
    best: dict[str, tuple[int, str]] = {}
    for repetition in range(1, many + 1):
        raw = field.written(repetition=repetition)
        parts = [*(raw.split(marks.component) if marks.component else [raw]), *[""] * 15]
        others = (unescape(part, marks, codec) for part in parts[first : first + 5])
        written = _name([_family(field, parts[first - 1]), *others])
        if not written:
            continue
        # XPN-7 and XPN-8; an XCN has a source and an authority in between.
        of_type, group = (parts[6], parts[7]) if first == 1 else (parts[9], parts[14])
        rank = _NAME_TYPES.get(of_type.strip().upper(), 3)
        group = group if group in _REPRESENTATIONS else "A"
        if group not in best or rank < best[group][0]:
            best[group] = rank, written
    if not best:
        return None
    least = min(rank for rank, _ in best.values())
    kept = {group: words for group, (rank, words) in best.items() if rank < 3 or rank == least == 3}
    return "=".join(kept.get(one, "") for one in _REPRESENTATIONS).rstrip("=")


def _family(field: Field, written: str) -> str:
    """FN: the surname, else what it consists of: own prefix and name, or those of the partner."""
    marks = field.marks
    if written.isalpha():
        return written
    parts = written.split(marks.subcomponent) if marks.subcomponent else [written]
    said = [unescape(part, marks, field.codec) for part in parts]
    surname, own = said[0], said[1:]
    return surname or " ".join(own[:2]).strip() or " ".join(own[2:4]).strip()


def _name(parts: list[str]) -> str:
    """Family, given, middle, suffix, prefix, degree in HL7; a prefix, then suffixes in DICOM (PS3.5 6.2.1.1)."""
    said = ("" if part.strip() == CLEAR else part for part in parts)
    family, given, middle, suffix, prefix, degree = (*said, *[""] * 6)[:6]
    after = f"{suffix} {degree}" if suffix or degree else ""
    whole = [
        part if not part or part.isalpha() else " ".join(part.translate(_NO_DELIMITERS).split())
        for part in (family, given, middle, prefix, after)
    ]
    return "^".join(whole).rstrip("^")


def _sex(written: str) -> str | None:
    """Table 0001 to M, F, O; empty for unknown. Raises Unusable for anything else."""
    found = _SEX.get(written.upper())
    if found is None:
        raise Unusable(f"'{written}' is not of HL7 table 0001", "F, M, O, U, A or N")
    return found


def _priority(written: str) -> str | None:
    """Table 0485 to STAT, HIGH, ROUTINE, MEDIUM; what it does not know is MEDIUM."""
    return _PRIORITY.get(written.upper(), "MEDIUM")


def _modality(written: str) -> str | None:
    """A modality, or a section of table 0074 that stands for one. Words are no code in capitals either."""
    found = written.upper() if len(written) <= _LONGEST_MODALITY else written
    return _SECTIONS.get(found, found)


def identifier(field: Field, path: Path) -> str | None:
    """CX, repeated: the patient's own number among all that are given."""
    if path.component or path.repetition > 1:
        return text(field, path)
    value = field.part(1, 1, own_identifier(field))  # CX-1 has no parts: a first one is all of it
    return "" if value == CLEAR else _one_line(value) or None


def issuer(field: Field, path: Path) -> str | None:
    """CX, repeated: who assigned the patient's own number (HD: its name, else its universal ID)."""
    if path.component or path.repetition > 1:
        return text(field, path)
    written = field_of((field.written(4, 0, own_identifier(field)), field.marks, field.codec))
    return _authority(written) if len(written.raw) < _LONG else _authority.__wrapped__(written)


@lru_cache(maxsize=512)
def _authority(written: Field) -> str | None:
    """HD: what it is called, else its universal ID. Those of a feed are few."""
    # Repetitions and components are divided already.
    name, universal = (written.part(1, number) for number in (1, 2))
    said = "" if name == CLEAR else _one_line(name)
    return said or ("" if universal == CLEAR else _one_line(universal)) or None


def own_identifier(field: Field) -> int:
    """Which repetition of a field of CX is the patient's own number here.

    A medical record number (MR) wherever it stands, else the first that is not a number of another
    purpose (table 0203: social security, licence, passport, account, visit); one without a value never. Of two
    of a kind one that is given an end (CX-8) counts behind one that has none.
    """
    many = field.repetitions
    if many < 2:
        return 1
    found: list[tuple[int, bool, int]] = []
    for repetition in range(1, many + 1):
        if field.part(1, 0, repetition) in ("", CLEAR):
            continue
        kind = field.part(5, 0, repetition).strip().upper()
        rank = 0 if kind == "MR" else 2 if kind in _OTHER_NUMBERS else 1
        ends = field.part(8, 0, repetition) not in ("", CLEAR)
        found.append((2 if kind.startswith("NN") else rank, ends, repetition))
    return min(found, default=(0, False, 1))[-1]


def authority(field: Field, path: Path) -> list[dict[str, Any]] | None:
    """EI: who gave the number, as an item of an order's identifier sequence (PS3.3 table 10-17)."""
    parts = [_one_line(part) for part in field.components(4, path.repetition)]
    number, space, uid, kind = ("" if part == CLEAR else part for part in parts)
    found = {"LocalNamespaceEntityID": space} if space else {}
    if uid and kind.upper() in _KINDS_OF_UID:
        found |= {"UniversalEntityID": uid, "UniversalEntityIDType": kind.upper()}
    return [found] if number and found else None


def pregnancy(field: Field, path: Path) -> str | None:
    """Table 0009, repeated: B6 is pregnant, 3 in DICOM (PS3.3 C.2.3); others say nothing of it."""
    many = range(1, field.repetitions + 1)
    said = (text(field, path._replace(repetition=one)) or "" for one in many)
    return "3" if "B6" in (one.upper() for one in said) else None


def address(field: Field, path: Path) -> str | None:
    """XAD: street, city, state, postcode, country on one line, with commas."""
    if path.repetition < 2 and field.simple:
        parts = field.raw.split(field.marks.component, 6)[:6]
        return ", ".join(filter(None, map(str.strip, parts))) or None
    parts = field.components(6, path.repetition)
    if field.marks.subcomponent in parts[0]:
        parts[0] = field.part(1, 1, path.repetition)
    said = [_one_line(part) for part in parts if part and part != CLEAR]
    return ", ".join(filter(None, said)) or None


def phone(field: Field, path: Path) -> str | None:
    """XTN: the number as it was written, else put together, else an e-mail address.

    XTN-9 is any text, which counts where it holds a number.
    """
    if path.repetition < 2 and field.simple:
        number = field.raw.partition(field.marks.component)[0]
        if number:
            return number
    parts = list(map(_one_line, field.components(12, path.repetition)))
    if parts[0]:
        return parts[0]
    country, area, local = parts[4:7]
    together = " ".join(part for part in (f"+{country}" if country else "", area, local) if part)
    remark = parts[8] if sum(map(str.isdigit, parts[8])) >= _FEWEST_DIGITS else ""
    return parts[11] or remark or together or parts[3] or None


def place(field: Field, path: Path) -> str | None:
    """PL: point of care, room, bed."""
    parts = map(_one_line, field.components(3, path.repetition))
    return " ".join(part for part in parts if part) or None


def code(field: Field, path: Path) -> list[dict[str, Any]] | None:
    """CE or CWE: code, meaning, scheme in its first three components."""
    return _code(field.components(3, path.repetition))


def second_code(field: Field, path: Path) -> list[dict[str, Any]] | None:
    """CE or CWE: its alternate, components four to six."""
    return _code(field.components(6, path.repetition)[3:])


def _code(parts: list[str]) -> list[dict[str, Any]] | None:
    if not parts[0]:
        return None
    value, meaning, scheme = map(_one_line, parts)
    # A backslash would make two values of one: words can do without it, a code cannot.
    meaning, scheme = meaning.replace("\\", "/"), scheme.replace("\\", "/")
    if not value or "\\" in value or CLEAR in (value, meaning):
        return None
    # A longer code has an attribute of its own (PS3.3 8.1).
    keyword = "CodeValue" if len(value) <= 16 else "LongCodeValue"
    return [
        {
            keyword: value,
            "CodingSchemeDesignator": _SCHEMES.get(scheme.upper(), scheme)[:16] or "99LOCAL",
            "CodeMeaning": (meaning or value)[:64].rstrip(),
        }
    ]


OF_TEXT: Final[Mapping[str, Callable[[str], str | None]]] = {
    "text": str, "short text": _short_text, "date": date, "time": time, "sex": _sex, "priority": _priority,
    "modality": _modality,
}  # fmt: skip
"""What becomes of a text that says something."""


def _of_text(reader: Callable[[str], str | None]) -> Reader:
    def read(field: Field, path: Path) -> str | None:
        written = text(field, path)
        return reader(written) if written else written

    return read


READERS: Final[Mapping[str, Reader]] = {
    **{name: _of_text(reader) for name, reader in OF_TEXT.items()},
    "name": name, "person": person, "performer": performer, "address": address, "phone": phone,
    "place": place, "code": code, "second code": second_code, "identifier": identifier,
    "issuer": issuer, "authority": authority, "pregnancy": pregnancy, "lines": text,
}  # fmt: skip
