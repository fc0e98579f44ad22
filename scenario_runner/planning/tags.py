"""``tags``: attributes that the scenario sets itself, checked before anything is made.

A key is a keyword (``StationName``), or ``(gggg,xxee) CREATOR`` for a private attribute. A value is
a scalar, a list for several values, a list of mappings for a sequence; ``null`` is no value: one of
Type 2 is empty then, another is left out; ``{raw: …}`` is written as it is, whatever the Standard
says, and only has to have bytes; ``{raw: null}`` leaves any attribute out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from scenario_runner.dicom import forms
from scenario_runner.dicom.dictionary import entry_of, keywords
from scenario_runner.dicom.vrs import ALL, BYTES, ONE_TEXT, STRUCT_CODES, TEXT
from scenario_runner.fields.scalars import as_written
from scenario_runner.language.diagnostic_words import did_you_mean
from scenario_runner.planning import person_name
from scenario_runner.planning.raw_values import raw_bytes
from scenario_runner.planning.value_problems import ValueProblem, check_text

Path = tuple[str | int, ...]
Report = Callable[[Path, ValueProblem], None]

_PRIVATE = re.compile(r"\(\s*([0-9A-Fa-f]{4})\s*,\s*[xX]{2}([0-9A-Fa-f]{2})\s*\)\s*(.*)")

DESCRIBE_PIXELS = frozenset(
    {
        "Rows", "Columns", "BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation",
        "SamplesPerPixel", "PhotometricInterpretation", "PlanarConfiguration", "NumberOfFrames",
        "PixelData",
    }
)  # fmt: skip
"""Attributes that follow from what is drawn; only a negative test sets them."""


def merge(*levels: Mapping[str, Any]) -> dict[str, Any]:
    """Overrides of patient, study and series as one; the nearest (the last) wins."""
    merged: dict[str, Any] = {}
    for level in levels:
        merged.update(level)
    return merged


def check_tags(tags: Mapping[str, Any], report: Report) -> None:
    """Tell of every key that is unknown and every value that does not fit (FAB302, 305, 311)."""
    for key, value in tags.items():
        if key in DESCRIBE_PIXELS and not _is_raw(value):
            hint = "use 'size', 'frames' or 'phantom', or {raw: …} for a negative test"
            report((key,), _wrong(f"{key} describes the pixels as they are drawn", hint))
            continue
        _check_entry(key, value, (key,), report)


def _check_entry(key: str, value: Any, path: Path, report: Report) -> None:
    if key.lstrip().startswith("("):
        _check_private(key, value, path, report)
        return
    found = _lookup(key)
    if isinstance(found, ValueProblem):
        report(path, found)
        return
    vrs, vm = found
    _check_value(key, value, vrs, vm, path, report)


def _lookup(keyword: str) -> tuple[list[str], str] | ValueProblem:
    """The VRs that the attribute may have, and how many values."""
    found = entry_of(keyword)
    if found is None:
        meant = did_you_mean(keyword, sorted(keywords()))
        hint = 'write a keyword of PS3.6, or "(gggg,xxee) CREATOR" for a private attribute'
        return _wrong_key(f"unknown attribute '{keyword}'{meant}", hint)
    tag, entry = found
    if tag >> 16 <= 2:
        return _wrong_key(
            f"'{keyword}' belongs to the file meta information, not to the data set",
            "it follows from the transfer syntax and the SOP class of the series",
        )
    return entry.vr.split(" or "), entry.vm


def _check_private(key: str, value: Any, path: Path, report: Report) -> None:
    match = _PRIVATE.fullmatch(key.strip())
    example = '"(0009,xx01) MY COMPANY": {vr: LO, value: text}'
    if match is None or not match[3].strip():
        report(path, _wrong_key(f"'{key}' is not a private attribute", f"write {example}"))
    elif int(match[1], 16) % 2 == 0 or int(match[1], 16) <= 8 or match[1].upper() == "FFFF":
        hint = "private groups are odd and from 0009 on (PS3.5 7.8)"
        report(path, _wrong_key(f"({match[1]},…) is not a private group", hint))
    elif problem := check_text(match[3].strip(), "LO", "the private creator"):
        report(path, replace(problem, of_key=True))
    elif value is None:
        return
    elif _is_raw(value):
        _check_raw(value, ["LO"], path, report)
    elif not isinstance(value, dict) or set(value) - {"vr", "value"} or "vr" not in value:
        report(path, _wrong("a private attribute needs its VR", f"write {example}"))
    elif value["vr"] not in ALL:
        report(
            (*path, "vr"),
            _wrong(f"unknown VR '{value['vr']}'", f"VRs: {', '.join(sorted(ALL))}"),
        )
    else:
        vr = value["vr"]
        vm = "1" if vr in ONE_TEXT else "1-n"  # PS3.5 6.4
        _check_value(key, value.get("value"), [vr], vm, (*path, "value"), report)


def _check_value(key: str, value: Any, vrs: list[str], vm: str, path: Path, report: Report) -> None:
    if value is None:
        return
    if _is_raw(value):
        _check_raw(value, vrs, path, report)
        return
    if vrs == ["SQ"]:
        _check_sequence(key, value, path, report)
        return
    values = values_of(value, vrs[0])
    if values and not forms.allowed(vm, len(values)):
        noun = "one value" if vm == "1" else f"{vm} values"
        report(path, _wrong(f"{key} has {noun}, not {len(values)}", "PS3.6, value multiplicity"))
        return
    for place, item in enumerate(values):
        _check_one(key, item, vrs, (*path, place) if isinstance(value, list) else path, report)
    if len(values) > 1 and "" in map(_text, values) and not TEXT.issuperset(vrs):
        report(path, _wrong(f"{key} has an empty value among others, which no number can be", None))


def values_of(value: Any, vr: str) -> list[Any]:
    """The single values of a tag: members of a list, or of a text with backslashes where they divide it."""
    if isinstance(value, list):
        values = value
    elif isinstance(value, str) and "\\" in value and vr not in ONE_TEXT | BYTES:
        values = value.split("\\")
    else:
        values = [value]
    return values if any(_text(one) for one in values) or len(values) > 1 else []


def fitting_vr(key: str, value: Any, vrs: Sequence[str]) -> str:
    """Of the VRs that an attribute may have the first that its values fit."""
    values = values_of(value, vrs[0])
    return next((vr for vr in vrs if not any(problem_of(key, one, vr) for one in values)), vrs[0])


def _text(value: Any) -> Any:
    return "" if value is None else as_written(value)


def _check_raw(value: Mapping[str, Any], vrs: list[str], path: Path, report: Report) -> None:
    """Anything may be raw but what has no bytes: 70000 in two of them, hexadecimal that is none."""
    if value["raw"] is None:
        return
    try:
        raw_bytes(value["raw"], vrs[0])
    except ValueError as error:
        hint = "write its bytes, raw: 'hex:FFFF', or its characters in quotes, raw: '5'"
        report((*path, "raw"), _wrong(str(error), hint))


def _check_sequence(key: str, value: Any, path: Path, report: Report) -> None:
    items = [value] if isinstance(value, dict) else value
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        report(path, _wrong(f"{key} is a sequence", f"write {key}: [{{KEYWORD: value}}]"))
        return
    for place, item in enumerate(items):
        for name, inner in item.items():
            _check_entry(
                name, inner, (*path, place, name) if items is value else (*path, name), report
            )


def _check_one(key: str, value: Any, vrs: list[str], path: Path, report: Report) -> None:
    problems = [problem_of(key, value, vr) for vr in vrs]
    if all(problems):
        problem = problems[0]
        assert problem is not None
        negative = "write {raw: …} to send it all the same"
        hint = f"{problem.hint}; {negative}" if problem.hint else negative
        report(path, ValueProblem(problem.code, problem.message, hint))


def problem_of(key: str, value: Any, vr: str) -> ValueProblem | None:
    """Why one value does not fit its VR (PS3.5 6.2), or None. An empty value always fits."""
    text = as_written(value)
    if text is None or text == "":
        return None
    if not isinstance(text, str):
        return _wrong(f"{key} takes text or a number, not {_kind(value)}", None)
    if vr == "PN":
        return person_name.check(text)
    if vr in BYTES:
        fault, hint = forms.bytes_fault(text, vr), "write 00 FF 7A"
    elif vr in STRUCT_CODES:
        fault, hint = forms.number_fault(text, vr), None
    elif vr == "AT":
        fault, hint = forms.tag_fault(text), "write (0010,0020)"
    else:
        judge = forms.uid_fault if vr == "UI" else partial(forms.form_fault, vr=vr)
        fault = judge(text.rstrip(" ") if vr != "UI" else text)
        problem = check_text(text, vr, key)
        if problem and not (fault and vr in forms.OF_A_FORM):
            return problem
        known = forms.IN_WORDS.get(vr)
        hint = f"the form is {known} (PS3.5 6.2)" if known else "PS3.5 6.2"
    return _wrong(f"{key}: '{text[:64]}' {fault} (VR {vr})", hint) if fault else None


def _is_raw(value: Any) -> bool:
    return isinstance(value, dict) and set(value) == {"raw"}


def _kind(value: Any) -> str:
    return "a list" if isinstance(value, list) else "a mapping"


def _wrong(message: str, hint: str | None) -> ValueProblem:
    return ValueProblem("FAB311", message, hint)


def _wrong_key(message: str, hint: str) -> ValueProblem:
    return ValueProblem("FAB311", message, hint, of_key=True)
