"""What a validator is, and what it says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol

from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

Severity = Literal["error", "warning"]
STANDARD = "standard"
"""The validator of our own rules."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong with an object. Plain values only.

    attribute: its keyword, or ``(gggg,eeee)`` where it has none, with the way through sequences:
    ``AnatomicRegionSequence[0].CodeValue``; None when no single attribute is at fault.
    section: of the Standard (``PS3.5 9.1``), empty when the validator does not say.
    rule: a stable name of what was broken, empty when the validator has none.
    """

    severity: Severity
    message: str
    attribute: str | None
    section: str
    validator: str
    rule: str = ""
    file: str = ""
    """From ``check_study`` only: the file to blame, empty when it is the study as a whole."""


class Validator(Protocol):
    """A judge of DICOM files, registered by ``name``.

    Whatever is in a file, there are findings about it and never an exception; OSError for a file
    that cannot be read at all. One validator may be used by several threads at once.
    """

    @property
    def name(self) -> str:
        """What a scenario calls it."""
        ...

    def version(self) -> str | None:
        """For the evidence; None when it is not installed."""
        ...

    def check(self, file: Path) -> list[Finding]:
        """Judge one file by itself. Raises UsageError when the validator is not installed."""
        ...

    def check_study(self, files: Sequence[Path]) -> list[Finding]:
        """Judge whether files agree with each other; they may be of several studies.

        Raises UsageError when the validator is not installed.
        """
        ...


class NamesItsRules(Protocol):
    """A validator that tells beforehand what its rules are called, which it need not.

    Then ``fabricate validate`` sees a rule that a scenario misspells under ``finds``.
    """

    def rules(self) -> frozenset[str]:
        """All that ``Finding.rule`` can be; empty when its findings are of no named rule."""
        ...
