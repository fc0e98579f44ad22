"""HumanName as a DICOM person name, with its component groups (PS3.5 6.2.1.1)."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Any, Final

REPRESENTATION: Final = "http://hl7.org/fhir/StructureDefinition/iso21090-EN-representation"
_GROUPS: Final = {"ABC": 0, "IDE": 1, "SYL": 2}
"""HL7 v3 EntityNameUse, and the group of a person name that it is."""
_USES: Final = ("official", "usual", None, "temp", "nickname", "anonymous", "maiden", "old")
"""Which of several names somebody goes by; the first one wins."""
_COMPONENT: Final = str.maketrans({"^": " ", "=": " ", "\\": " "})
_LONGEST: Final = 64


def person_name(names: list[Any]) -> tuple[str, str]:
    """A whole PN value of the names of one person, and a remark; both may be empty."""
    known = [one for one in names if isinstance(one, Mapping)]
    order = {use: place for place, use in enumerate(_USES)}
    known.sort(key=lambda one: order.get(one.get("use"), len(order)))
    groups = ["", "", ""]
    remark = ""
    for one in known:
        written, guessed = _components(one)
        if not written:
            continue
        group = _group(one, written)
        if not groups[group]:
            groups[group] = written[:_LONGEST].rstrip("^ ")
            if guessed:
                remark = "its name is text alone, which does not say what is the family name"
            if len(written) > _LONGEST:
                remark = f"its name has {len(written)} characters, of which {_LONGEST} are kept"
    return "=".join(groups).rstrip("="), remark


def _components(name: Mapping[str, Any]) -> tuple[str, bool]:
    """Family, given, middle, prefix, suffix; and whether the text alone had to do."""
    given = _words(name.get("given"))
    family = _clean(name.get("family"))
    if not family and not given:
        text = _clean(name.get("text"))
        last, comma, first = text.partition(",")
        if comma:
            return f"{last.strip()}^{first.strip()}".rstrip("^"), False
        return text, bool(text)
    parts = (
        family,
        given[0] if given else "",
        " ".join(given[1:]),
        " ".join(_words(name.get("prefix"))),
        " ".join(_words(name.get("suffix"))),
    )
    return "^".join(parts).rstrip("^"), False


def _group(name: Mapping[str, Any], written: str) -> int:
    """By the extension, else by the script."""
    extensions = name.get("extension")
    for one in extensions if isinstance(extensions, list) else ():
        if isinstance(one, Mapping) and one.get("url") == REPRESENTATION:
            return _GROUPS.get(str(one.get("valueCode")), 0)
    scripts = {unicodedata.name(letter, "").split(" ")[0] for letter in written if letter.isalpha()}
    if "CJK" in scripts:
        return 1
    return 2 if scripts and scripts <= {"HIRAGANA", "KATAKANA"} else 0


def _words(value: Any) -> list[str]:
    given = value if isinstance(value, list) else []
    return [word for one in given if (word := _clean(one))]


def _clean(value: Any) -> str:
    if not isinstance(value, str):
        return ""
    printable = "".join(letter if letter.isprintable() else " " for letter in value)
    return " ".join(printable.translate(_COMPONENT).split())
