"""Files of patients: ``patient_registry.json`` in whichever of the usual spellings, and our own."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from scenario_runner.errors import InvalidInput
from scenario_runner.registry.json_files import folded_key, places_in, read_json, renamed, wrong
from scenario_runner.registry.json_places import JsonPath
from scenario_runner.registry.patient import Patient

SCHEMA = "patients/v1"
_NAMES = {
    "id": ("patient_id", "mrn", "pid"),
    "issuer": ("issuer_of_patient_id", "assigning_authority"),
    "name": ("patient_name", "full_name"),
    "family": ("last_name", "family_name", "surname"),
    "given": ("first_name", "given_name"),
    "sex": ("gender", "patient_sex"),
    "birth_date": ("dob", "date_of_birth", "patient_birth_date", "birthday"),
    "address": ("patient_address",),
    "phone": ("phone_number", "telephone", "patient_telephone_numbers"),
    "locale": (),
    "created": ("created_at", "created_date", "creation_date", "date_created"),
    "last_used": ("last_used_at", "last_used_date", "used_at"),
    "other_ids": (),
    # Which the registry counts for itself.
    "studies": ("study_count", "usage_count", "studies_count", "use_count", "number_of_studies"),
}
_PATIENTS = ("patients", "registry", "patientregistry")
_SEXES = {
    "m": "M",
    "male": "M",
    "f": "F",
    "female": "F",
    "o": "O",
    "other": "O",
    "u": "O",
    "unknown": "O",
}
_DAY = re.compile(r"(\d{4})[-/.]?(\d{2})[-/.]?(\d{2})(?:T.*)?", re.ASCII)
_COMMA = re.compile(r"\s*,\s*")


def patients_in(path: Path) -> tuple[list[Patient], list[str]]:
    """The patients of a file, and its keys that mean nothing here.

    A list, or a mapping by ID, alone or below ``patients``. Raises InvalidInput with everything that is
    wrong, OSError.
    """
    data = read_json(path)
    held, above = _held(data)
    unknown = [each for each in data if each not in (*above, "schema")] if above else []
    found: dict[tuple[str, str], tuple[str, Patient]] = {}
    problems: list[tuple[JsonPath, str]] = []
    last = _last_birth(data)
    for place, label, given in _entries(path, held):
        try:
            one, others = _patient(given, last)
            _require_same(one, *found.setdefault(one.key, (label, one)))
        except ValueError as error:
            problems.append(((*above, place), f"{label}: {error}"))
            continue
        unknown += [key for key in others if key not in unknown]
    if problems:
        at = places_in(path, len(above) + 1)
        told = [wrong(path, message, None, *at[place]) for place, message in problems]
        raise InvalidInput([each for problem in told for each in problem.diagnostics])
    return [one for _, one in found.values()], unknown


def place_of(path: Path, one: Patient) -> tuple[int, int]:
    """Line and column of a patient that ``patients_in`` found there."""
    data = read_json(path)
    held, above = _held(data)
    last = _last_birth(data)
    for place, _, given in _entries(path, held):
        if _patient(given, last)[0].key == one.key:
            return places_in(path, len(above) + 1)[(*above, place)]
    return 1, 1


def as_file(people: Iterator[Patient]) -> Iterator[str]:
    """The text of a file that ``patients_in`` reads back, in pieces."""
    yield f'{{"schema": "{SCHEMA}", "patients": ['
    for number, one in enumerate(people):
        others = [{"id": id_, "issuer": issuer or None} for id_, issuer in one.other_ids]
        tree = {**one.as_json(), "locale": one.locale or None, "other_ids": others}
        yield ",\n " if number else "\n "
        yield json.dumps(tree, ensure_ascii=False)
    yield "\n]}\n"


def _held(data: Any) -> tuple[Any, JsonPath]:
    """What holds the patients, and the keys that lead to it."""
    keys = data if isinstance(data, dict) else ()
    key = next((key for key in keys if folded_key(key) in _PATIENTS), None)
    return (data, ()) if key is None else (data[key], (key,))


def _entries(path: Path, data: Any) -> Iterator[tuple[str | int, str, Any]]:
    """(place, what it is called, the patient) of each."""
    if isinstance(data, list):
        for place, one in enumerate(data):
            yield place, f"patient {place + 1}", one
    elif isinstance(data, dict):
        for key, one in data.items():
            yield key, f"patient '{key}'", {"id": key, **one} if isinstance(one, dict) else one
    else:
        raise wrong(path, "patients are a list, or an object by ID")


def _last_birth(data: Any) -> dt.date:
    """The last day on which somebody may be born; what export wrote is as a scenario wanted it."""
    exported = isinstance(data, dict) and data.get("schema") == SCHEMA
    return dt.date.max if exported else dt.datetime.now().astimezone().date()


def _require_same(one: Patient, label: str, before: Patient) -> None:
    if not before.is_same_person(one):
        raise ValueError(f"{label} has the ID '{one.id}', too, and is somebody else")


def _patient(given: Any, last: dt.date) -> tuple[Patient, list[str]]:
    if not isinstance(given, dict):
        raise ValueError("it is no object with name, sex and birth date")  # noqa: TRY004 - told with its place
    tree = renamed(given, _NAMES)
    unknown = [key for key in tree if key not in _NAMES]
    one = Patient(
        id=_text("id", tree.get("id")),
        issuer=_text("issuer", tree.get("issuer")),
        phone=_text("phone", tree.get("phone")),
        locale=_text("locale", tree.get("locale")),
        name=_name(tree),
        sex=_sex(tree.get("sex")),
        birth_date=_day(tree.get("birth_date"), last),
        address=_address(tree.get("address")),
        created=_moment("created", tree.get("created")),
        last_used=_moment("last_used", tree.get("last_used")),
        other_ids=_other_ids(tree.get("other_ids")),
    )
    if problem := one.problem():
        raise ValueError(problem.message)
    return one, unknown


def _text(name: str, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueError(f"'{name}' is text")  # noqa: TRY004 - told with the patient's place
    return str(value).strip()


def _name(tree: Mapping[str, Any]) -> str:
    value = tree.get("name")
    if isinstance(value, dict):
        tree, value = renamed(value, _NAMES), None
    if value is None:
        value = f"{_text('family', tree.get('family'))}^{_text('given', tree.get('given'))}".rstrip(
            "^"
        )
    text = _text("name", value)
    if "^" not in text and text.count(",") == 1:
        text = _COMMA.sub("^", text)
    if not text:
        raise ValueError("it has no name")
    return text


def _sex(value: Any) -> str:
    if value is None:
        raise ValueError("it has no sex")
    sex = _SEXES.get(_text("sex", value).lower())
    if sex is None:
        raise ValueError(f"the sex '{value}' is none of M, F, O")
    return sex


def _day(value: Any, last: dt.date) -> dt.date:
    if value is None:
        raise ValueError("it has no birth date")
    found = _DAY.fullmatch(_text("birth_date", value))
    try:
        day = dt.date(*map(int, found.groups())) if found else None
    except ValueError:
        day = None
    if day is None:
        raise ValueError(f"the birth date '{value}' is no day, such as 1970-01-31")
    if day > last:
        raise ValueError(f"the birth date '{value}' is yet to come")
    return day


def _address(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(_text("address", part) for part in value.values() if part)
    return _text("address", value)


def _moment(name: str, value: Any) -> dt.datetime | None:
    text = _text(name, value)
    if not text:
        return None
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"'{name}' is no moment, such as 2026-01-31T09:30:00Z") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)


def _other_ids(value: Any) -> tuple[tuple[str, str], ...]:
    if value is None:
        return ()
    if not isinstance(value, list):
        raise ValueError("'other_ids' is a list")  # noqa: TRY004 - as above
    pairs = [one if isinstance(one, dict) else {"id": one} for one in value]
    return tuple((_text("id", one.get("id")), _text("issuer", one.get("issuer"))) for one in pairs)
