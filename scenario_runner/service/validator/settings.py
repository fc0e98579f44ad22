"""What a site decides about its validator: required attributes, limits, mappings.

From a file ``schema: validator/v1``, and from variables that win over it, one for each key.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from pydantic import Field

from scenario_runner.conformance.standard import Standard
from scenario_runner.dicom.levels import UIDS
from scenario_runner.errors import Diagnostic, InvalidInput, in_file_order
from scenario_runner.fields.types import AttributeName, Duration, Model
from scenario_runner.language.binding import bind
from scenario_runner.language.check import SchemaCheck
from scenario_runner.language.diagnostic_words import did_you_mean, quoted
from scenario_runner.language.document_kinds import require_kind
from scenario_runner.language.loader import load_document, parse_document
from scenario_runner.language.references import check_attributes
from scenario_runner.language.schema import plain_schema
from scenario_runner.language.schema_marks import marks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scenario_runner.language.document import Document

KIND: Final = "validator/v1"
VARIABLE: Final = "FABRICATE_VALIDATOR_"
"""What the variables begin with; the rest is the name of a key in capitals."""

_KEYWORD = AttributeName
Section = dict[str, _KEYWORD]

REQUIRED: Final = ("PatientID", "PatientName", *UIDS, "SOPClassUID", "Modality", "StudyDate")
DAMAGE: Final = ("not-dicom", "truncated", "structure", "too-large")
"""Rules of ``conformance`` after which nobody knows what the rest of a file says."""

_PATIENT: Final = {
    "id": "PatientID",
    "issuer": "IssuerOfPatientID",
    "name": "PatientName",
    "birth_date": "PatientBirthDate",
    "sex": "PatientSex",
    "age": "PatientAge",
    "size": "PatientSize",
    "weight": "PatientWeight",
}
_STUDY: Final = {
    "study_instance_uid": "StudyInstanceUID",
    "id": "StudyID",
    "date": "StudyDate",
    "time": "StudyTime",
    "accession_number": "AccessionNumber",
    "description": "StudyDescription",
    "referring_physician": "ReferringPhysicianName",
    "timezone": "TimezoneOffsetFromUTC",
}
_EQUIPMENT: Final = {
    "manufacturer": "Manufacturer",
    "model": "ManufacturerModelName",
    "station": "StationName",
    "serial_number": "DeviceSerialNumber",
    "software": "SoftwareVersions",
}
_EXPOSURE: Final = {
    "kvp": "KVP",
    "time": "ExposureTime",
    "current": "XRayTubeCurrent",
    "exposure": "Exposure",
    "exposure_in_uas": "ExposureInuAs",
    "dose_area_product": "ImageAndFluoroscopyAreaDoseProduct",
    "entrance_dose": "EntranceDoseInmGy",
    "ctdi_vol": "CTDIvol",
    "exposure_index": "ExposureIndex",
    "filter": "FilterType",
    "kernel": "ConvolutionKernel",
}
_INSTITUTION: Final = {
    "name": "InstitutionName",
    "address": "InstitutionAddress",
    "department": "InstitutionalDepartmentName",
}
_SERIES: Final = {
    "series_instance_uid": "SeriesInstanceUID",
    "number": "SeriesNumber",
    "modality": "Modality",
    "date": "SeriesDate",
    "time": "SeriesTime",
    "description": "SeriesDescription",
    "protocol": "ProtocolName",
    "body_part": "BodyPartExamined",
    "laterality": "Laterality",
}
_IMAGES: Final = {
    "sop_instance_uid": "SOPInstanceUID",
    "sop_class_uid": "SOPClassUID",
    "number": "InstanceNumber",
    "rows": "Rows",
    "columns": "Columns",
    "frames": "NumberOfFrames",
    "bits_allocated": "BitsAllocated",
    "bits_stored": "BitsStored",
    "samples_per_pixel": "SamplesPerPixel",
    "photometric_interpretation": "PhotometricInterpretation",
    "pixel_spacing": "PixelSpacing",
    "slice_thickness": "SliceThickness",
    "window_center": "WindowCenter",
    "window_width": "WindowWidth",
}


def _section(usual: Mapping[str, str]) -> Any:
    return Field(default_factory=lambda: dict(usual))


class Mappings(Model):
    """Which attribute is told under which key of ``metadata.json``; a section given replaces the usual one."""

    patient: Section = _section(_PATIENT)
    """Of the patient."""
    study: Section = _section(_STUDY)
    """Of the study."""
    equipment: Section = _section(_EQUIPMENT)
    """What the images were made with."""
    exposure: Section = _section(_EXPOSURE)
    """How the patient was exposed."""
    institution: Section = _section(_INSTITUTION)
    """Where it was."""
    series: Section = _section(_SERIES)
    """Of the series."""
    images: Section = _section(_IMAGES)
    """Of each image."""


class Settings(Model):
    """The settings of a validator. A file without any is fine."""

    schema_: Literal["validator/v1"] = Field(KIND, alias="schema")
    """What this file is."""
    required: list[_KEYWORD] = Field(default=list(REQUIRED), max_length=200)
    """Attributes that must have a value; a study without one is refused, and each is named."""
    reject: Literal["required", "errors"] | list[str] = "required"
    """What else refuses a study: nothing but damage, every error of the Standard, or rules by their names."""
    keep_rejected: bool = False
    """Whether the file of a refused study is kept beside what was found wrong with it."""
    most_bytes: Annotated[int, Field(ge=1, le=1 << 36)] = 100 << 20
    """Bytes of a file; a longer one is answered 413."""
    most_waiting: Annotated[int, Field(ge=1, le=100_000)] = 1_000
    """Studies under way at once; one more is answered 503, to come again."""
    answer_within: Duration = 30.0
    """How long an upload waits for its study to be stored; it goes on behind an answer of 503."""
    attempts: Annotated[int, Field(ge=1, le=100)] = 3
    """How often a role tries before it gives up."""
    redeliver_after: Annotated[Duration, Field(gt=0)] = 15.0
    """How long a broker waits for a role that took an event before another one gets it."""
    metadata: Mappings = Field(default_factory=Mappings)
    """What ``metadata.json`` tells, section by section."""

    def up_to(self, most: int | None) -> Settings:
        """The same for files of so many bytes at most, unless ``most_bytes`` is among what was given."""
        if most is None or "most_bytes" in self.model_fields_set:
            return self
        return self.model_copy(update={"most_bytes": most})


@lru_cache(maxsize=1)
def schema() -> dict[str, Any]:
    """JSON Schema 2020-12 of the file."""
    return plain_schema(Settings, "validator", "The settings of a validator.")


def read_settings(path: Path | None, environment: Mapping[str, str]) -> Settings:
    """The settings of a file, or the usual ones, and of variables that win over them.

    environment: all of it; ``FABRICATE_VALIDATOR_REQUIRED`` and the like are looked at, their values written as in
    the file: ``[PatientID, StudyDate]``. Raises InvalidInput with the place of each thing that is wrong.
    """
    given: dict[str, Any] = {}
    last: Document = parse_document(f"schema: {KIND}\n", "settings")
    if path is not None:
        last = load_document(path)
        require_kind(last, KIND)
        _check(last)
        given = dict(last.data)
        bind(Settings, given, last, ())
    for key in Settings.model_fields:
        value = environment.get(VARIABLE + key.upper())
        if value is None or key == "schema_":
            continue
        one = parse_document(f"{key}: {value}\nschema: {KIND}\n", f"${VARIABLE}{key.upper()}")
        _check(one)
        bind(Settings, one.data, one, ())
        given[key] = one.data[key]
    return Settings.model_validate(given, by_alias=True, by_name=False)


def _check(document: Document) -> None:
    found = _checker()(document)
    if not found:
        found = [*check_attributes(document, marks(schema(), document.data)), *_rules(document)]
    if found:
        raise InvalidInput(in_file_order(found))


@lru_cache(maxsize=1)
def _checker() -> SchemaCheck:
    return SchemaCheck(schema())


def _rules(document: Document) -> Iterator[Diagnostic]:
    """Names under ``reject`` that are no rule."""
    named = document.data.get("reject")
    if not isinstance(named, list):
        return

    known = Standard().rules()
    for index, name in enumerate(named):
        if name not in known:
            yield Diagnostic(
                "FAB119",
                document.where(("reject", index)),
                f"there is no rule {quoted(name)}{did_you_mean(name, known)}",
                "docs/reference/conformance.md has all of them",
            )
