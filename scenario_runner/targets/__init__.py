"""A named PACS as steps see it, and the kinds of service that can stand behind one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenario_runner.hooks import Later, hookimpl

if TYPE_CHECKING:
    from scenario_runner.api import TargetKind

_KINDS = {
    "dicom": "dimse:DimseKind",
    "embedded": "embedded:EmbeddedKind",
    "dicomweb": "dicomweb:DicomwebKind",
    "orthanc": "orthanc:OrthancKind",
    "hl7": "hl7:Hl7Kind",
    "fhir": "fhir:FhirKind",
}


@hookimpl
def fabricate_target_kinds() -> list[type[TargetKind] | Later]:
    """The services a site file can give a target; an earlier one is asked first."""
    return Later.each(__name__, _KINDS)
