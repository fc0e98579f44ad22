"""Which faults there are, in the order of the reference."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenario_runner.imaging.faults import attributes, encoding, pixels, series, text, values

if TYPE_CHECKING:
    from scenario_runner.imaging.api import Fault

SUBJECTS = {
    "Values": values.FAULTS,
    "Attributes": attributes.FAULTS,
    "Character sets": text.FAULTS,
    "Pixels": pixels.FAULTS,
    "Between images, and geometry": series.FAULTS,
    "Encoding and file": encoding.FAULTS,
}
"""Heading to the faults below it."""


def faults() -> list[Fault]:
    """All built-in faults."""
    return [fault for group in SUBJECTS.values() for fault in group]
