"""The check ``tags``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, Literal

from pydantic import Field, model_validator

from scenario_runner.amounts import amount
from scenario_runner.api import (
    AttributeName,
    Attributes,
    Check,
    CheckResult,
    Difference,
    Retrieved,
    SavedName,
    StepContext,
)
from scenario_runner.checks.attributes import differing, plain_value
from scenario_runner.checks.pairs import pairs
from scenario_runner.language.dicom_text import as_dicom_text

_SHOWN = 200
_Keywords = list[AttributeName]


class Tags(Check):
    """Holds when retrieved attributes agree with what was sent, or with given values.

    Each difference is listed. Pixel data is the business of ``pixels``.
    """

    name: ClassVar[str] = "tags"
    example: ClassVar[str] = "tags: {of: back, equal: sent, except: [StudyDescription]}"

    of: SavedName
    """What ``retrieve`` saved, by name or as a template."""
    equal: Literal["sent"] | None = None
    """Compare with what was sent."""
    only: _Keywords = Field(default=[])
    """Look at these attributes alone."""
    except_: _Keywords = Field(default=[], alias="except")
    """Leave these attributes out."""
    values: Attributes | None = None
    """Every instance must have these values."""

    @model_validator(mode="after")
    def _something(self) -> Tags:
        if self.equal is None and self.values is None:
            raise ValueError("give 'equal: sent' or 'values'")
        if self.only and self.except_:
            raise ValueError("'only' and 'except' exclude each other")
        return self

    def evaluate(self, context: StepContext) -> CheckResult:
        """Compare instance by instance."""
        retrieved = context.retrieved(self.of)
        found: list[Difference] = []
        if self.equal is not None:
            found += self._against_sent(context, retrieved)
        if self.values is not None:
            found += self._against_values(context, retrieved)
        holds = not found and len(retrieved) > 0
        message = (
            f"{amount(len(retrieved), 'instance')} {'agrees' if len(retrieved) == 1 else 'agree'}"
        )
        if not retrieved.files:
            message = "nothing was retrieved"
        elif found:
            differences = amount(len(found), "difference")
            message = f"{differences}; first: {found[0].attribute} of {found[0].subject}"
            message += f" is {found[0].actual!r}, not {found[0].expected!r}"
        return CheckResult(
            outcome="passed" if holds else "failed",
            expected=self.values if self.values is not None else "as sent",
            actual={"instances": len(retrieved), "differences": len(found)},
            message=message,
            differences=found[:_SHOWN],
        )

    def _against_sent(self, context: StepContext, retrieved: Retrieved) -> list[Difference]:
        found: list[Difference] = []
        for pair in pairs(context, retrieved, found):
            for attribute, sent, received in differing(
                pair.sent, pair.received(), set(self.only), set(self.except_)
            ):
                found.append(
                    Difference(
                        subject=pair.image.id, attribute=attribute, expected=sent, actual=received
                    )
                )
        return found

    def _against_values(self, context: StepContext, retrieved: Retrieved) -> Iterator[Difference]:
        from scenario_runner.dicom.datasets import read_file

        assert self.values is not None
        planned = {s.status.sop_instance_uid: s.image.id for s in context.ledger.sent()}
        for uid, file in retrieved.files.items():
            context.deadline.check()
            dataset = read_file(file, stop_before_pixels=True)
            for keyword, expected in self.values.items():
                actual = plain_value(dataset[keyword]) if keyword in dataset else None
                vr = dataset[keyword].VR if keyword in dataset else ""
                if not _agrees(expected, actual, vr):
                    yield Difference(
                        subject=planned.get(uid, uid),
                        attribute=keyword,
                        expected=expected,
                        actual=actual,
                    )


def _agrees(expected: Any, actual: Any, vr: str) -> bool:
    """Text as written against text; numbers by value; null means absent or empty."""
    if expected is None:
        return actual in (None, "")
    if isinstance(expected, list):
        return (
            isinstance(actual, list)
            and len(actual) == len(expected)
            and all(_agrees(left, right, vr) for left, right in zip(expected, actual, strict=True))
        )
    if isinstance(actual, int | float) and isinstance(expected, int | float):
        return float(actual) == float(expected)
    return as_dicom_text(vr, expected) == str(actual)
