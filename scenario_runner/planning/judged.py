"""Whether objects keep the Standard with what ``tags`` set: the judge is asked before they are made.

One definition of what may be sent: the rules of ``fabricate check``, over the usual object of the
kind with the values of the tags in it. ``{raw: …}`` is wrong on purpose and not held against a
scenario. Texts are judged by their length and form here; whether their letters can be written is
the business of ``given_character_sets``.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from scenario_runner.dicom.body_parts import is_paired
from scenario_runner.dicom.dictionary import tag_for_keyword, vrs_of
from scenario_runner.dicom.element_heads import PIXEL_DATA
from scenario_runner.dicom.syntaxes import EXPLICIT_LE, NATIVE
from scenario_runner.dicom.vrs import BYTES, STRUCT_CODES, pad
from scenario_runner.fields.scalars import as_written
from scenario_runner.planning.raw_values import raw_bytes
from scenario_runner.planning.tagged_fields import is_raw
from scenario_runner.planning.tags import DESCRIBE_PIXELS, fitting_vr, values_of
from scenario_runner.planning.usual_objects import usual_object
from scenario_runner.planning.value_problems import ValueProblem

if TYPE_CHECKING:
    from scenario_runner.conformance.api import Finding
    from scenario_runner.conformance.dicom_file import DicomFile
    from scenario_runner.conformance.elements import Items

Path = tuple[str | int, ...]

_RAW: Final = "write {raw: …} to send it all the same"
_HINTS: Final[Mapping[str, str]] = {
    "type-1": "leave it out of 'tags', or give a value; {raw: null} sends the object without it",
    "type-1c": "write null to leave it out, or a value",
    "type-2": 'write "" to send it empty; {raw: null} leaves it out of the object',
    "window": "add VOILUTFunction: LINEAR_EXACT, which takes any above 0, or give as many widths "
    f"as centres; {_RAW}",
}
"""Ways out that differ from the usual one, by rule."""
_ELSEWHERE: Final = frozenset(
    {
        "vr-length", "vr-form", "vr-size", "uid", "multiplicity", "characters", "character-set",
        "meta-class", "meta-instance", "birth",
    }
)  # fmt: skip
"""Rules about single values, which ``tags`` and ``given_character_sets`` tell in their words; about file meta
information, which follows the object; and about dates, which ``patient_dates`` holds against each other."""
_PLACE: Final = re.compile(r"(\w+)(?:\[(\d+)\])?\.?")


class Object(NamedTuple):
    """What is known of an object before it is made.

    kind: its key; empty when it is not known, and then only what tags set is judged. planned:
    attributes that the plan decides and not the kind, by keyword.
    """

    kind: str = ""
    sop_class_uid: str = ""
    transfer_syntax_uid: str = EXPLICIT_LE
    planned: Mapping[str, str] = {}


def problems(tags: Mapping[str, Any], about: Object) -> list[tuple[Path, ValueProblem]]:
    """What the judge would say of objects with these tags, and which of the tags is to blame.

    Raises nothing: values that are no values of their VRs are told elsewhere and are not looked at.
    """
    tags = {
        key: value for key, value in tags.items() if key not in DESCRIBE_PIXELS or is_raw(value)
    }  # of others it is told that they follow from what is drawn
    if not tags or all(map(is_raw, tags.values())):
        return []
    found = _errors(tags, about)
    if not found:
        return []
    tame = {key: value for key, value in tags.items() if not is_raw(value)}
    on_purpose = len(tame) < len(tags)
    left = {_same(each) for each in _errors(tame, about)} if on_purpose else None
    told: dict[Path, ValueProblem] = {}
    for each in found:
        if left is not None and _same(each) not in left:
            continue
        place = _place(each, tame, about)
        if place is not None and not is_raw(_at(tags, place)):
            told.setdefault(place, _problem(each))
    return list(told.items())


def empty_when_null(sop_class_uid: str) -> frozenset[str]:
    """Attributes that ``null`` empties: of Type 2, which are there without a value (PS3.5 7.4.3)."""
    from scenario_runner.conformance.rules.requirements import required

    return frozenset(row.keyword for row in required(sop_class_uid) if row.type == "2")


def _problem(found: Finding) -> ValueProblem:
    section = f" ({found.section})" if found.section else ""
    message = f"{found.attribute} {found.message}{section}"
    return ValueProblem("FAB311", message, _HINTS.get(found.rule, _RAW))


def _same(found: Finding) -> tuple[str, str | None]:
    return found.rule, found.attribute


def _errors(tags: Mapping[str, Any], about: Object) -> list[Finding]:
    from scenario_runner.conformance.standard import errors

    file = _file(about)
    known = bool(file.data.elements)
    set_here = _set(file.data, tags, about)
    found = errors(file, [(file.data, file.data.elements[tag]) for tag in set_here])
    if not known:
        names = {keyword for keyword in tags if not keyword.startswith("(")}
        found = [one for one in found if (one.attribute or "").split("[")[0].split(".")[0] in names]
    return [one for one in found if one.rule not in _ELSEWHERE]


def _file(about: Object) -> DicomFile:
    """The usual object with what the plan decides, to be changed at its top."""
    from scenario_runner.conformance.dicom_file import DicomFile
    from scenario_runner.conformance.elements import Element, Items

    usual = usual_object(about.kind, about.sop_class_uid) if about.kind else None
    if usual is None:
        return DicomFile(readable=True, whole=True, transfer_syntax=EXPLICIT_LE)
    data = Items(dict(usual.data.elements))
    syntax = about.transfer_syntax_uid
    if PIXEL_DATA in data.elements and syntax not in NATIVE:
        pixels = Element(PIXEL_DATA, "OB", "OB", b"", None, kept=False, fragments=[1])
        data.elements[PIXEL_DATA] = pixels
    else:
        syntax = EXPLICIT_LE
    file = DicomFile(usual.meta, data, syntax, usual.meta_length, readable=True, whole=True)
    _set(data, about.planned, about)
    if is_paired(data.text("BodyPartExamined")) and "ImageLaterality" not in _keywords(data):
        _set(data, {"Laterality": "R"}, about)
    return file


def _keywords(data: Items) -> frozenset[str]:
    from scenario_runner.conformance.elements import name_of

    return frozenset(map(name_of, data.elements))


def _set(data: Items, tags: Mapping[str, Any], about: Object) -> list[int]:
    """Put values into a data set as overrides would. Returns the tags of those that were set."""
    made = []
    for keyword, value in tags.items():
        tag = None if keyword.lstrip().startswith("(") else tag_for_keyword(keyword)
        if tag is None or tag >> 16 <= 2:
            continue
        if _left_out(value):
            data.elements.pop(tag, None)
            empty = data.parent is None and keyword in empty_when_null(about.sop_class_uid)
            if value is not None or not empty:
                continue
            value = ""
        try:
            data.elements[tag] = _element(data, keyword, tag, value, about)
        except (ValueError, TypeError, struct.error, OverflowError):
            continue  # told as a value that does not fit its VR
        made.append(tag)
    data.elements = dict(sorted(data.elements.items()))
    return made


def _left_out(value: Any) -> bool:
    return value is None or (is_raw(value) and value["raw"] is None)


def _element(data: Items, keyword: str, tag: int, value: Any, about: Object) -> Any:
    from scenario_runner.conformance.elements import Element, Items

    choice = vrs_of(tag) or ("UN",)
    if is_raw(value):
        vr = choice[0]
        raw = pad(raw_bytes(value["raw"], vr), vr)
    elif choice == ("SQ",):
        element = Element(tag, "SQ", "SQ", b"", None, items=[])
        assert element.items is not None
        for number, inner in enumerate(_listed(value)):
            item = Items(parent=data, sequence=tag, index=number)
            _set(item, inner, about)
            element.items.append(item)
        return element
    else:
        vr = choice[0] if len(choice) == 1 else fitting_vr(keyword, value, choice)
        raw = pad(_encoded(values_of(value, vr), vr), vr)
    return Element(tag, vr, vr, raw, len(raw))


def _listed(value: Any) -> Iterable[Mapping[str, Any]]:
    if value in (None, ""):
        return []
    items = value if isinstance(value, list) else [value]
    if not all(isinstance(item, Mapping) for item in items):
        raise TypeError
    return items


def _encoded(values: list[Any], vr: str) -> bytes:
    """Bytes of the values; of letters that are not ASCII there is one each, to be counted."""
    texts = ["" if one is None else str(as_written(one)) for one in values]
    if vr in STRUCT_CODES:
        kind = float if STRUCT_CODES[vr] in "df" else int
        return struct.pack(f"<{len(texts)}{STRUCT_CODES[vr]}", *map(kind, texts))
    if vr == "AT":
        tags = [int(re.sub(r"[(),]", "", text), 16) for text in texts]
        return b"".join(struct.pack("<HH", tag >> 16, tag & 0xFFFF) for tag in tags)
    if vr in BYTES:
        return bytes.fromhex("".join(texts))
    return "\\".join(texts).encode("ascii", "replace")


def _place(found: Finding, tags: Mapping[str, Any], about: Object) -> Path | None:
    """The tag that is to blame, as deep as it goes; None when it is none of them."""
    steps = _PLACE.findall(found.attribute or "")
    if steps and steps[0][0] in tags:
        return _deepest(tags, steps)
    for keyword in tags:
        without = {key: value for key, value in tags.items() if key != keyword}
        if _same(found) not in set(map(_same, _errors(without, about))):
            return (keyword,)
    # No one alone: each of several has the same consequence.
    left = dict(tags)
    while left:
        keyword, _ = left.popitem()
        if _same(found) not in set(map(_same, _errors(left, about))):
            return (keyword,)
    return None


def _deepest(tags: Mapping[str, Any], steps: list[tuple[str, str]]) -> Path:
    path: list[str | int] = []
    here: Any = tags
    for keyword, number in steps:
        if not isinstance(here, Mapping) or keyword not in here:
            break
        path.append(keyword)
        here = here[keyword]
        if number and isinstance(here, list) and int(number) < len(here):
            path.append(int(number))
            here = here[int(number)]
    return tuple(path)


def _at(tags: Mapping[str, Any], path: Path) -> Any:
    here: Any = tags
    for step in path:
        here = here[step]
    return here
