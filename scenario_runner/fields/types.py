"""Field types that scenario, site, steps and checks share, and the base of all their models.

Each type is a value for Python and a piece of JSON Schema for editors. Templates are allowed
wherever a scalar is; the schema generator adds them, so no type here mentions them.
"""

from __future__ import annotations

import datetime as dt
import re
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal, LiteralString, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from scenario_runner.fields.scalars import as_written

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h)", re.ASCII)
_DATE = re.compile(r"(\d{4})-?(\d{2})-?(\d{2})", re.ASCII)
_TIME = re.compile(r"(\d{2})(?::?(\d{2})(?::?(\d{2})(?:\.(\d{1,6}))?)?)?", re.ASCII)


class Model(BaseModel):
    """Base of everything that is read from a file: unknown keys are errors, values are frozen.

    Modules of many models leave ``from __future__ import annotations`` out: pydantic would compile each
    annotation once more, which takes as long as the rest of making the class.
    """

    model_config = ConfigDict(
        defer_build=True,  # a scenario uses few of all the steps and checks
        extra="forbid",
        frozen=True,
        strict=True,
        populate_by_name=True,
    )

    @classmethod
    def defaults(cls) -> Self:
        """One without any value from a file. Unlike a call of the class it builds no validator."""
        return super().model_construct()


def advised(kind: LiteralString, words: str, hint: str) -> PydanticCustomError:
    """An error of a type of its own that says what is wrong and, apart from that, what to do about it."""
    return PydanticCustomError(kind, "{words}; {hint}", {"words": words, "hint": hint})


def _duration(value: Any) -> Any:
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return float(value)
    if isinstance(value, str) and (match := _DURATION.fullmatch(value.strip())):
        return float(match[1]) * _UNITS[match[2]]
    raise advised("duration", f"'{value}' is not a duration", "write 500ms, 30s, 2m or 1h")


def seconds_of(text: str) -> float | None:
    """Seconds of a duration as it stands in a file, ``500ms`` or ``30``; None for anything else, such as a template."""
    try:
        return float(text) if text.isdecimal() else float(_duration(text))
    except PydanticCustomError:
        return None


def parse_date(value: Any) -> Any:
    """A date from ISO 8601 or DICOM DA text. Raises PydanticCustomError."""
    text = as_written(value)
    if isinstance(text, str) and (match := _DATE.fullmatch(text)):
        try:
            return dt.date(int(match[1]), int(match[2]), int(match[3]))
        except ValueError:
            pass
    raise advised("date", f"'{value}' is not a date", "write 1970-01-31 or 19700131")


def _time(value: Any) -> Any:
    text = as_written(value)
    if isinstance(text, str) and (match := _TIME.fullmatch(text)):
        try:
            fraction = int((match[4] or "").ljust(6, "0"))
            return dt.time(int(match[1]), int(match[2] or 0), int(match[3] or 0), fraction)
        except ValueError:
            pass
    raise advised("time", f"'{value}' is not a time", "write 09:30, 09:30:15, 0930 or 093015.250")


_TEXT_SCHEMA = {"type": ["string", "number", "boolean"]}

Text = Annotated[str, BeforeValidator(as_written), WithJsonSchema(_TEXT_SCHEMA)]
"""Text taken with the characters as written: 20260101, 0930 and 1.10 survive unquoted."""


def _label(text: str) -> str:
    if not text.strip():
        raise advised("blank", "nothing stands here", "write a name, or take the entry out")
    return text


Label = Annotated[Text, AfterValidator(_label)]
"""A tag or the ID of a requirement, by which reports and ``--tag`` find what has it."""


def one_of(what: str) -> WithJsonSchema:
    """Marks text that editors complete from a list (``x-one-of``); what: which, as ``app.editing`` knows it."""
    return WithJsonSchema({**_TEXT_SCHEMA, "x-one-of": what})


# What a value is usually one of, for editors to offer; whatever else makes sense is taken, too.
TransferSyntax = Annotated[Text, one_of("transfer_syntax")]
"""A transfer syntax by name (``explicit-le``) or UID."""
CharacterSet = Annotated[Text, one_of("character_set")]
"""A defined term of SpecificCharacterSet."""
StorageClass = Annotated[Text, one_of("sop_class")]
"""A storage SOP class by keyword or UID."""


def number_or_text(pattern: str, *examples: str, **bounds: int) -> WithJsonSchema:
    """For an editor: a number within bounds, or text with its unit."""
    text = {"type": "string", "pattern": pattern, "examples": [*examples]}
    return WithJsonSchema({"anyOf": [{"type": "number", **bounds}, text]})


Duration = Annotated[
    float,
    BeforeValidator(_duration),
    Field(ge=0),
    number_or_text(r"^\d+(\.\d+)?\s*(ms|s|m|h)$", "500ms", "30s", "2m", minimum=0),
]
"""Seconds as a float, from 500ms, 30s, 2m, 1h or a plain number of seconds."""

Date = Annotated[
    dt.date,
    BeforeValidator(parse_date),
    WithJsonSchema(
        {
            "type": ["string", "integer"],
            "pattern": r"^\d{4}-?\d{2}-?\d{2}$",
            "examples": ["1970-01-31"],
        }
    ),
]
"""A calendar date, as ISO 8601 or as DICOM DA."""

Time = Annotated[
    dt.time,
    BeforeValidator(_time),
    WithJsonSchema(
        {
            "type": ["string", "number"],
            "pattern": r"^\d{2}(:?\d{2}(:?\d{2}(\.\d{1,6})?)?)?$",
            "examples": ["09:30"],
        }
    ),
]
"""A time of day, as ISO 8601 or as DICOM TM, with up to six digits of fraction; hours alone will do."""

Count = Annotated[int, Field(ge=0, le=1_000_000)]
"""How many of something; 0 is allowed where leaving out makes sense."""

Name = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", max_length=64)]
"""A name that templates can use: letters, digits and underscores."""

# Marks in the JSON Schema (`x-name-of`) make the names findable by ``language.references``.
TargetName = Annotated[
    str,
    BeforeValidator(as_written),
    WithJsonSchema({**_TEXT_SCHEMA, "x-name-of": "target"}),
]
"""The name of a PACS in the site file."""


def _run_folder(value: Any) -> Any:
    text = as_written(value)
    if isinstance(text, str):
        parts = PurePosixPath(text.replace("\\", "/")).parts
        bad = not parts or text.startswith(("/", "\\", "~")) or ".." in parts or ":" in text
        stems = {part.split(".")[0].lower() for part in parts}
        long = any(len(part.encode("utf-8", "replace")) > MAX_FILE_NAME for part in parts)
        if long:
            raise PydanticCustomError(
                "run_folder",
                "a name of a folder has {most} bytes at most",
                {"most": str(MAX_FILE_NAME)},
            )
        if not bad and parts[0].lower() not in RUN_NAMES and not stems & DEVICES:
            return text
    raise advised(
        "run_folder",
        f"'{value}' is not a name for a folder inside the run folder",
        "write one such as dicom",
    )


MAX_FILE_NAME = 200
"""Bytes of a name in UTF-8; the file systems of all platforms take 255, and some is put to it."""

RUN_NAMES = frozenset(
    {
        "inputs", "evidence", "events.ndjson", "run.json", "report.html", "junit.xml", "ctrf.json",
        "manifest.json",
    }
)  # fmt: skip
"""What every run folder has already."""

DEVICES = frozenset(
    ["con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))]
)
"""Names that Windows keeps for itself."""

RunFolder = Annotated[str, BeforeValidator(_run_folder), WithJsonSchema(_TEXT_SCHEMA)]
"""A folder to be made inside the run folder."""

InputFile = Annotated[
    str,
    BeforeValidator(as_written),
    Field(min_length=1),
    WithJsonSchema({**_TEXT_SCHEMA, "x-name-of": "file"}),
]
"""A file, a folder or a pattern such as ``ct/*.dcm``, relative to the file it is written in."""

SavedName = Annotated[Any, WithJsonSchema({"x-name-of": "saved"})]
"""What an earlier step saved: its ``save_as`` or id, or a template that gives the value itself."""

Saved = Literal["instances", "frames", "statuses"]
"""What checks look for in what a step saved."""


def _holding(*one_of: Saved) -> WithJsonSchema:
    return WithJsonSchema({"x-name-of": "saved", "x-holds": list(one_of)})


RetrievedName = Annotated[Any, _holding("instances")]
"""The same of instances that came back."""

ImagesName = Annotated[Any, _holding("instances", "frames")]
"""The same of instances or frames that came back."""

StatusesName = Annotated[Any, _holding("statuses")]
"""The same of what a PACS answered."""


def _by_name(value: Any) -> Any:
    """A selection as it is named. Raises PydanticCustomError for what the step with that name gave."""
    if isinstance(value, dict | list):
        raise advised(
            "by_name",
            "a selection is given by its name, and not by what the step saved",
            "without braces: what: NAME, or NAME[0] for the first turn of a step with 'for_each' or 'repeat'",
        )
    return as_written(value)


Selection = Annotated[
    str, BeforeValidator(_by_name), WithJsonSchema({**_TEXT_SCHEMA, "x-name-of": "selection"})
]
"""What an earlier ``generate`` saved; ``all`` is the whole plan."""

Instances = Annotated[
    Any, WithJsonSchema({"x-name-of": "instances", "x-holds": ["instances", "selection"]})
]
"""A selection, or what ``retrieve`` saved, by name; or a template that gives the latter."""

StepName = Annotated[
    str, BeforeValidator(as_written), WithJsonSchema({**_TEXT_SCHEMA, "x-name-of": "step"})
]
"""An earlier step, by its id or the name it saves under."""

ValidatorName = Annotated[
    str, BeforeValidator(as_written), WithJsonSchema({**_TEXT_SCHEMA, "x-name-of": "validator"})
]
"""The name of a validator: ``standard``, ``dciodvfy``, or a plugin's."""

DEFAULT_VALIDATOR = "standard"
"""Who judges when a scenario names no validator."""

RuleName = Annotated[
    str, BeforeValidator(as_written), WithJsonSchema({"type": "string", "x-name-of": "rule"})
]
"""A rule of one of the validators that the ``with`` beside it names."""

AttributeName = Annotated[
    str,
    BeforeValidator(as_written),
    WithJsonSchema({**_TEXT_SCHEMA, "x-name-of": "attribute"}),
]
"""The keyword of a DICOM attribute."""

Attributes = Annotated[dict[str, Any], WithJsonSchema({"type": "object", "x-name-of": "attribute"})]
"""DICOM attributes by keyword (``AccessionNumber``) with the value of each."""


def entries_of(kind: str) -> WithJsonSchema:
    """The schema of a list of entries; the schema of the whole file says what an entry of that kind is."""
    return WithJsonSchema({"type": "array", "minItems": 1, "items": {"x-entry-of": kind}})


CheckList = Annotated[list[Any], Field(min_length=1), entries_of("check")]
"""A list of checks, as ``assert`` takes it; the schema of a scenario says what a check is."""

Expression = Annotated[
    str | bool, WithJsonSchema({"type": ["string", "boolean"], "x-expression": True})
]
"""An expression, bare or in double braces, that the step evaluates itself (``Step.deferred``)."""
