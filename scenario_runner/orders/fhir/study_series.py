"""Series and instances of an ImagingStudy as a scenario has them, and the places of their values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from scenario_runner.errors import Where
from scenario_runner.language.document import Path
from scenario_runner.orders.fhir import mapping
from scenario_runner.orders.fhir.documents import listed
from scenario_runner.orders.fhir.elements import elements
from scenario_runner.orders.fhir.study_reader import Reader

_MOST_INSTANCES: Final = 100_000
"""Of one series, for which numberOfInstances alone is a reason to make them."""
_SERIES_KEYS: Final = {
    "SeriesNumber": "number",
    "Modality": "modality",
    "SeriesDescription": "description",
    "BodyPartExamined": "body_part",
    "Laterality": "laterality",
}
_SERIES_TAGS: Final = ("SeriesDate", "SeriesTime", "PerformingPhysicianName")


def series_of(reader: Reader) -> tuple[list[dict[str, Any]], dict[Path, Where]]:
    """The series as a scenario has them, and the places of their values."""
    found: list[dict[str, Any]] = []
    places: dict[Path, Where] = {}
    given = listed(reader.study.get("series"))
    for number, one in enumerate(given):
        if not isinstance(one, dict):
            reader.told(f"series[{number}]", "this is no series")
            continue
        for tree, at in _one_series(reader, one, f"series[{number}]"):
            places |= {(len(found), *path): where for path, where in at.items()}
            found.append(tree)
    if not given:
        found = _unlisted(reader)
    return found, places


def _unlisted(reader: Reader) -> list[dict[str, Any]]:
    """A study that lists no series: one of each modality that it names."""
    path = "modality.coding.code" if reader.collected.release == "R5" else "modality.code"
    names = [value for value, _ in elements(reader.study, path) if isinstance(value, str)]
    wanted = reader.study.get("numberOfSeries")
    count = wanted if isinstance(wanted, int) and 0 < wanted <= 1000 and names else len(names)
    every = [names[min(place, len(names) - 1)] for place in range(max(count, len(names)))]
    return [{"modality": one, **mapping.usual_series().get(one, {})} for one in every]


def _one_series(
    reader: Reader, series: Mapping[str, Any], place: str
) -> Iterator[tuple[dict[str, Any], dict[Path, Where]]]:
    """A series; several of one UID where its instances are of several SOP classes."""
    said = reader.said(series, "series", place)
    tree: dict[str, Any] = {}
    places: dict[Path, Where] = {(): reader.where(place)}
    for keyword, key in _SERIES_KEYS.items():
        one = said.get(keyword)
        if one is not None and one.text:
            tree[key] = int(one.text) if key == "number" else one.text
            places[(key,)] = one.where
    tags: dict[str, str] = {
        keyword: said[keyword].text for keyword in _SERIES_TAGS if keyword in said
    }
    tags = {keyword: value for keyword, value in tags.items() if value}
    places |= {("tags", keyword): said[keyword].where for keyword in tags}
    if tree.get("number") == 0:
        del tree["number"]
        tags["SeriesNumber"] = "0"
    uid = said.get("SeriesInstanceUID")
    usual = mapping.usual_series().get(str(tree.get("modality")), {})
    if "size" in usual:
        tree["size"] = usual["size"]
    groups = _instances(reader, series, place)
    for sop_class, (instances, where) in groups.items():
        one_tree = {**tree, "tags": dict(tags)}
        if uid is not None:
            one_tree["tags"]["SeriesInstanceUID"] = (
                uid.text if len(groups) == 1 else {"raw": uid.text}
            )
            places[("tags", "SeriesInstanceUID")] = uid.where
        at = dict(places)
        if sop_class:
            one_tree["sop_class"] = sop_class
            at[("sop_class",)] = where
        if instances:
            one_tree["instances"] = [tree for tree, _ in instances]
            at |= {("instances", number): each for number, (_, each) in enumerate(instances)}
        elif "images" in usual:
            one_tree["images"] = usual["images"]
        yield one_tree, at


Instances = list[tuple[dict[str, Any], Where]]


def _instances(
    reader: Reader, series: Mapping[str, Any], place: str
) -> dict[str, tuple[Instances, Where]]:
    """What is listed, by SOP class; one group, of none, where nothing is."""
    groups: dict[str, tuple[Instances, Where]] = {}
    for number, one in enumerate(listed(series.get("instance"))):
        at = f"{place}.instance[{number}]"
        if not isinstance(one, dict):
            reader.told(at, "this is no instance")
            continue
        said = reader.said(one, "instance", at)
        tree: dict[str, Any] = {}
        if "SOPInstanceUID" in said:
            tree["uid"] = said["SOPInstanceUID"].text
        if "InstanceNumber" in said:
            tree["number"] = int(said["InstanceNumber"].text)
        sop_class = said.get("SOPClassUID")
        key = "" if sop_class is None else sop_class.text
        where = reader.where(at)
        group = groups.setdefault(key, ([], where if sop_class is None else sop_class.where))
        group[0].append((tree, where))
    wanted = series.get("numberOfInstances")
    listed_ = sum(len(group) for group, _ in groups.values())
    if isinstance(wanted, int) and not isinstance(wanted, bool) and wanted > listed_:
        at = f"{place}.numberOfInstances"
        if wanted > _MOST_INSTANCES:
            reader.told(at, f"{wanted} instances are more than can be meant")
        else:
            key = next(iter(groups), "")
            group = groups.setdefault(key, ([], reader.where(at)))
            group[0].extend(({}, reader.where(at)) for _ in range(wanted - listed_))
    return groups or {"": ([], reader.where(place))}
