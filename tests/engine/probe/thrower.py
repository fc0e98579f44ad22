"""A third party's plugin that throws what it is told to, wherever it is asked for something.

FABRICATE_TEST_THROWS is ``PLACE=KIND``; without it the plugin is well-behaved.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterable, Sequence
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, model_validator

from scenario_runner.api import Check, CheckResult, Step, StepContext, StepResult, hookimpl
from scenario_runner.conformance.api import Finding
from scenario_runner.evidence.record import RunRecord
from scenario_runner.planning.api import PatternContext, PatternField
from scenario_runner.planning.sources import PatientSource, SourceContext


class Unspeakable(Exception):
    """Throws once more where somebody asks what is wrong."""

    def __str__(self) -> str:
        raise SystemExit(1)


class Half(ValueError):
    """Says what UTF-8 cannot hold."""

    def __str__(self) -> str:
        return "half \udc80 of it"


KINDS: dict[str, type[BaseException]] = {
    "Exception": RuntimeError,
    "BaseException": BaseException,
    "SystemExit": SystemExit,
    "MemoryError": MemoryError,
    "GeneratorExit": GeneratorExit,
    "a dead worker": BrokenProcessPool,
    "a text that throws": Unspeakable,
    "half a character": Half,
    "KeyboardInterrupt": KeyboardInterrupt,
}


def throw(place: str) -> None:
    """Throw, if it is to be thrown here."""
    where, _, kind = os.environ.get("FABRICATE_TEST_THROWS", "").partition("=")
    if where == place:
        raise KINDS[kind]("thrown by a test")


class Thrower(Step):
    """Throws in a step."""

    name: ClassVar[str] = "thrower"

    def run(self, context: StepContext) -> StepResult:
        throw("step")
        thread = threading.Thread(target=throw, args=("thread",))
        thread.start()
        thread.join()
        return StepResult(message="did not throw")


class Together(Step):
    """Throws what Ctrl-C throws, at the same moment as another one."""

    name: ClassVar[str] = "together"

    def run(self, context: StepContext) -> StepResult:
        _BOTH.wait(20)
        raise KeyboardInterrupt


_BOTH = threading.Barrier(2)


class Mute(Step):
    """Saves what throws where somebody asks what it is, and has facts that are called as those of the engine are."""

    name: ClassVar[str] = "mute"

    ends: Literal["passed", "failed"] = "passed"

    def run(self, context: StepContext) -> StepResult:
        return StepResult(
            outcome=self.ends, facts={"templates": ["mine"]}, value={"one": Unspeakable()}
        )


class ThrowingModel(Step):
    """Throws where its values are looked at."""

    name: ClassVar[str] = "model"

    @model_validator(mode="after")
    def fits(self) -> ThrowingModel:
        throw("model")
        return self

    def run(self, context: StepContext) -> StepResult:
        return StepResult()


class ThrowingField:
    """Throws where an identifier is written."""

    name = "throwing"

    def render(self, width: int | None, context: PatternContext) -> str:
        throw("pattern")
        return "A"


class Sleeper(Step):
    """Sleeps without a look at its deadline."""

    name: ClassVar[str] = "sleeper"

    def run(self, context: StepContext) -> StepResult:
        time.sleep(float(os.environ.get("FABRICATE_TEST_SLEEPS", "0")))
        return StepResult(message="awake")


class ThrowingCheck(Check):
    """Throws in a check."""

    name: ClassVar[str] = "throwing"

    what: Any = None

    def evaluate(self, context: StepContext) -> CheckResult:
        throw("check")
        return CheckResult(outcome="passed", expected=None, actual=None)


class ThrowingReporter:
    """Throws where it is to write."""

    name: ClassVar[str] = "throwing"
    file: ClassVar[str] = "throwing.txt"

    def write(self, record: RunRecord, folder: Path) -> None:
        throw("reporter")


class _Nothing(BaseModel):
    pass


class ThrowingSource:
    """Throws where it is asked for patients."""

    name = "thrower"
    short = ""
    parameters = _Nothing

    def patients(self, parameters: Any, context: SourceContext) -> Iterable[Any]:
        throw("source")
        return ()


class ThrowingValidator:
    """Throws where it is to judge."""

    name = "throwing"

    def version(self) -> str:
        return "1"

    def check(self, file: Path) -> list[Finding]:
        throw("validator")
        return []

    def check_study(self, files: Sequence[Path]) -> list[Finding]:
        return []


class ThrowingPhantom:
    """Throws where it is to draw."""

    name = "throwing"

    def open(self, series: Any) -> Any:
        throw("phantom")
        raise AssertionError("only for throwing")


@hookimpl
def fabricate_steps() -> list[type[Step]]:
    throw("hook")
    return [Thrower, Together, Mute, ThrowingModel, Sleeper]


@hookimpl
def fabricate_checks() -> list[type[Check]]:
    return [ThrowingCheck]


@hookimpl
def fabricate_reporters() -> list[Any]:
    return [ThrowingReporter]


@hookimpl
def fabricate_pattern_fields() -> list[PatternField]:
    return [ThrowingField()]


@hookimpl
def fabricate_sources() -> list[PatientSource]:
    return [ThrowingSource()]  # type: ignore[list-item]


@hookimpl
def fabricate_validators() -> list[Any]:
    return [ThrowingValidator()]


@hookimpl
def fabricate_phantoms() -> list[Any]:
    return [ThrowingPhantom()]
