"""The table of what modules require, made from the module tables that highdicom carries.

    python -m scenario_runner.reference.requirements HIGHDICOM DICOM_STANDARD

HIGHDICOM is the folder ``src/highdicom/_standard`` of highdicom (PyPI, 0.28.2: MIT), DICOM_STANDARD the
folder ``standard`` of github.com/innolitics/dicom-standard (MIT); both are generated from the Standard's
own PS3.3. Facts are taken: which modules an IOD must have, which attributes are Type 1 and Type 2 in
them, which are in the items of a sequence wherever that sequence stands, and where PS3.3 says so.
"""

from __future__ import annotations

import json
import re
import sys
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scenario_runner.dicom.dictionary import tag_for_keyword
from scenario_runner.dicom.sop_classes import STORAGE_ARC

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

TABLE = Path(__file__).parents[1] / "conformance/rules/required.tsv"

_OLD_NUMBERS = {
    "C.7-1": "C.7.1.1", "C.7-3": "C.7.2.1", "C.7-5a": "C.7.3.1", "C.7-6": "C.7.4.1",
    "C.7-7": "C.7.4.2", "C.7-8": "C.7.5.1", "C.7-8b": "C.7.5.2", "C.7-9": "C.7.6.1",
    "C.7-10": "C.7.6.2", "C.7-11a": "C.7.6.3", "C.7-12b": "C.7.6.4b", "C.7-14": "C.7.6.6",
    "C.7-22": "C.7.9", "C.8-1": "C.8.1.1", "C.8-2": "C.8.1.2", "C.8-3": "C.8.2.1",
    "C.8-4": "C.8.3.1", "C.8-5": "C.8.4.6", "C.8-6": "C.8.4.7", "C.8-7": "C.8.4.8",
    "C.8-9": "C.8.4.9", "C.8-10": "C.8.4.10", "C.8-11": "C.8.4.11", "C.8-18": "C.8.5.6",
    "C.8-24": "C.8.6.1", "C.8-25b": "C.8.6.3", "C.8-26": "C.8.7.1", "C.8-27": "C.8.7.2",
    "C.8-30": "C.8.7.5", "C.8-60": "C.8.9.1", "C.8-61": "C.8.9.2", "C.8-63": "C.8.9.4",
    "C.8-68": "C.8.11.1", "C.8-69": "C.8.11.2", "C.8-70": "C.8.11.3", "C.8-71": "C.8.11.4",
    "C.8-73": "C.8.11.6", "C.8-74": "C.8.11.7", "C.8-75": "C.8.11.8", "C.8-76": "C.8.11.9",
    "C.8-77": "C.8.12.1", "C.8-79": "C.8.13.1", "C.8-101": "C.8.13.6", "C.8-113": "C.8.15.1",
    "C.8-114": "C.8.15.2", "C.10-4": "C.10.4", "C.12-1": "C.12.1", "C.17-1": "C.17.1",
    "C.17-2": "C.17.2", "C.17-4": "C.17.3", "C.24-1": "C.24.1", "C.24-2": "C.24.2",
}  # fmt: skip
"""Sections of the tables that are numbered through their chapter."""
_TYPES = ("1", "1C", "2")
_CODES = frozenset({"CodeMeaning", "CodeValue", "CodingSchemeDesignator"})
"""A rule of its own judges codes."""
_Places = defaultdict[str, defaultdict[tuple[str, ...], dict[str, str]]]
_CONTENT = frozenset({"sr-document-content"})
"""Content items are alternatives, which a rule of its own judges."""
_GROUPS = ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence")
_ORIGINAL = re.compile(r"Required if Image Type \(0008,0008\) Value 1 is ORIGINAL or MIXED\b.*")
_MACROS = {
    "ct-pixel-value-transformation": "PixelValueTransformationSequence",
    "identity-pixel-value-transformation": "PixelValueTransformationSequence",
    "frame-voi-lut-with-lut": "FrameVOILUTSequence",
    "frame-voi-lut": "FrameVOILUTSequence",
    "plane-position-patient": "PlanePositionSequence",
    "plane-orientation-patient": "PlaneOrientationSequence",
    "mr-image-frame-type": "MRImageFrameTypeSequence",
    "ct-image-frame-type": "CTImageFrameTypeSequence",
    "x-ray-3d-frame-type": "XRay3DFrameTypeSequence",
}
"""Functional groups whose sequence is not called as they are."""


def table(highdicom: Path, standard: Path) -> str:
    """The rows, below a heading that names the sources."""
    everything = json.loads((highdicom / "module_attribute_map.json").read_text(encoding="utf-8"))
    modules = {name: list(filter(_known, rows)) for name, rows in everything.items()}
    iods = json.loads((highdicom / "iod_module_map.json").read_text(encoding="utf-8"))
    classes = json.loads((highdicom / "sop_class_iod_map.json").read_text(encoding="utf-8"))
    linked = json.loads((standard / "modules.json").read_text(encoding="utf-8"))
    groups = json.loads((standard / "ciod_to_func_group_macros.json").read_text(encoding="utf-8"))
    needed = list(_classes(classes, iods, modules))
    used = {name for _, _, names in needed for name in names.split()}
    links = {each["id"]: each["linkToStandard"] for each in linked}
    rows = [
        *_modules({name: modules[name] for name in used}, links),
        *_items(modules),
        *needed,
        *_groups_of(classes, groups),
    ]
    heading = (
        "# What PS3.3 requires, made by scenario_runner/reference/requirements.py from the tables of\n"
        "# highdicom and innolitics/dicom-standard. Keywords are parted by blanks.\n"
        "# module: name, section, Type 1, 1C, 2. item: sequence, or the one it is in and it; Type 1,\n"
        "# 1C (which has a value where it is there) and 2 of its items.\n"
        "# class: SOP class, its mandatory modules. groups: SOP class, the functional groups it must\n"
        "# have, and those it must have when its image type is ORIGINAL or MIXED.\n"
    )
    return heading + "".join("\t".join(row) + "\n" for row in rows)


def _known(row: dict[str, Any]) -> bool:
    """Overlays and curves, of repeating groups, are not looked for."""
    return all(tag_for_keyword(keyword) is not None for keyword in (row["keyword"], *row["path"]))


def _modules(modules: dict[str, Any], links: dict[str, str]) -> Iterator[tuple[str, ...]]:
    for name, rows in sorted(modules.items()):
        if name in _CONTENT:
            continue
        columns = [
            " ".join(r["keyword"] for r in rows if r["type"] == kind and not r["path"])
            for kind in _TYPES
        ]
        if any(columns):
            yield "module", name, _section(links.get(name, "")), *columns


def _section(link: str) -> str:
    """``C.8.2.1`` of a link to ``#table_C.8.2.1-1``; of an older number the table itself."""
    found = re.search(r"#(?:sect|table)_([A-Z][\d.a-z]*?)(-\d+[a-z]?)?$", link)
    if found is None:
        return ""
    number = f"{found[1]}{found[2] or ''}"
    if found[1].count(".") > 1 or not found[2]:
        return found[1]
    return _OLD_NUMBERS.get(number, f"Table {number}")


def _items(modules: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    """What is required in the items of a sequence wherever it stands, and more within another one."""
    places: _Places = defaultdict(lambda: defaultdict(dict))
    groups: dict[str, set[str]] = defaultdict(set)
    for name, rows in modules.items():
        for row in rows:
            path = row["path"]
            if name in _CONTENT or not path or path[-1] == "ContentSequence":
                continue
            if path[-1] in _GROUPS:
                groups[row["keyword"]].add(row["type"])
                continue
            for sequence in (path[-1], "/".join(path[-2:])):
                places[sequence][name, *path][row["keyword"]] = row["type"]
    told: dict[str, list[set[str]]] = {}
    for sequence, found in sorted(places.items(), key=lambda each: ("/" in each[0], each[0])):
        columns = _columns(found)
        told[sequence] = columns
        if "/" in sequence:
            every = told[sequence.rpartition("/")[2]]
            columns = [more - set().union(*every) for more in columns]
        if any(columns):
            yield "item", sequence, *(" ".join(sorted(column)) for column in columns)
    filled = " ".join(sorted(keyword for keyword, kinds in groups.items() if kinds <= {"1", "1C"}))
    for sequence in _GROUPS:
        yield "item", sequence, "", filled, ""


def _columns(found: dict[tuple[str, ...], dict[str, str]]) -> list[set[str]]:
    keywords = set.intersection(*map(set, found.values())) - _CODES
    types = {keyword: {place[keyword] for place in found.values()} for keyword in keywords}
    one = {keyword for keyword, kinds in types.items() if kinds == {"1"}}
    conditional = {k for k, kinds in types.items() if kinds <= {"1", "1C"}} - one
    return [one, conditional, {k for k, kinds in types.items() if kinds <= {"1", "2"}} - one]


def _classes(
    classes: dict[str, str], iods: dict[str, Any], modules: dict[str, Any]
) -> Iterator[tuple[str, ...]]:
    for uid, iod in sorted(classes.items()):
        if uid.startswith(STORAGE_ARC) and iod in iods:
            needed = [each["key"] for each in iods[iod] if each["usage"] == "M"]
            yield "class", uid, " ".join(name for name in needed if name in modules)


def _groups_of(classes: dict[str, str], groups: list[dict[str, str]]) -> Iterator[tuple[str, ...]]:
    for uid, iod in sorted(classes.items()):
        mine = [each for each in groups if each["ciodId"] == iod]
        always = [each for each in mine if each["usage"] == "M"]
        original = [
            each
            for each in mine
            if each["usage"] == "C" and _ORIGINAL.fullmatch(each["conditionalStatement"] or "")
        ]
        if always or original:
            yield "groups", uid, _sequences(always), _sequences(original)


def _sequences(groups: list[dict[str, str]]) -> str:
    """Those of which the keyword is known; a few are called in another way."""
    keywords = map(_sequence, groups)
    return " ".join(keyword for keyword in keywords if tag_for_keyword(keyword) is not None)


def _sequence(group: dict[str, str]) -> str:
    """The sequence of a functional group macro."""
    name = group["macroId"]
    if name in _MACROS:
        return _MACROS[name]
    words = {"ct": "CT", "mr": "MR", "us": "US", "rt": "RT", "voi": "VOI", "fov": "FOV"}
    return "".join(words.get(word, word.capitalize()) for word in name.split("-")) + "Sequence"


def main(arguments: Sequence[str]) -> int:
    """Write the table."""
    highdicom, standard = map(Path, arguments)
    TABLE.write_text(table(highdicom, standard), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
