"""A typical study of one kind as a scenario: what ``fabricate study`` runs, and writes with ``--save``."""

from __future__ import annotations

import json
import re
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import yaml

from scenario_runner.dicom.matching import has_wildcard
from scenario_runner.errors import UsageError
from scenario_runner.language.loader import parse_document
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.planning.dates import study_day
from scenario_runner.planning.modalities import ALIASES
from scenario_runner.planning.object_kinds import usual

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping

    from scenario_runner.planning.api import ModalityDefaults

_SAME_AS = {"dx": "xray", "xr": "xray", "x-ray": "xray", "pet": "pt", "mammo": "mg"}
"""Other words for a kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What the study is to be; whatever is None is as usual for its kind."""

    kind: str = "xray"
    target: str = "pacs"
    patient: str | None = None
    known: bool = False
    """Whether the registry knows the patient, who is met again as it has them."""
    name: str | None = None
    accession: str | None = None
    site_accession: str | None = None
    """The site's pattern, where it is known: what they have when nothing is wished."""
    studies: int = 1
    series: int | None = None
    images: int | None = None
    """In each series."""
    date: dt.date | int | None = None
    """A day, or a number of days from today, 0 and below."""
    seed: int | None = None


@cache
def typical() -> Mapping[str, Any]:
    """The kinds there are examples for, by name: ``title``, ``patient``, ``study`` and ``series``."""
    file = files("scenario_runner.app").joinpath("skeletons", "studies.yaml")
    found: dict[str, Any] = parse_document(file.read_text("utf-8"), "studies.yaml").data
    return found


def kinds(modalities: Mapping[str, ModalityDefaults]) -> list[str]:
    """Every word that ``fabricate study`` takes: the typical ones first, then all other modalities."""
    others = (one.lower() for one in usual(modalities))
    return list(dict.fromkeys([*typical(), *others]))


def scenario_text(
    wishes: Wishes, modalities: Mapping[str, ModalityDefaults], today: dt.date
) -> str:
    """The scenario as YAML, made to be read and grown. Raises UsageError for an unknown kind.

    today: where the site lies; written down, so that the scenario means the same day tomorrow.
    """
    kind = _kind(wishes.kind, modalities)
    example = typical().get(kind) or _plain(kind, modalities)
    patient = {
        **_who(wishes),
        **({"name": wishes.name} if wishes.name is not None else {}),
        **({} if wishes.known else example.get("patient", {})),
    }
    study = {
        **({"count": wishes.studies} if wishes.studies != 1 else {}),
        **({"accession": wishes.accession} if wishes.accession is not None else {}),
        **({"date": study_day(wishes.date, today).isoformat()} if wishes.date is not None else {}),
        **example["study"],
        "series": [
            {**one, **({"images": wishes.images} if wishes.images is not None else {})}
            for one in _so_many(example["series"], wishes.series)
        ],
    }
    head: dict[str, Any] = {
        "schema": "scenario/v1",
        "name": f"{kind}_study",
        "title": example["title"],
    }
    if wishes.seed is not None:
        head["seed"] = wishes.seed
    head["patients"] = [{**patient, "studies": [study]}]
    numbered = wishes.site_accession if wishes.accession is None else wishes.accession
    drawn = usual(modalities)
    pixels = any(drawn[one["modality"]].has_pixels for one in study["series"])
    return whole(
        head,
        wishes.target,
        pixels=pixels,
        numbered=numbered is None or is_key(numbered),
    )


def is_key(accession: str) -> bool:
    """Whether it finds its own studies alone: an empty key finds all (PS3.4 C.2.2.2.3), a wildcard others (C.2.2.2.4)."""
    return accession != "" and not has_wildcard(accession)


def whole(
    head: Mapping[str, Any], target: str, *, pixels: bool = True, numbered: bool = True
) -> str:
    """A scenario of this head that sends, finds, fetches and compares.

    pixels: whether there are any. numbered: whether each study is found by its accession number; by its UID otherwise.
    """
    text = yaml.dump(
        _marked(dict(head)), Dumper=_dumper(), sort_keys=False, allow_unicode=True, width=110
    )
    steps = _STEPS.replace("@TARGET@", _text(target))
    if pixels:
        steps = steps.replace(_TITLE, f"{_PIXELS}{_TITLE}")
    if not numbered:
        for one, instead in _BY_UID.items():
            steps = steps.replace(one, instead)
    return f"{text}{steps}"


def _who(wishes: Wishes) -> dict[str, Any]:
    """The patient that was asked for: somebody of the registry, or an ID."""
    if wishes.patient is None:
        return {}
    if wishes.known:
        return {"from": {"registry": {"id": wishes.patient}}}
    return {"id": wishes.patient}


def _kind(given: str, modalities: Mapping[str, ModalityDefaults]) -> str:
    """The kind by any word for it."""
    word = given.strip().lower()
    known = kinds(modalities)
    found = _SAME_AS.get(word, word)
    if found in known:
        return found
    near = get_close_matches(word, [*known, *_SAME_AS, *(a.lower() for a in ALIASES)], 1)
    hint = f"did you mean '{near[0]}'? " if near else ""
    raise UsageError(
        f"there is no kind of study '{given}'", hint=f"{hint}kinds: {', '.join(known)}"
    )


def _plain(kind: str, modalities: Mapping[str, ModalityDefaults]) -> dict[str, Any]:
    """One series of a modality, as is usual for it."""
    defaults = modalities[next(one for one in modalities if one.lower() == kind)]
    return {
        "title": f"A study of modality {defaults.modality} reaches the PACS and can be found again",
        "study": {"description": defaults.description or defaults.modality},
        "series": [{"modality": defaults.modality}],
    }


def _so_many(series: list[dict[str, Any]], count: int | None) -> Iterable[dict[str, Any]]:
    """The first so many of a kind's series, from the beginning again when it has fewer."""
    wanted = len(series) if count is None else count
    return (series[place % len(series)] for place in range(wanted))


class _Text(str):
    """Text that is quoted whatever it looks like: an ID 0012 stays what was typed."""

    __slots__ = ()


class _Row(dict[str, Any]):
    """A mapping on one line."""


def _marked(value: Any) -> Any:
    """The same tree with text and short mappings marked for the way they are written."""
    if isinstance(value, str):
        return _Text(value) if _needs_quotes(value) else value
    if isinstance(value, list):
        return [_marked(one) for one in value]
    if isinstance(value, dict):
        made = {key: _marked(one) for key, one in value.items()}
        nested = any(isinstance(one, dict | list) for one in value.values())
        return made if nested else _Row(made)
    return value


def _needs_quotes(text: str) -> bool:
    return re.fullmatch(r"[A-Za-z][A-Za-z0-9 _/.-]*", text) is None


@cache
def _dumper() -> Any:
    class Dumper(yaml.SafeDumper):
        def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
            del indentless  # a list lies deeper than its key, as everywhere here
            super().increase_indent(flow, indentless=False)

    def text(dumper: Any, value: _Text) -> Any:
        return dumper.represent_scalar("tag:yaml.org,2002:str", str(value), style='"')

    def row(dumper: Any, value: _Row) -> Any:
        return dumper.represent_mapping("tag:yaml.org,2002:map", value.items(), flow_style=True)

    def decimal(dumper: Any, value: float) -> Any:
        return dumper.represent_scalar("tag:yaml.org,2002:float", str(value))

    def numbers(dumper: Any, value: list[Any]) -> Any:
        flat = bool(value) and not any(isinstance(one, dict | list) for one in value)
        return dumper.represent_sequence("tag:yaml.org,2002:seq", value, flow_style=flat)

    Dumper.add_representer(_Text, text)
    Dumper.add_representer(_Row, row)
    Dumper.add_multi_representer(float, decimal)
    Dumper.add_representer(list, numbers)
    return Dumper


def _text(value: str) -> str:
    """A text inside the steps, quoted where YAML could take it for something else."""
    return json.dumps(value, ensure_ascii=False) if _needs_quotes(value) else value


_STEPS = """\
steps:
  - generate: {}
    title: Make it
  - send: {to: @TARGET@}
    title: Send it
    save_as: sent
  - wait: {on: @TARGET@, until: {stored: all}, every: 200ms, timeout: 1m}
    title: Wait until it is stored
  - query:
      on: @TARGET@
      level: study
      match: {AccessionNumber: "{{ studies | map(attribute='accession') | list }}"}
      return: [PatientID, PatientName, StudyDate]
    title: Find it by accession number
    save_as: found
  - retrieve: {from: @TARGET@}
    title: Fetch it back
    save_as: back
  - assert:
      - equal: {actual: "{{ found | map(attribute='StudyInstanceUID') | sort }}", expected: "{{ studies | map(attribute='uid') | sort }}"}
        title: Found by accession number, and nothing else
      - equal: {actual: "{{ found | map(attribute='PatientID') | map('default', '', true) | unique | sort }}", expected: "{{ patients | map(attribute='id') | unique | sort }}"}
        title: It belongs to the right patient
      - status: {of: sent, expected: success}
        title: Every image was accepted without a warning
      - stored: {on: @TARGET@}
        title: Every image is there, and no other
      - tags: {of: back, equal: sent}
        title: Every attribute came back as it was sent
    title: Compare
"""
_TITLE = "    title: Compare\n"
_PIXELS = """\
      - pixels: {of: back, equal: sent}
        title: Every pixel came back as it was sent
"""
_BY_UID = {
    "AccessionNumber: \"{{ studies | map(attribute='accession')": "StudyInstanceUID: \"{{ studies | map(attribute='uid')",
    "ind it by accession number": "ind it by its UID",
    "Found by accession number": "Found by its UID",
}
