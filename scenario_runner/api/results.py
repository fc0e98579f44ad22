"""How a step ended, and what a check found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any, Literal

from scenario_runner.api.differences import Difference
from scenario_runner.lazy_dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class StepResult:
    """How a step ended. Raise TargetError, MachineError, … for ``error``; never return it."""

    outcome: Literal["passed", "failed", "skipped"] = "passed"
    message: str = ""
    value: Any = None
    """What ``save_as`` stores: plain values, or a Retrieved."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """What the report shows about the step: plain values."""
    reasons: Sequence[str] = ()
    """Everything that went wrong, each kind once: what ``fails`` looks at beside the message."""
    moot: bool = False
    """With ``skipped``: the case cannot be carried out here. The rest of its steps, ``finally`` apart, and the case
    itself are skipped for the reason that ``message`` gives, unless something failed."""
    absent: bool = False
    """With ``skipped``: what the step would have saved does not exist here. Later steps and checks that name it are skipped
    for the reason that ``message`` gives; all others go on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """What a check found, for eyes. Kept under ``evidence/`` when the step has no further attempt."""

    name: str
    """Of its file."""
    png: bytes
    title: str
    subject: Mapping[str, Any] = field(default_factory=dict)
    """What it shows: plain values."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """What a check found. expected and actual are plain values and always given."""

    outcome: Literal["passed", "failed"]
    expected: Any
    actual: Any
    message: str = ""
    """Why it failed, or what was looked at; one sentence."""
    differences: Sequence[Difference] = ()
    """All of them; when there can be very many, ``Differences``, which keeps examples of each kind."""
    pictures: Sequence[Picture] = ()
    """A few, small ones."""
