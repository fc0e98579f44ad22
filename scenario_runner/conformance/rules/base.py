"""What a rule is."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from scenario_runner.conformance.api import STANDARD, Finding
from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from scenario_runner.conformance.api import Severity
    from scenario_runner.conformance.dicom_file import DicomFile
    from scenario_runner.conformance.elements import Element, Items


class Problem(NamedTuple):
    """What a rule found. section: where it differs from the rule's own."""

    attribute: str | None
    message: str
    section: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing an object must be, with the place in the Standard that says so."""

    id: str
    section: str
    summary: str
    severity: Severity = "error"

    def finding(
        self, attribute: str | None, message: str, section: str = "", file: str = ""
    ) -> Finding:
        """What is said when the rule is broken."""
        return Finding(
            severity=self.severity,
            message=message,
            attribute=attribute,
            section=section or self.section,
            validator=STANDARD,
            rule=self.id,
            file=file,
        )


@dataclass(frozen=True, slots=True)
class ElementRule(Rule):
    """Judged for every element, those in sequences included."""

    judge: Callable[[Items, Element], Iterator[Problem]] = lambda _items, _element: iter(())


@dataclass(frozen=True, slots=True)
class ObjectRule(Rule):
    """Judged once for a file. whole: only when it could be read to its end."""

    judge: Callable[[DicomFile], Iterator[Problem]] = lambda _file: iter(())
    whole: bool = False
