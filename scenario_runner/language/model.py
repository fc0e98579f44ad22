"""The typed shape of a scenario file and its patients, studies and series, after rendering."""

import datetime as dt
import re
from typing import Annotated, Any, Literal, Self, cast

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from scenario_runner.errors import Advised
from scenario_runner.fields.scalars import as_written
from scenario_runner.fields.types import (
    AttributeName,
    Attributes,
    CharacterSet,
    Count,
    Date,
    Expression,
    Label,
    Model,
    Name,
    Text,
    Time,
    TransferSyntax,
    advised,
    one_of,
    parse_date,
)
from scenario_runner.language.dicom_text import set_as_dicom_has_them
from scenario_runner.language.entries import StepDefaults
from scenario_runner.lazy_dataclasses import dataclass

Tags = Annotated[Attributes, AfterValidator(set_as_dicom_has_them)]
"""Attributes by keyword, or private ones as ``(gggg,xxee) CREATOR``; see the reference."""

_AGE = re.compile(r"(\d{1,3})([dwmy])", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class GivenAge:
    """An age in completed days, weeks, months or years: ``d``, ``w``, ``m``, ``y``."""

    number: int
    unit: Literal["d", "w", "m", "y"]


def _age(value: Any) -> Any:
    if isinstance(value, str) and (match := _AGE.fullmatch(value)):
        return GivenAge(int(match[1]), cast("Any", match[2].lower()))
    raise advised("age", f"'{value}' is not an age", "write 40y, 18m, 6w or 3d")


Age = Annotated[
    GivenAge,
    BeforeValidator(_age),
    WithJsonSchema({"type": "string", "pattern": "^[0-9]{1,3}[dwmyDWMY]$", "examples": ["40y"]}),
]
"""An age: 40y, 18m, 6w or 3d."""


class AgeRange(Model):
    """An age drawn between two bounds, both included."""

    min: Age
    """The youngest."""
    max: Age
    """The oldest."""


# What a value is usually one of, for editors to offer; whatever else makes sense is taken, too.
_Modality = Annotated[Text, one_of("modality")]
_BodyPart = Annotated[Text, one_of("body_part")]
_Phantom = Annotated[Text, one_of("phantom")]
_Fault = Annotated[Text, one_of("fault")]
_Locale = Annotated[Text, one_of("locale")]
_View = Annotated[Text, one_of("view")]
_SopClass = Annotated[Text, one_of("made_sop_class")]


class NameParts(Model):
    """The components of a person name (PS3.5 6.2.1.1); ``locale`` alone asks for a generated one."""

    family: Text | None = None
    """Family name."""
    given: Text | None = None
    """Given name."""
    middle: Text | None = None
    """Middle name."""
    prefix: Text | None = None
    """Such as DR."""
    suffix: Text | None = None
    """Such as JR."""
    ideographic: Text | None = None
    """The whole ideographic group, ``山田^太郎``."""
    phonetic: Text | None = None
    """The whole phonetic group, ``やまだ^たろう``."""
    locale: _Locale | None = None
    """Where a generated name is from; it wins over the patient's own ``locale``."""


def _study_day(value: Any) -> Any:
    """A date as it stands, or a number of days from today (0 and below)."""
    text = as_written(value)
    if text == "today":
        return 0
    if isinstance(text, str) and (match := re.fullmatch(r"-(\d{1,5})d", text, re.ASCII)):
        return -int(match[1])
    return parse_date(value)


_StudyDay = Annotated[
    dt.date | int,
    BeforeValidator(_study_day),
    WithJsonSchema(
        {
            "type": ["string", "integer"],
            "pattern": r"^(\d{4}-?\d{2}-?\d{2}|today|-\d{1,5}d)$",
            "examples": ["today", "-3d", "2026-01-31"],
        }
    ),
]


class BurnIn(Model):
    """What is written on the images of a series, and how."""

    text: bool | list[AttributeName] = True
    """``true`` as above, a list of keywords, or ``false`` for a code alone."""
    as_: Annotated[Literal["pixels", "overlay"], Field(alias="as")] = "pixels"
    """In the pixels, or in an overlay plane (60xx) which a viewer can hide."""
    code: Literal["qr"] | None = None
    """A QR code with the UIDs, so that a screenshot of any viewer can be traced to its image."""

    @model_validator(mode="after")
    def _dark_needs_pixels(self) -> Self:
        if self.code is not None and self.as_ != "pixels":
            raise Advised(
                f"a code cannot be written as an {self.as_}, which has no dark",
                "leave 'as' or 'code' out",
            )
        return self


class FaultSpec(Model):
    """A fault of some images of a series only."""

    fault: _Fault
    """What is wrong: ``bad-uid``, ``truncated-pixels``, …; docs/reference/faults.md has all."""
    images: Annotated[list[Annotated[int, Field(ge=1)]], Field(min_length=1)] | None = None
    """Which images have it, from 1; by default all, or the last where it is between images."""


class InstanceSpec(Model):
    """One image of a series that is known beforehand."""

    uid: Text | None = None
    """SOPInstanceUID; by default one of its own."""
    number: Annotated[int, Field(ge=0, lt=2**31)] | None = None
    """InstanceNumber; by default its place in the series, from 1."""


class SeriesSpec(Model):
    """One series, or ``count`` alike."""

    count: Count = 1
    """How many alike."""
    modality: _Modality | None = None
    """Defined term of Modality (0008,0060): CR, DX, CT, …; required here or on the study.

    SR is a report, KO a key object selection, PR a presentation state, DOC a PDF document.
    """
    description: Text | None = None
    """SeriesDescription; by default as it is usual for what the study is of."""
    number: Count | None = None
    """SeriesNumber; by default 1, 2, 3, …"""
    protocol: Text | None = None
    """ProtocolName."""
    body_part: _BodyPart | None = None
    """Defined term of BodyPartExamined: CHEST, HAND, …; by default of an examination of the modality."""
    laterality: Literal["L", "R", "B", "U"] | None = None
    """Which side, where the body part is paired."""
    view: _View | None = None
    """ViewPosition: PA, AP, LL, RL, CC, MLO, …"""
    images: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    """How many images; by default what is usual for the modality."""
    instances: Annotated[list[InstanceSpec], Field(min_length=1, max_length=1_000_000)] | None = (
        None
    )
    """The images one by one, ``[{uid: 1.2.3, number: 7}]``, instead of ``images``."""
    frames: Annotated[int, Field(ge=1, le=100_000)] | None = None
    """Frames of each image."""
    size: (
        Annotated[list[Annotated[int, Field(ge=1, le=16384)]], Field(min_length=2, max_length=2)]
        | None
    ) = None
    """[rows, columns]"""
    phantom: _Phantom | None = None
    """What the pixels show; by default what is usual for modality and body part.

    A registered name, or a PNG, JPEG or NumPy file (.npy) beside the scenario.
    """
    burn_in: bool | list[AttributeName] | BurnIn | None = None
    """Default true: patient name, ID, accession, UIDs, image n of N. Or a list of keywords, or both text and how."""
    transfer_syntax: TransferSyntax | None = None
    """By name or UID; by default ``explicit-le``."""
    sop_class: _SopClass | None = None
    """SOP Class by UID, keyword or name, where the modality's usual one is not wanted.

    EnhancedCTImageStorage, ComprehensiveSRStorage, …; one that the modality can be made as.
    """
    faults: list[_Fault | FaultSpec] = Field(default=[])
    """What is wrong with the images on purpose, each one thing: ``[bad-uid]``; for negative tests."""
    tags: Tags = Field(default={})
    """Attributes of every image of the series."""

    @model_validator(mode="after")
    def _counted_once(self) -> Self:
        if self.images is not None and self.instances is not None:
            raise PydanticCustomError(
                "counted_once", "give 'images' or 'instances', which says how many there are, too"
            )
        return self


class StudySpec(Model):
    """One study, or ``count`` alike."""

    count: Count = 1
    """How many alike."""
    accession: Text | None = None
    """An identifier pattern or a literal; by default the site's rule."""
    description: Text | None = None
    """StudyDescription; by default of an examination that fits modality, body part, sex and age, in the
    language of the patient's locale."""
    date: _StudyDay | None = None
    """A date, ``today``, or days before it (``-3d``); by default a weekday of 2025 from the seed."""
    time: Time | None = None
    """StudyTime; by default in working hours, from the seed."""
    modality: _Modality | None = None
    """What the series are when they do not say; alone, one series of it."""
    referring_physician: Text | None = None
    """``FAMILY^GIVEN``; by default one of a few who refer to this site."""
    institution: Text | None = None
    """InstitutionName."""
    procedure: Text | None = None
    """PerformedProcedureStepDescription."""
    tags: Tags = Field(default={})
    """Attributes of every image of the study."""
    series: list[SeriesSpec] = Field(default=[])
    """The series of the study; an empty list for a study that only ``import`` fills."""


_From = Annotated[dict[str, Any], Field(min_length=1, json_schema_extra={"x-keys-of": "source"})]
"""The name of a source and what it takes; what else it takes may stand beside it."""


class PatientSpec(Model):
    """One synthetic patient, or ``count`` alike; or, with ``from``, all that a source has."""

    from_: Annotated[_From | None, Field(alias="from")] = None
    """A source of patients and what it takes: ``{csv: rows.csv}``. What stands beside it wins over what the
    source says."""
    count: Count = 1
    """How many alike."""
    id: Text | None = None
    """An identifier pattern or a literal; by default the site's rule."""
    issuer: Text | None = None
    """IssuerOfPatientID."""
    name: Text | NameParts | None = None
    """``FAMILY^GIVEN``, the components, or ``{locale: en_AU}`` for a generated one."""
    sex: Literal["M", "F", "O"] | None = None
    """PatientSex; by default what an English given name tells (JANE), and of somebody who has such studies."""
    birth_date: Date | None = None
    """PatientBirthDate."""
    age: Age | AgeRange | None = None
    """On the day of the first study, older at later ones; or a range to draw from.

    By default the age of somebody who has such studies.
    """
    locale: _Locale | None = None
    """Where name, address and phone are from: en_US, de_DE, ja_JP, …"""
    address: Text | None = None
    """PatientAddress."""
    phone: Text | None = None
    """PatientTelephoneNumbers."""
    character_set: CharacterSet | list[CharacterSet] | None = None
    """Defined terms of SpecificCharacterSet; by default what the values need."""
    keep: bool = False
    """Keep the patient in the registry once a PACS has something of it, so that a later run can meet it again by
    ``from: {registry: …}``."""
    tags: Tags = Field(default={})
    """Attributes of every image of the patient."""
    studies: list[StudySpec] = Field(default=[])
    """The studies of the patient."""


_MATRIX = {
    "type": "object",
    "properties": {
        name: {"type": "array", "items": {"type": "object"}, "description": what}
        for name, what in (
            ("exclude", "Combinations to leave out."),
            ("include", "Combinations to add, or values to add to those that fit."),
        )
    },
    "additionalProperties": {"type": "array", "minItems": 1},
}


class Skip(Model):
    """When a case is not run, and why."""

    when: Expression = True
    """What has to hold: ``site.name == 'north'``; names are those that patients have."""
    reason: Annotated[Text, Field(min_length=1)]
    """What the report says."""


class ScenarioHeader(Model):
    """Everything of a scenario but its patients and steps."""

    schema_: Annotated[Literal["scenario/v1"], Field(alias="schema")]
    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$", max_length=100)]
    """Unique within a library; letters, digits, ``_ . -``."""
    title: Text = ""
    """What it proves, for the report; templates know ``vars``, ``matrix`` and ``row``."""
    scenario: Annotated[Text, one_of("scenario")] | None = None
    """A scenario of a library that this one is, ``LIBRARY/NAME@RANGE``: what is not said here is as it says."""
    with_: Annotated[dict[Name, Any], Field(alias="with")] = Field(default={})
    """Values of that scenario's variables."""
    step_defaults: Annotated[StepDefaults | None, Field(alias="defaults")] = None
    """What goes for every step that does not say it itself."""
    skip: Skip | None = None
    """When not to run its cases, and why."""
    description: Text = ""
    """More about it, for the report."""
    version: Text = ""
    """The scenario's own version."""
    tags: list[Label] = Field(default=[])
    """Labels for ``--tag``."""
    requirements: list[Label] = Field(default=[])
    """Requirements that the whole scenario verifies."""
    phase: Literal["IQ", "OQ", "PQ"] | None = None
    """Installation, operational or performance qualification."""
    seed: Annotated[int, Field(ge=0, lt=2**63)] | None = None
    """What everything generated derives from; without one, each run draws and records its own."""
    vars: dict[Name, Any] = Field(default={})
    """Variables for templates; ``--set`` gives them other values."""
    matrix: Annotated[dict[str, Any], WithJsonSchema(_MATRIX)] = Field(default={})
    """Axis name to list of values; ``exclude`` and ``include`` as in GitHub Actions."""
    rows: Text | None = None
    """A table, ``.csv``, ``.json`` or ``.yaml``, relative to this file: one case for each row (times the matrix),
    whose cells templates call ``row.COLUMN``."""
