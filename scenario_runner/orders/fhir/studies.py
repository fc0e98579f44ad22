"""ImagingStudy resources as orders that were performed, by the mapping table."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from typing import Any, Final

from scenario_runner.errors import Diagnostic, InvalidInput, Where
from scenario_runner.language.document import Path
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.orders.fhir import identifiers, mapping, values
from scenario_runner.orders.fhir.documents import Resource, listed, name_of
from scenario_runner.orders.fhir.elements import elements
from scenario_runner.orders.fhir.moments import at_zone, zone_of
from scenario_runner.orders.fhir.reading import Reading
from scenario_runner.orders.order import Identifier, Order, Said, Status
from scenario_runner.orders.unusable import Unusable
from scenario_runner.planning.identity import derive_uid

_STATUS: Final[Mapping[str, Status]] = {
    "registered": "new", "available": "completed", "inactive": "completed", "unknown": "completed",
    "cancelled": "cancelled", "entered-in-error": "cancelled",
}  # fmt: skip
_MOST_INSTANCES: Final = 100_000
"""Of one series, for which numberOfInstances alone is a reason to make them."""
_ONLY_R5: Final = ("modality[0].coding", "procedure", "series[0].modality.coding", "series[0].bodySite.concept")  # fmt: skip
_ONLY_R4: Final = ("modality[0].code", "procedureCode", "reasonCode", "series[0].modality.code", "series[0].bodySite.coding")  # fmt: skip
"""Elements that tell one release from the other (ImagingStudy, R4 and R5)."""
_SERIES_KEYS: Final = {
    "SeriesNumber": "number",
    "Modality": "modality",
    "SeriesDescription": "description",
    "BodyPartExamined": "body_part",
    "Laterality": "laterality",
}
_SERIES_TAGS: Final = ("SeriesDate", "SeriesTime", "PerformingPhysicianName")


@dataclass(frozen=True, slots=True)
class Collected:
    """What a server gave: studies, and what they refer to by the reference that they use."""

    release: str
    studies: Sequence[Resource]
    beside: Mapping[str, Resource | None]


@dataclass(slots=True)
class _Reader:
    """Reads one ImagingStudy; everything that is wrong with it is collected."""

    study: Resource
    collected: Collected
    table: mapping.Table
    reading: Reading = field(init=False)
    remarks: list[str] = field(default_factory=list)
    wrong: list[Diagnostic] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.reading = Reading(self.resolve)

    @property
    def zone(self) -> dt.tzinfo | None:
        """In which the study tells times: that of its start (PS3.3 C.12.1.1), else the site's."""
        started = self.study.get("started")
        return zone_of(started) or self.table.zone

    def resolve(self, reference: Mapping[str, Any]) -> Resource | None:
        """What a Reference names: contained, or read beside the study."""
        name = reference.get("reference")
        if not isinstance(name, str):
            return None
        if name.startswith("#"):
            inside = [one for one in listed(self.study.get("contained")) if isinstance(one, dict)]
            return next((one for one in inside if one.get("id") == name[1:]), None)
        return self.collected.beside.get(name)

    def where(self, place: str) -> Where:
        """``ImagingStudy/123, series[0].uid``."""
        name = name_of(self.study)
        return Where("", path=place, label=f"{name}, {place}" if place else name)

    def told(self, place: str, message: str, hint: str = "") -> None:
        """Note what is wrong."""
        self.wrong.append(Diagnostic("FAB502", self.where(place), message, hint or None))

    def said(
        self, resource: Mapping[str, Any], what: mapping.Of, before: str = ""
    ) -> dict[str, Said]:
        """What a resource, or a part of one, says. before: its own place."""
        found: dict[str, Said] = {}
        for line in self.table.of.get(what, ()):
            if line.attribute in found:
                continue
            for path in line.paths_of(self.collected.release):
                one = self.one(resource, line, path, before)
                if one is not None:
                    found[line.attribute] = one
                    break
        return found

    def one(
        self, resource: Mapping[str, Any], line: mapping.Line, path: str, before: str
    ) -> Said | None:
        """What the first usable value at a path says; None where there is none."""
        read = values.READERS[line.reads_as]
        if line.reads_as in values.WHOLE and not path.isidentifier():
            # A site's rule that picks items, or what one of them says.
            read, given = values.picked(read), list(elements(resource, path))
        elif line.reads_as in values.WHOLE:
            given = [(resource[path], path)] if isinstance(resource.get(path), list) else []
        else:
            given = list(elements(resource, path))
        for value, at in given:
            # Of another resource by its name, of a part of this one by its path.
            place = f"{before}{', ' if '/' in before else '.'}{at}" if before else at
            try:
                if line.of == "ServiceRequest" and line.reads_as in ("date", "time"):
                    value = at_zone(value, self.zone)
                got = read(value, self.reading)
            except Unusable as error:
                if not error.left_out:
                    message = f"this cannot become {line.attribute}: {error.message}"
                    self.told(place, message, error.hint)
                    return None
                self.remarks.append(f"{name_of(self.study)}, {place} is left out: {error.message}")
                return Said("", self.where(place))
            self.remarks += [
                f"{name_of(self.study)}, {place}: {one}" for one in self.reading.remarks
            ]
            self.reading.remarks.clear()
            if got is not None:
                where = self.where(place)
                return Said("", where, got) if isinstance(got, list) else Said(got, where)
        return None


def orders(
    collected: Collected, table: mapping.Table | None = None
) -> Iterator[Order | InvalidInput]:
    """An order for each study, or what is wrong with it. table: the site's mapping."""
    for study in collected.studies:
        reader = _Reader(study, collected, table or mapping.standard())
        try:
            order = _order(reader)
        except RecursionError:
            reader.told("", "it is nested too deeply")
        yield InvalidInput(reader.wrong) if reader.wrong else order


def told(collected: Collected, table: mapping.Table) -> Iterator[Mapping[str, Said] | InvalidInput]:
    """What each study, its patient and its orders say, without series and without what stands for anything."""
    for study in collected.studies:
        reader = _Reader(study, collected, table)
        said = _said(reader, _patient(reader))
        yield InvalidInput(reader.wrong) if reader.wrong else said


def _said(reader: _Reader, patient: Resource | None) -> dict[str, Said]:
    """What is said of the study as a whole."""
    study = reader.study
    said = reader.said(study, "ImagingStudy")
    for reference, what in _referred(study):
        found = _found(reader, reference, what)
        if found is not None:
            said = {**reader.said(found, what, f"{reference.get('reference')}"), **said}
    if patient:
        said |= reader.said(patient, "Patient", _name_of_subject(study))
    for attribute, lines in reader.table.first.items():
        given = (_ruled(reader, line, patient) for line in lines)
        first = next((one for one in given if one is not None), None)
        if first is not None:
            said[attribute] = first
    return said


def _ruled(reader: _Reader, line: mapping.Line, patient: Resource | None) -> Said | None:
    """What the element that a site names says, in whichever resource has it first."""
    of_kind: list[tuple[Mapping[str, Any], str]] = []
    if line.of == "ImagingStudy":
        of_kind = [(reader.study, "")]
    elif line.of == "Patient":
        of_kind = [(patient, _name_of_subject(reader.study))] if patient else []
    else:
        for reference, what in _referred(reader.study):
            found = _found(reader, reference, line.of) if what == line.of else None
            of_kind += [(found, str(reference.get("reference")))] if found is not None else []
    said = (reader.one(resource, line, line.paths[0], before) for resource, before in of_kind)
    return next((one for one in said if one is not None), None)


def _order(reader: _Reader) -> Order:
    study = reader.study
    name = name_of(study)
    if study.get("resourceType") != "ImagingStudy":
        reader.told("", "this is no ImagingStudy", "search for ImagingStudy")
    _require_release(reader)
    patient = _patient(reader)
    said = _said(reader, patient)
    if "StudyInstanceUID" not in said:
        made = derive_uid(None, "fhir", str(study.get("id") or study))
        reader.remarks.append(f"{name} has no identifier with a UID; {made} stands for it")
        said["StudyInstanceUID"] = Said(made, reader.where("identifier"))
    series, places = _series(reader)
    status = _STATUS.get(str(study.get("status")), "completed")
    if status == "cancelled":
        reader.remarks.append(f"{name} is {study.get('status')}: not made")
    return Order(
        name=name,
        place=reader.where(""),
        status=status,
        said=said,
        other_ids=_other_ids(reader, patient or {}, said),
        series=series,
        places=places,
        remarks=reader.remarks,
    )


def _require_release(reader: _Reader) -> None:
    """Tell of an element that the release of the server does not have."""
    release = reader.collected.release
    for path in _ONLY_R4 if release == "R5" else _ONLY_R5:
        plain = path.replace("[0]", "")
        found = next(elements(reader.study, plain), None)
        if found is not None:
            other = "R4" if release == "R5" else "R5"
            reader.told(
                found[1],
                f"this is an element of {other}, and the server speaks {release}",
                f"give the 'fhir' service 'version: {other}' if all of its resources are like that",
            )
            return


def _referred(study: Resource) -> Iterator[tuple[Mapping[str, Any], mapping.Of]]:
    """What else says something of the study; the first named has the last word."""
    for one in reversed(listed(study.get("basedOn"))):
        if isinstance(one, dict):
            yield one, "ServiceRequest"
    if isinstance(study.get("encounter"), dict):
        yield study["encounter"], "Encounter"


def _found(reader: _Reader, reference: Mapping[str, Any], what: mapping.Of) -> Resource | None:
    """What is referred to, where it is of that type: a study may be based on a Task or an Appointment, too."""
    found = reader.resolve(reference)
    return found if found is not None and found.get("resourceType") == what else None


def _name_of_subject(study: Resource) -> str:
    subject = study.get("subject")
    return str(subject.get("reference", "subject")) if isinstance(subject, dict) else "subject"


def _patient(reader: _Reader) -> Resource | None:
    subject = reader.study.get("subject")
    if not isinstance(subject, dict) or not isinstance(subject.get("reference"), str):
        reader.told(
            "subject", "nobody is named whose study it is", "subject.reference is a Patient"
        )
        return None
    found = reader.resolve(subject)
    if found is None or found.get("resourceType") != "Patient":
        what = (
            "the server does not have it" if found is None else f"it is a {found['resourceType']}"
        )
        reader.told("subject.reference", f"'{subject['reference']}' is no patient: {what}")
        return None
    return found


def _other_ids(
    reader: _Reader, patient: Mapping[str, Any], said: Mapping[str, Said]
) -> list[Identifier]:
    given = listed(patient.get("identifier"))
    own = said["PatientID"].text if "PatientID" in said else ""
    main = None if "PatientID" in reader.table.first else identifiers.main_identifier(given)
    found: list[Identifier] = []
    for number, one in enumerate(given):
        if not isinstance(one, dict) or one is main or one.get("use") == "old":
            continue
        identifier = identifiers.patient_id([one], reader.reading)
        if identifier and (main is not None or identifier != own):
            issuer = identifiers.issuer([one], reader.reading) or ""
            where = reader.where(f"{name_of(patient)}, identifier[{number}]")
            found.append(Identifier(identifier[:64], issuer, identifiers.kind_of(one), where))
    return found


def _series(reader: _Reader) -> tuple[list[dict[str, Any]], dict[Path, Where]]:
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


def _unlisted(reader: _Reader) -> list[dict[str, Any]]:
    """A study that lists no series: one of each modality that it names."""
    path = "modality.coding.code" if reader.collected.release == "R5" else "modality.code"
    names = [value for value, _ in elements(reader.study, path) if isinstance(value, str)]
    wanted = reader.study.get("numberOfSeries")
    count = wanted if isinstance(wanted, int) and 0 < wanted <= 1000 and names else len(names)
    every = [names[min(place, len(names) - 1)] for place in range(max(count, len(names)))]
    return [{"modality": one, **mapping.usual_series().get(one, {})} for one in every]


def _one_series(
    reader: _Reader, series: Mapping[str, Any], place: str
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
    reader: _Reader, series: Mapping[str, Any], place: str
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
