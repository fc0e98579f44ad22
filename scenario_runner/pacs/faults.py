"""Faults that can be switched on, as a typed model: what a site file or ``--fault`` may ask for.

Each does exactly one thing wrong, so that a modality, a router or one of our own checks can be shown to
notice it. ``share`` is spread evenly and without chance: 0.25 hits the first and then every fourth.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, Field, PlainSerializer, TypeAdapter, ValidationError

from scenario_runner.errors import UsageError
from scenario_runner.language.fields import Duration, Model, Text
from scenario_runner.pacs.negotiation import Rejection

Operation = Literal["any", "echo", "store", "find", "get", "move", "commit", "mpps"]
Share = Annotated[float, Field(gt=0, le=1, strict=False)]
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

REJECTIONS: Final[dict[Reason, Rejection]] = {
    "no-reason": Rejection(1, 1, 1),
    "application-context": Rejection(1, 1, 2),
    "calling-ae-title": Rejection(1, 1, 3),
    "called-ae-title": Rejection(1, 1, 7),
    "no-reason-acse": Rejection(1, 2, 1),
    "protocol-version": Rejection(1, 2, 2),
    "congestion": Rejection(2, 3, 1),
    "local-limit": Rejection(2, 3, 2),
}
"""Every reason of PS3.8 9.3.4 that is not reserved; the last two are transient."""


def _status(value: Any) -> Any:
    """A status as four hexadecimal digits, the way the Standard writes it; 0x before is fine."""
    if isinstance(value, str):
        digits = value.strip().lower().removeprefix("0x").removesuffix("h")
        try:
            return int(digits, 16)
        except ValueError:
            return value
    return value


Status = Annotated[
    int,
    BeforeValidator(_status),
    Field(ge=1, le=0xFFFF),
    PlainSerializer(lambda status: f"{status:04X}", return_type=str),
]
"""A DIMSE status other than success: ``A700`` (PS3.7 annex C)."""


class Refuse(Model):
    """Refuse associations (A-ASSOCIATE-RJ)."""

    reason: Reason
    share: Share = 1.0


class After(Model):
    """Do something instead of answering, once an association has had ``after`` answers."""

    on: Operation = "any"
    after: Annotated[int, Field(ge=0)] = 0


class Delay(Model):
    """Answer late."""

    seconds: Duration
    on: Operation = "any"


class Answer(Model):
    """Answer a request with a status of its own. A warning (Bxxx) is carried out nevertheless."""

    status: Status
    on: Operation = "store"
    share: Share = 1.0
    comment: Annotated[Text, Field(max_length=64)] = ""


class Lose(Model):
    """Acknowledge an instance, and forget it."""

    share: Share = 1.0


class Alter(Model):
    """Keep an instance with another value in one attribute of text."""

    attribute: Text
    """Its keyword: ``PatientName``."""
    value: Text
    share: Share = 1.0


class Counts(Model):
    """Report counts that are off: of related instances in C-FIND, of sub-operations in C-GET."""

    by: int


class CommitFailure(Model):
    """Report storage commitment as failed (PS3.3 C.14, Failure Reason)."""

    reason: Status = 0x0110
    share: Share = 1.0


class Faults(Model):
    """All faults of a PACS; what is not given works as it should."""

    refuse: Refuse | None = None
    abort: After | None = None
    """Send A-ABORT."""
    drop: After | None = None
    """Close the connection without a word."""
    hang: After | None = None
    """Never answer, and keep the connection open."""
    delay: Delay | None = None
    answer: Answer | None = None
    lose: Lose | None = None
    alter: Alter | None = None
    counts: Counts | None = None
    undeclared_charset: bool = False
    """Answer C-FIND in UTF-8 without saying so."""
    commit: CommitFailure | None = None


_FIRST: Final = {
    "refuse": "reason",
    "abort": "after",
    "drop": "after",
    "hang": "after",
    "delay": "seconds",
    "answer": "status",
    "lose": "share",
    "alter": "attribute",
    "counts": "by",
    "undeclared_charset": "",
    "commit": "reason",
}
"""The field that the first value of a fault on the command line is for."""


_WHOLE: Final = re.compile(r"[+-]?[0-9]{1,9}")


def parse_faults(texts: list[str]) -> Faults:
    """Faults as typed: ``refuse=congestion``, ``answer=A700,share=0.5``, ``hang=3,on=store``, ``lose``.

    Raises UsageError that says what is wrong and what there is.
    """
    given: dict[str, Any] = {}
    for text in texts:
        name, _, rest = text.partition("=")
        name = name.strip().replace("-", "_")
        if name not in _FIRST:
            raise UsageError(f"there is no fault '{name}'", hint=f"one of: {', '.join(_FIRST)}")
        given[name] = _fields(name, rest) if _FIRST[name] else True
    try:
        return TypeAdapter(Faults).validate_python(given)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise UsageError(f"fault '{where}': {first['msg']}") from error


def _fields(name: str, text: str) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for position, part in enumerate(part for part in text.split(",") if part.strip()):
        key, equals, value = part.partition("=")
        if not equals and position:
            raise UsageError(f"fault '{name}': '{part}' needs a name, as in 'share=0.5'")
        field, value = (key.strip(), value) if equals else (_FIRST[name], key)
        # The models are strict, so that YAML's "3" is no number; on a command line all is text.
        is_number = field in ("after", "by") and _WHOLE.fullmatch(value.strip())
        fields[field] = int(value) if is_number else value.strip()
    return fields
