"""The entries of ``steps`` and ``finally``: what may stand beside the key that names a step or check."""

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, Field, WithJsonSchema

from scenario_runner.fields.types import Duration, Expression, Label, Model, Name, Text
from scenario_runner.language.searching import require_pattern
from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scenario_runner.language.uses import Branch, Use
    from scenario_runner.origins import Origins, Path

FailureKind = Literal["error", "failed"]
Section = Literal["setup", "steps", "finally"]
SECTIONS: tuple[Section, ...] = ("setup", "steps", "finally")
"""In the order in which they run."""


def _expression(value: str) -> str:
    """A regular expression; one with a template in it is judged when it is rendered."""
    if "{{" not in value:
        require_pattern(value)
    return value


MessagePattern = Annotated[Text, AfterValidator(_expression)]
"""A regular expression that is searched for in a message."""


class RetrySpec(Model):
    """Try a step again; the pause is only between attempts."""

    attempts: Annotated[int, Field(ge=1, le=1000)] = 3
    """How often at most, the first time included."""
    delay: Duration = 0.0
    """The pause between two attempts."""
    on: Annotated[list[FailureKind], Field(min_length=1)] = Field(default=["error", "failed"])
    """What to try again: ``error`` (the PACS could not), ``failed`` (it did, but wrongly)."""


class RepeatSpec(Model):
    """Run a step again and again: so many times, or until something holds."""

    times: Annotated[int, Field(ge=1, le=1000)] = 10
    """How many turns there are; with ``until``, how many at most."""
    until: Expression | None = None
    """The last turn is the one after which this holds; it sees ``turn`` and ``result``, which is what the turn
    came to. The step fails when it does not hold after the last."""
    every: Duration = 0.0
    """The pause between two turns."""


class StepSiblings(Model):
    """What every step takes beside its own key."""

    id: Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_-]*$", max_length=64)] | None = None
    """A name for reports and ``--from``, of letters, digits, ``_`` and ``-``; by default the step's name, numbered."""
    title: Text | None = None
    """What the report calls the step."""
    when: Expression | None = None
    """Run the step only when this holds: ``vars.images > 1``, with or without braces."""
    for_each: (
        Annotated[
            list[Any] | str, WithJsonSchema({"anyOf": [{"type": "array"}, {"x-template": "whole"}]})
        ]
        | None
    ) = None
    """Run the step once for each element, which templates call ``item``."""
    repeat: Annotated[int, Field(ge=1, le=1000)] | RepeatSpec | None = None
    """Run the step so many times, or until something holds; templates call the number of the turn ``turn``."""
    retry: RetrySpec | None = None
    """Try again when it fails."""
    timeout: Duration | None = None
    """How long the step may take, all attempts together."""
    save_as: Name | None = None
    """A name for the step's result, for templates in later steps."""
    fails: MessagePattern | None = None
    """A negative test: the step has to fail or end in an error, with a message in which this regular
    expression is found; then it has passed. ``true`` takes any message, also that of another fault than the one meant.
    Of a ``repeat`` with ``until`` all turns together have to: one of them does, or ``until`` never holds."""
    requirements: list[Label] = Field(default=[])
    """Requirements that this step verifies."""
    tags: list[Label] = Field(default=[])
    """Labels of this step."""


class StepDefaults(Model):
    """What goes for every step that does not say it itself; below the name of a step its parameters."""

    timeout: Duration | None = None
    """How long a step may take, all attempts together."""
    retry: RetrySpec | None = None
    """Try again when it fails."""


class CheckSiblings(Model):
    """What every check takes beside its own key."""

    must: bool = False
    """Stop the case when this check fails; ``finally`` still runs."""
    fails: MessagePattern | None = None
    """A negative test: the check has to fail, with a message in which this regular expression is
    found; then it holds. ``true`` takes any message."""
    title: Text | None = None
    """What the report calls the check."""
    requirements: list[Label] = Field(default=[])
    """Requirements that this check verifies."""


@dataclass(frozen=True, slots=True)
class Retry:
    """Try again: at most ``attempts`` times in all, ``delay`` seconds between two of them."""

    attempts: int
    delay: float
    on: frozenset[FailureKind] = frozenset({"error", "failed"})

    @classmethod
    def of(cls, given: RetrySpec | None) -> "Retry | None":
        """What a file says, in one form."""
        return None if given is None else cls(given.attempts, given.delay, frozenset(given.on))


@dataclass(frozen=True, slots=True)
class Repeat:
    """Do it again: ``times`` turns at most, ``every`` seconds between two of them, until something holds."""

    times: int
    until: str | bool | None = None
    every: float = 0.0

    @classmethod
    def of(cls, given: int | RepeatSpec | None) -> "Repeat | None":
        """What a file says, in one form."""
        if given is None or isinstance(given, int):
            return None if given is None else cls(given)
        return cls(given.times, given.until, given.every)


@dataclass(frozen=True, slots=True, kw_only=True)
class StepEntry:
    """One entry of ``steps`` or ``finally``, its parameters as written."""

    step: str
    """Which step: ``query``."""
    parameters: Any
    """The raw tree, rendered and typed by ``step_parameters`` when the step runs."""
    origins: "Origins"
    """Of the paths that follow."""
    path: "Path"
    parameters_path: "Path"
    id: str
    title: str | None
    when: str | bool | None
    for_each: list[Any] | str | None
    repeat: Repeat | None
    retry: Retry | None
    timeout: float | None
    """Seconds."""
    late: "Mapping[str, Any]"
    """Which of ``timeout``, ``retry`` and ``repeat`` have a template, as written: each case decides what they are."""
    save_as: str | None
    fails: str | None
    """What the message has to say for a step that is to fail."""
    requirements: tuple[str, ...]
    tags: tuple[str, ...]
    section: Section
    use: "Use | None" = None
    """Which use it comes from, when it is a step of a list."""
    branch: "Branch | None" = None
    """Which branch of a ``parallel`` it is in, when it runs beside others."""

    def called(self, name: str) -> "list[str]":
        """The ids that a step of this name may have, seen from here: of the own list first."""
        prefixes = [] if self.use is None else [use.prefix for use in reversed(self.use.whole)]
        return [*(f"{prefix}{name}" for prefix in prefixes), name]
