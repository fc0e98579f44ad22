"""Attributes read: of a file that is not kept, and of an instance that is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scenario_runner.dicom.dictionary import uid_name
from scenario_runner.dicom.element_text import character_sets
from scenario_runner.dicom.elements import DamagedDatasetError
from scenario_runner.service.audit.activities import Activity
from scenario_runner.service.errors import NotThere, Unacceptable
from scenario_runner.service.studies.headers import header_of
from scenario_runner.service.studies.tag_tree import tree
from scenario_runner.service.uploads.judging import judged
from scenario_runner.service.uploads.taking import OneTooLarge, take_file

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from scenario_runner.archive.files import Buffer
    from scenario_runner.service.asking import Asking
    from scenario_runner.service.service import Service


def of_file(service: Service, name: str, chunks: Iterable[Buffer]) -> dict[str, Any]:
    """The attributes of a file, which is not kept. Raises Unacceptable for what is no DICOM object."""
    archive = service.home.staging
    taken = take_file(archive, name, chunks, service.limits.file)
    if taken.code == "file-too-large":
        raise OneTooLarge(taken.code, taken.error)
    if taken.arrived is None:
        raise Unacceptable(taken.code, taken.error)
    try:
        return {"name": taken.name, **described(taken.arrived.written)}
    finally:
        archive.discard(taken.arrived)


def validated(service: Service, name: str, chunks: Iterable[Buffer]) -> dict[str, Any]:
    """What the Standard has against a file, which is not kept; a file that is none is not valid."""
    archive = service.home.staging
    taken = take_file(archive, name, chunks, service.limits.file)
    if taken.code == "file-too-large":
        raise OneTooLarge(taken.code, taken.error)
    told: dict[str, Any] = {
        "name": taken.name,
        "valid": False,
        "sop_class": None,
        "sop_instance_uid": taken.sop_instance_uid or None,
        "study_instance_uid": taken.study_instance_uid or None,
        "error": taken.error or None,
        "findings": [],
    }
    if taken.arrived is not None:
        try:
            told["findings"] = judged(taken.arrived.written)
        finally:
            archive.discard(taken.arrived)
        told["sop_class"] = uid_name(taken.arrived.meta.sop_class_uid) or None
        told["valid"] = not any(one["severity"] == "error" for one in told["findings"])
    return told


def of_study(
    service: Service, asking: Asking, study_uid: str, sop_instance_uid: str | None
) -> dict[str, Any]:
    """The attributes of an instance of a study, the first one unless it is named. Raises NotThere."""
    with service.home.files(study_uid, sop_instance_uid) as files:
        for facts, path in files:
            told = described(path)
            service.trail.record(
                asking.caller,
                Activity.VIEWED,
                study_uid,
                asking.from_where,
                detail={"tags of": facts.sop_instance_uid},
            )
            return {"study_instance_uid": study_uid, **told}
    if sop_instance_uid is not None:
        raise NotThere(
            "instance-not-found", f"there is no instance {sop_instance_uid} in study {study_uid}"
        )
    raise NotThere("study-not-found", f"there is no study {study_uid}")


def described(path: Path) -> dict[str, Any]:
    """What a file says of itself before its pixels, as plain values. Raises Unacceptable."""
    try:
        elements, syntax = header_of(path)
    except DamagedDatasetError as error:
        raise Unacceptable("damaged", f"the object is damaged: {error}") from error
    words = {
        keyword: elements[tag].value.decode("latin-1").strip("\0 ") if tag in elements else ""
        for keyword, tag in (("class", 0x00080016), ("instance", 0x00080018))
    }
    return {
        "sop_class": uid_name(words["class"]) or words["class"] or None,
        "sop_instance_uid": words["instance"] or None,
        "transfer_syntax_uid": syntax,
        "tags": tree(elements, character_sets(elements)),
    }
