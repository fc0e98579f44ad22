"""Faults that a PACS of ours can be asked to have: their one definition, for files and command line.

Each does exactly one thing wrong, so that a modality, a router or one of our own checks can be shown to
notice it. ``share`` is spread evenly and without chance: 0.25 hits the first and then every fourth.
"""

from typing import Annotated, Any, Final, Literal, Self

from pydantic import (
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    WithJsonSchema,
    model_validator,
)

from scenario_runner.dicom import statuses
from scenario_runner.fields.scalars import as_written
from scenario_runner.fields.types import AttributeName, Duration, Model, Text

Operation = Literal[
    "any", "echo", "store", "find", "worklist", "get", "move", "commit", "mpps", "hl7"
]  # fmt: skip
Reason = Literal[
    "no-reason",
    "application-context",
    "calling-ae-title",
    "called-ae-title",
    "no-reason-acse",
    "protocol-version",
    "congestion",
    "local-limit",
]
"""Why an association is refused: PS3.8 9.3.4; the last two are transient."""
Share = Annotated[float, Field(gt=0, le=1, strict=False)]
"""How many of all cases, spread evenly."""


_LARGEST: Final = 0xFFFF
"""The last status there can be."""


def _status(value: Any) -> Any:
    """A status as four hexadecimal digits, the way the Standard writes it; 0x before is fine."""
    digits = as_written(value)
    if isinstance(digits, str):
        try:
            status = int(digits.strip().lower().removeprefix("0x").removesuffix("h"), 16)
        except ValueError:
            return value
        if status > _LARGEST:  # such as 42752, which is A700 to who counts in tens
            raise ValueError(f"a status has four hexadecimal digits, such as A700, not '{digits}'")
        return status
    return value


Status = Annotated[
    int,
    BeforeValidator(_status),
    Field(ge=1, le=_LARGEST),
    PlainSerializer(lambda status: f"{status:04X}", return_type=str),
    WithJsonSchema(
        {
            "type": ["string", "integer"],
            "pattern": r"^(0[xX])?[0-9A-Fa-f]{4}[hH]?$",
            "examples": ["A700", "C000", "B000"],
        }
    ),
]
"""A DIMSE status other than success: ``A700`` (PS3.7 annex C)."""


class Refuse(Model):
    """Refuse associations (A-ASSOCIATE-RJ)."""

    reason: Reason
    """The reason that is given; each is one of PS3.8 9.3.4, with its source and result."""
    share: Share = 1.0
    """Of the associations."""


class After(Model):
    """Do something instead of answering, once an association has had so many answers."""

    after: Annotated[int, Field(ge=0)] = 0
    """Answers that an association gets before."""
    on: Operation = "any"
    """Which requests are counted and hit."""


class Delay(Model):
    """Answer late."""

    seconds: Duration
    """How late."""
    on: Operation = "any"
    """Which requests."""


class Answer(Model):
    """Answer with a status of its own. A warning (Bxxx) is carried out nevertheless."""

    status: Status
    """A DIMSE status in hexadecimal, such as ``A700``."""
    on: Operation = "store"
    """Which requests."""
    share: Share = 1.0
    """Of those requests."""
    comment: Annotated[Text, Field(max_length=64)] = ""
    """The Error Comment."""


class Lose(Model):
    """Say that it was done, and do nothing: an acknowledged instance is not kept, or not sent."""

    share: Share = 1.0
    """Of the instances."""
    on: Literal["store", "retrieve"] = "store"
    """Whether an instance is lost on its way in, or left out of C-GET and C-MOVE."""


class Fail(Model):
    """Fail C-STORE sub-operations of C-GET and C-MOVE, and say so (B000, or A702 for all)."""

    share: Share = 1.0
    """Of the sub-operations."""


class Alter(Model):
    """Give one attribute of text another value."""

    attribute: AttributeName
    """Its keyword: ``PatientName``."""
    value: Text
    """What it says instead."""
    on: Literal["store", "find", "retrieve", "worklist"] = "store"
    """Kept with that value, or only answered or sent with it."""
    share: Share = 1.0
    """Of the instances, or of the matches."""


class Pixels(Model):
    """Send instances with wrong pixels; what is kept stays right."""

    share: Share = 1.0
    """Of the instances retrieved."""


class Counts(Model):
    """Report counts that are off: of related instances in C-FIND, of completed sub-operations."""

    by: int
    """Added to each count."""
    on: Literal["any", "find", "retrieve"] = "any"
    """Which counts."""


class Repeat(Model):
    """Answer a match twice, or send an instance twice."""

    on: Literal["find", "retrieve", "worklist"] = "find"
    """Where."""
    share: Share = 1.0
    """Of the matches or instances."""


class Extra(Model):
    """Answer one match more, or send one instance more, with a UID that nobody has stored."""

    on: Literal["find", "retrieve", "worklist"] = "find"
    """Where."""


class CharacterSet(Model):
    """Break the character set of text that is more than ASCII."""

    how: Literal["undeclared", "wrong", "garbled"] = "undeclared"
    """Not declared at all, declared as another one, or every such character a question mark."""
    on: Literal["any", "find", "retrieve", "worklist"] = "any"
    """Where."""


class CommitFailure(Model):
    """Report storage commitment as failed (Failure Reason, PS3.3 C.14)."""

    reason: Status = statuses.PROCESSING_FAILURE
    """The Failure Reason in hexadecimal."""
    share: Share = 1.0
    """Of the instances."""


class Unreported(Model):
    """Take requests for storage commitment, and never report on them."""

    share: Share = 1.0
    """Of the requests."""


class Acknowledge(Model):
    """Acknowledge HL7 v2 messages wrongly; what they ask for is done unless they are refused."""

    how: Literal["error", "reject", "wrong-id", "cut", "twice"]
    """``error`` and ``reject`` refuse (AE, AR); ``wrong-id`` acknowledges another message; ``cut`` closes the
    connection after half an acknowledgement; ``twice`` sends it two times."""
    share: Share = 1.0
    """Of the messages."""


class Fault(Model):
    """One fault: one key that names it, and what it takes."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1, "maxProperties": 1})

    refuse: Refuse | None = None
    abort: After | None = None
    """Send A-ABORT instead of an answer."""
    drop: After | None = None
    """Close the connection without a word."""
    hang: After | None = None
    """Never answer, and keep the connection open."""
    delay: Delay | None = None
    answer: Answer | None = None
    lose: Lose | None = None
    fail: Fail | None = None
    alter: Alter | None = None
    pixels: Pixels | None = None
    counts: Counts | None = None
    repeat: Repeat | None = None
    extra: Extra | None = None
    charset: CharacterSet | None = None
    commit: CommitFailure | None = None
    unreported: Unreported | None = None
    acknowledge: Acknowledge | None = None

    @model_validator(mode="before")
    @classmethod
    def _nothing_is_the_default(cls, value: Any) -> Any:
        """``lose:`` without a value means ``lose: {}``, as a step without parameters does."""
        if isinstance(value, dict):
            return {name: {} if given is None else given for name, given in value.items()}
        return value

    @model_validator(mode="after")
    def _one(self) -> Self:
        if len(self.model_fields_set) != 1:
            raise ValueError("a fault is one key, such as lose: {share: 0.5}")
        return self

    @property
    def name(self) -> str:
        """Which fault."""
        return next(iter(self.model_fields_set))

    @property
    def settings(self) -> Model:
        """What it takes."""
        settings: Model = getattr(self, self.name)
        return settings


Faults = Annotated[list[Fault], Field(max_length=100)]
"""Faults that are switched on together; of two of one kind the first that hits counts."""
