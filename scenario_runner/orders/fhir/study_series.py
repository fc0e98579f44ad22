"""Series and instances of an ImagingStudy as a scenario has them, and the places of their values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from scenario_runner.errors import Where
from scenario_runner.orders.fhir import mapping
from scenario_runner.orders.fhir.documents import listed
from scenario_runner.orders.fhir.elements import elements
from scenario_runner.orders.fhir.study_reader import Reader
from scenario_runner.origins import Path

_MOST_INSTANCES: Final = 100_000
"""Of one series, for which numberOfInstances alone is a reason to make them."""
_MOST_SERIES: Final = 1000
"""Of a study that lists none and counts them."""
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
    for parts in _by_uid(reader, given):
        if none := _says_none(reader.study, parts):
            reader.remarks.append(f"{reader.where(none).label} is 0: the series is not made")
            continue
        for tree, at in _one_series(reader, parts):
            places |= {(len(found), *path): where for path, where in at.items()}
            found.append(tree)
    if not given and not says_none(reader.study):
        found = _unlisted(reader)
    return found, places


def says_none(study: Mapping[str, Any]) -> str:
    """Where a study that lists no series says that it has none, or no instances; empty where it does not."""
    counts = ("numberOfSeries", "numberOfInstances")
    return next((name for name in counts if _count(study, name) == 0), "")


def _says_none(study: Mapping[str, Any], parts: Sequence[Part]) -> str:
    """Where it is said of a series that lists no instances that it has none."""
    if any(listed(series.get("instance")) for series, _ in parts):
        return ""
    name = "numberOfInstances"
    counts = [(count, place) for one, place in parts if (count := _count(one, name)) is not None]
    if counts:
        most, place = max(counts)
        return "" if most else f"{place}.{name}"
    return name if _count(study, name) == 0 else ""


def _count(resource: Mapping[str, Any], name: str) -> int | None:
    count = resource.get(name)
    return count if isinstance(count, int) and not isinstance(count, bool) else None


Part = tuple[Mapping[str, Any], str]
"""What a resource says of a series, and its place; of one that is listed several times each is a part."""


def _by_uid(reader: Reader, given: Sequence[Any]) -> Iterator[Sequence[Part]]:
    """The series, each with all that is listed under its UID and modality."""
    found: dict[Any, list[Part]] = {}
    for number, one in enumerate(given):
        place = f"series[{number}]"
        if not isinstance(one, dict):
            reader.told(place, "this is no series")
            continue
        uid = one.get("uid")
        named = isinstance(uid, str) and uid.strip() != ""
        key = (str(uid).strip().removeprefix("urn:oid:"), _modality(one)) if named else number
        parts = found.setdefault(key, [])
        parts.append((one, place))
        if len(parts) > 1:
            reader.remarks.append(
                f"{reader.where(place).label} is the series that {parts[0][1]} is, and made as one with it"
            )
    yield from found.values()


def _modality(series: Mapping[str, Any]) -> str:
    said = (elements(series, path) for path in ("modality.code", "modality.coding.code"))
    return str(next((value for every in said for value, _ in every), ""))


def _unlisted(reader: Reader) -> list[dict[str, Any]]:
    """A study that lists no series: one of each modality that it names, with as many instances as it counts."""
    path = "modality.coding.code" if reader.collected.release == "R5" else "modality.code"
    names = [value for value, _ in elements(reader.study, path) if isinstance(value, str)]
    wanted = _count(reader.study, "numberOfSeries")
    count = wanted if wanted is not None and 0 < wanted <= _MOST_SERIES and names else len(names)
    every = [names[min(place, len(names) - 1)] for place in range(max(count, len(names)))]
    found = [{"modality": one, **mapping.usual_series().get(one, {})} for one in every]
    instances = _count(reader.study, "numberOfInstances")
    if found and instances is not None and len(found) <= instances <= _MOST_INSTANCES:
        each, more = divmod(instances, len(found))
        for place, one in enumerate(found):
            one["images"] = each + (place < more)
    return found


def _one_series(
    reader: Reader, parts: Sequence[Part]
) -> Iterator[tuple[dict[str, Any], dict[Path, Where]]]:
    """A series; several of one UID where its instances are of several SOP classes."""
    series, place = parts[0]
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
    groups = _instances(reader, parts)
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


def _instances(reader: Reader, parts: Sequence[Part]) -> dict[str, tuple[Instances, Where]]:
    """What is listed, by SOP class, each instance once; one group, of none, where nothing is."""
    groups: dict[str, tuple[Instances, Where]] = {}
    places: dict[str, str] = {}
    for one, at in _listed_instances(parts):
        if not isinstance(one, dict):
            reader.told(at, "this is no instance")
            continue
        said = reader.said(one, "instance", at)
        tree: dict[str, Any] = {}
        if "SOPInstanceUID" in said:
            tree["uid"] = said["SOPInstanceUID"].text
            first = places.setdefault(tree["uid"], at)
            if first != at:
                reader.remarks.append(
                    f"{reader.where(at).label} is the instance that {first} is, and made once"
                )
                continue
        if "InstanceNumber" in said:
            tree["number"] = int(said["InstanceNumber"].text)
        sop_class = said.get("SOPClassUID")
        key = "" if sop_class is None else sop_class.text
        where = reader.where(at)
        group = groups.setdefault(key, ([], where if sop_class is None else sop_class.where))
        group[0].append((tree, where))
    more, counted, at = _unlisted_instances(parts, sum(len(group) for group, _ in groups.values()))
    if more > 0 and counted > _MOST_INSTANCES:
        reader.told(at, f"{counted} instances are more than can be meant")
    elif more > 0:
        key = next(iter(groups), "")
        group = groups.setdefault(key, ([], reader.where(at)))
        group[0].extend(({}, reader.where(at)) for _ in range(more))
    return groups or {"": ([], reader.where(parts[0][1]))}


def _listed_instances(parts: Sequence[Part]) -> Iterator[tuple[Any, str]]:
    for series, place in parts:
        for number, one in enumerate(listed(series.get("instance"))):
            yield one, f"{place}.instance[{number}]"


def _unlisted_instances(parts: Sequence[Part], known: int) -> tuple[int, int, str]:
    """How many instances are counted and not listed, the count, and its place. known: how many are listed."""
    counts = [
        (count, count - len(listed(series.get("instance"))), f"{place}.numberOfInstances")
        for series, place in parts
        if (count := _count(series, "numberOfInstances")) is not None
    ]
    counted, missing, place = max(counts, default=(0, 0, parts[0][1]))
    return min(missing, counted - known), counted, place
