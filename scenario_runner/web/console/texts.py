"""The catalogue of texts: a folder for each language, a file for each page, a key for each text."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import yaml

from scenario_runner.lazy_dataclasses import dataclass

ENGLISH: Final = "en"
_ASKED: Final = re.compile(r"\s*([A-Za-z]{2,8})(?:-[A-Za-z0-9-]*)?\s*(?:;\s*q=([0-9.]{1,5}))?\s*")
_FORMS: Final = frozenset({"one", "other"})


@dataclass(frozen=True, slots=True)
class Language:
    """The texts of one language. texts: key to text, or to the forms ``one`` and ``other`` of a count."""

    code: str
    texts: Mapping[str, str | Mapping[str, str]]

    def __call__(self, key: str, **values: Any) -> str:
        """A text with its values put in. ``count`` chooses between forms. Raises KeyError for one there is not."""
        found = self.texts[key]
        if not isinstance(found, str):
            found = found["one" if values.get("count") == 1 else "other"]
        return found.format_map(_Shown(values)) if "{" in found else found

    def unfilled(self, key: str) -> str:
        """A text with its places for values, for a script to fill. Raises KeyError."""
        return str(self.texts[key])

    def has(self, key: str) -> bool:
        """Whether there is such a text."""
        return key in self.texts


class _Shown(dict[str, Any]):
    """Numbers with their thousands apart, whatever else as it is."""

    def __getitem__(self, key: str) -> Any:
        found = super().__getitem__(key)
        return f"{found:,}" if isinstance(found, int) and not isinstance(found, bool) else found


class Catalogue:
    """All languages of a folder. A text that a language lacks is English."""

    def __init__(self, folder: Path) -> None:
        english = _read(folder / ENGLISH)
        self.languages = {ENGLISH: Language(ENGLISH, english)}
        for one in sorted(folder.iterdir()):
            if one.is_dir() and one.name != ENGLISH:
                self.languages[one.name] = Language(one.name, {**english, **_read(one)})

    def best(self, accepted: str) -> Language:
        """The one a browser would rather have (``Accept-Language``, RFC 9110 12.5.4)."""
        wanted = [
            (_quality(found[2]), found[1].lower())
            for part in accepted[:500].split(",")
            if (found := _ASKED.fullmatch(part)) is not None
        ]
        for _, code in sorted(wanted, key=lambda one: -one[0]):
            if code in self.languages:
                return self.languages[code]
        return self.languages[ENGLISH]


def _quality(given: str | None) -> float:
    try:
        return 1.0 if given is None else float(given)
    except ValueError:
        return 0.0


def _read(folder: Path) -> dict[str, str | Mapping[str, str]]:
    texts: dict[str, str | Mapping[str, str]] = {}
    for file in sorted(folder.glob("*.yaml")):
        said = yaml.safe_load(file.read_text("utf-8")) or {}
        texts |= dict(_flat(said, [file.stem]))
    return texts


def _flat(said: Mapping[str, Any], above: Sequence[str]) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for key, value in said.items():
        if isinstance(value, dict) and not set(value) <= _FORMS:
            found += _flat(value, [*above, str(key)])
        else:
            found.append((".".join([*above, str(key)]), value))
    return found
