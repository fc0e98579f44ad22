"""``patient_config.json``: how patients are to be made, in whichever of the usual spellings."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from scenario_runner.planning.person_name import part_problem
from scenario_runner.registry.json_files import (
    MOST_DIGITS,
    folded_key,
    places_in,
    read_json,
    renamed,
    wrong,
)

_NAMES = {
    "id_pattern": ("patient_id_pattern", "pattern", "id_format", "patient_id_format", "format"),
    "start": ("start_number", "starting_number", "start_value", "id_start", "start_from", "counter_start"),
    "increment": ("step", "id_increment", "increment_by", "counter_increment"),
    "issuer": ("assigning_authority", "issuer_of_patient_id"),
    "locale": ("language",),
    "family_names": ("last_names", "surnames", "last", "family"),
    "male_names": ("male_first_names", "male_given_names", "first_names_male", "given_names_male", "male",
                   "male_first", "first_male"),
    "female_names": ("female_first_names", "female_given_names", "first_names_female",
                     "given_names_female", "female", "female_first", "first_female"),
    "given_names": ("first_names", "first", "given"),
    "birth_years": ("birth_year_range", "birth_year", "birth_year_limits"),
    "first_year": ("birth_year_min", "min_birth_year", "birth_year_start", "birth_year_from"),
    "last_year": ("birth_year_max", "max_birth_year", "birth_year_end", "birth_year_to"),
    "address_patterns": ("address_pattern", "addresses", "address", "address_format"),
    "phone_patterns": ("phone_pattern", "phones", "phone", "phone_format", "telephone_pattern"),
}  # fmt: skip
_GROUPS = (
    "patientid",
    "patientidconfig",
    "id",
    "names",
    "namelists",
    "demographics",
    "patient",
    "config",
)
"""Keys under which a file may put some of the others together."""
_GREATEST = 2**63 - 1
"""What the registry counts to."""
_LAST = 2200
"""A year that nobody means to go beyond; who is made is born by today all the same."""
_PLACE = re.compile(r"#+|\{(?:[A-Za-z_]*):?0?(\d+)d\}")
"""``######``, ``{:06d}`` or ``{number:06d}``: a counter in the spelling of other programs."""


def configuration(path: Path) -> tuple[dict[str, Any], list[str]]:
    """The settings of a file by our names, and its keys that are none. Raises InvalidInput, OSError."""
    data = read_json(path)
    if not isinstance(data, dict):
        raise wrong(
            path, "a configuration of patients is an object", '{"id_pattern": "PID{6digits}"}'
        )
    flat, unknown = _flat(data, "")
    values: dict[str, Any] = {}
    key = ""
    try:
        for name, (key, value) in flat.items():
            _take(values, name, key, value)
        if "first_year" in values or "last_year" in values:
            first = values.pop("first_year", 1900)
            values["birth_years"] = _years("birth_year", [first, values.pop("last_year", _LAST)])
    except ValueError as error:
        raise wrong(path, str(error), None, *_place(path, key)) from None
    return values, unknown


def _place(path: Path, key: str) -> tuple[int, int]:
    """Where a key stands. key: with those of the groups it is in."""
    found = places_in(path, key.count(".") + 1)
    return next((at for keys, at in found.items() if ".".join(map(str, keys)) == key), (1, 1))


def _flat(data: Mapping[str, Any], above: str) -> tuple[dict[str, tuple[str, Any]], list[str]]:
    found: dict[str, tuple[str, Any]] = {}
    unknown: list[str] = []
    spelt = {key: ours for key in data for ours in renamed({key: 0}, _NAMES)}
    for key, value in data.items():
        name = spelt[key]
        shown = f"{above}{key}"
        grouped = folded_key(key) in _GROUPS or name == "given_names"
        if isinstance(value, dict) and grouped:
            below, others = _flat(value, f"{shown}.")
            found |= below
            unknown += others
        elif name in _NAMES:
            found[name] = (shown, value)
        elif folded_key(key) == "patientid":
            found["id_pattern"] = (shown, value)
        else:
            unknown.append(shown)
    return found, unknown


def _take(values: dict[str, Any], name: str, key: str, value: Any) -> None:
    match name:
        case "id_pattern":
            values[name] = _pattern(_said(key, _text(key, value)))
        case "locale":
            values[name] = _said(key, _text(key, value))
        case "issuer":
            values[name] = _text(key, value)
        case "increment":
            values[name] = _number(key, value, least=1)
        case "start" | "first_year" | "last_year":
            values[name] = _number(key, value)
        case "birth_years":
            values[name] = _years(key, value)
        case "given_names":
            names = _parts(key, value)
            for each in ("male_names", "female_names"):
                values.setdefault(each, names)
        case "family_names" | "male_names" | "female_names":
            values[name] = _parts(key, value)
        case _:
            values[name] = _texts(key, value)


def _pattern(text: str) -> str:
    """A pattern in our spelling: ``PAT-######`` and ``PAT{:06d}`` count with six digits."""
    return _PLACE.sub(lambda found: f"{{{found[1] or len(found[0])}digits}}", text)


def _text(key: str, value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"'{key}' is text")  # noqa: TRY004 - told with the file's name
    return value


def _said(key: str, text: str) -> str:
    if not text.strip():
        raise ValueError(f"'{key}' is empty; leave it out to keep what is in effect")
    return text


def _number(key: str, value: Any, least: int = 0) -> int:
    if isinstance(value, str) and value.strip().isdecimal():
        # Python reads no longer ones, which are too great anyway.
        value = int(value) if len(value) <= MOST_DIGITS else _GREATEST + 1
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ValueError(f"'{key}' is a number, {least} or more")
    if value > _GREATEST:
        raise ValueError(f"'{key}' is a number, {_GREATEST} at most")
    return value


def _texts(key: str, value: Any) -> list[str]:
    given: Iterable[Any] = [value] if isinstance(value, str) else value
    if not isinstance(given, list) or not given or not all(isinstance(one, str) for one in given):
        raise ValueError(f"'{key}' is a text, or a list of texts")
    return list(given)


def _parts(key: str, value: Any) -> list[str]:
    """Names of a list: each is one component."""
    names = _texts(key, value)
    for one in names:
        if problem := part_problem(key, _said(key, one)):
            raise ValueError(problem.message)
    return names


def _years(key: str, value: Any) -> list[int]:
    if isinstance(value, dict):
        parts = renamed(value, {"first": ("min", "start", "from"), "last": ("max", "end", "to")})
        value = [parts.get("first"), parts.get("last")]
    if not isinstance(value, list) or len(value) != 2:
        raise ValueError(f"'{key}' is two years, [1930, 2010]")
    first, last = (_number(key, one) for one in value)
    if not 1800 <= first <= last <= _LAST:
        raise ValueError(f"'{key}' is two years in order, such as [1930, 2010], not {value}")
    if first > dt.datetime.now().astimezone().year:
        raise ValueError(f"'{key}' begins in {first}, when nobody has been born yet")
    return [first, last]
