"""The check ``tags``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field, model_validator

from scenario_runner.amounts import amount
from scenario_runner.api import (
    AttributeName,
    Attributes,
    Check,
    CheckResult,
    Difference,
    Differences,
    Retrieved,
    RetrievedName,
    Selection,
    StepContext,
)
from scenario_runner.checks.attributes import (
    Unseen,
    differing,
    element_of,
    is_lost_private,
    named,
    plain_value,
    refuse_pixels,
)
from scenario_runner.checks.converted import Conversion
from scenario_runner.checks.pairs import expected_of, pairs
from scenario_runner.dicom.matching import as_single
from scenario_runner.dicom.private_names import one_spelling
from scenario_runner.dicom.untyped_matching import readings
from scenario_runner.errors import Advised
from scenario_runner.language.dicom_text import as_dicom_text

if TYPE_CHECKING:
    from pydicom import DataElement

_Keywords = list[AttributeName]


class Tags(Check):
    """Holds when retrieved attributes agree with what was sent, or with given values.

    *Sent* means sent by this case, to whichever target. What ``retrieve`` asked for has to be there: the
    study, the series or the instances that it named, or without ``match`` all of the case that is stored
    on that target; less than that fails. Every difference is counted by attribute and values. Pixel
    data is the business of ``pixels``.
    """

    name: ClassVar[str] = "tags"
    example: ClassVar[str] = "tags: {of: back, equal: sent, except: [StudyDescription]}"

    of: RetrievedName
    """What ``retrieve`` saved, by name or as a template."""
    equal: Literal["sent"] | None = None
    """Compare with what was sent."""
    only: _Keywords = Field(default=[])
    """Look at these attributes alone."""
    except_: _Keywords = Field(default=[], alias="except")
    """Leave these attributes out."""
    values: Attributes | None = None
    """Every instance must have these values."""
    what: Selection | None = None
    """Look at these alone, which have to be there whole: what ``generate`` or ``send`` saved; by default
    all that was asked for."""

    @model_validator(mode="after")
    def _something(self) -> Tags:
        if self.equal is None and self.values is None:
            raise ValueError("give 'equal: sent' or 'values'")
        if self.only and self.except_:
            raise ValueError("'only' and 'except' exclude each other")
        if self.equal is None and (self.only or self.except_):
            raise Advised(
                "'only' and 'except' say what of 'equal: sent' is compared",
                "'values' looks at what it names and at nothing else",
            )
        refuse_pixels(self.only, "the check 'pixels' compares them")
        return self

    def evaluate(self, context: StepContext) -> CheckResult:
        """Compare instance by instance."""
        retrieved = context.retrieved(self.of)
        found = Differences()
        lost: set[str] = set()
        passed = context.ledger.passed_through(retrieved.target)
        expected = [context.target(one).expects for one in passed]
        converts = any(one.converts_character_sets for one in expected)
        conversion = Conversion() if converts else None
        compared = len(retrieved)
        unseen = Unseen(frozenset(map(one_spelling, self.only)))
        if self.equal is not None:
            excused = None if all(one.private_attributes for one in expected) else lost
            compared = self._against_sent(context, retrieved, found, conversion, excused, unseen)
        if self.values is not None:
            compared = self._against_values(context, retrieved, found, conversion)
        holds = compared > 0 and not found.total and not unseen.is_all
        message = f"{amount(compared, 'instance')} {'agrees' if compared == 1 else 'agree'}"
        if not retrieved.files:
            message = "nothing was retrieved"
        elif found.total:
            message = found.sentence
        elif not compared:
            message = "nothing to compare"
        elif unseen.words:
            message = (
                f"nothing to compare: {unseen.words}"
                if unseen.is_all
                else f"{message}; {unseen.words}"
            )
        if conversion is not None and conversion.words:
            message += f"; {conversion.words}"
        if lost:
            message += f"; {amount(len(lost), 'private attribute')} did not come back (expects.private_attributes)"
        return CheckResult(
            outcome="passed" if holds else "failed",
            expected=self.values if self.values is not None else "as sent",
            actual={"instances": len(retrieved), "differences": found.total},
            message=message,
            differences=found,
        )

    def _against_sent(
        self,
        context: StepContext,
        retrieved: Retrieved,
        found: Differences,
        conversion: Conversion | None,
        lost: set[str] | None,
        unseen: Unseen,
    ) -> int:
        """Compare pair by pair; how many pairs there are. lost: gets private attributes that may be missing."""
        compared = 0
        for pair in pairs(context, retrieved, found, self.what):
            compared += 1
            came = pair.received()
            unseen.look(pair.sent, came)
            for attribute, sent, received in differing(
                pair.sent,
                came,
                set(map(one_spelling, self.only)),
                set(map(one_spelling, self.except_)),
                conversion=conversion,
            ):
                if lost is not None and is_lost_private(attribute, received):
                    lost.add(attribute)
                    continue
                found.append(
                    Difference(
                        subject=pair.image.id, attribute=attribute, expected=sent, actual=received
                    )
                )
        return compared

    def _against_values(
        self,
        context: StepContext,
        retrieved: Retrieved,
        found: Differences,
        conversion: Conversion | None,
    ) -> int:
        """Look at each file; how many there were."""
        from scenario_runner.dicom.datasets import character_sets, read_file

        assert self.values is not None
        sent = context.ledger.ever()
        files = dict(retrieved.files)
        if self.what is not None or retrieved.asked is not None:
            expected = expected_of(context, retrieved.asked, files, self.what, found)
            found.extend(
                Difference(
                    subject=one.image.id,
                    attribute="SOPInstanceUID",
                    expected="sent",
                    actual="not retrieved",
                )
                for uid, one in expected.items()
                if uid not in files
            )
        if self.what is not None:
            files = {uid: file for uid, file in files.items() if uid in expected}
        for uid, file in files.items():
            context.deadline.check()
            dataset = read_file(file, stop_before_pixels=True)
            tags = named(dataset)
            for keyword, wanted in self.values.items():
                name = one_spelling(keyword)
                element = element_of(dataset, tags[name]) if name in tags else None
                actual = plain_value(element) if element is not None else None
                vr = element.VR if element is not None else ""
                if not any(_agrees(wanted, one, of) for of, one in _read(element, actual)) and not (
                    conversion is not None
                    and isinstance(wanted, str)
                    and isinstance(actual, str)
                    and conversion.fits(keyword, vr, wanted, actual, character_sets(dataset))
                ):
                    found.append(
                        Difference(
                            subject=sent[uid].image.id if uid in sent else uid,
                            attribute=keyword,
                            expected=wanted,
                            actual=actual,
                        )
                    )
        return len(files)


def _read(element: DataElement | None, actual: Any) -> Iterator[tuple[str, Any]]:
    """A value as it is told, and what else it may be where nobody says its VR, as of private ones in Implicit VR."""
    yield ("" if element is None else element.VR), actual
    if element is not None and element.VR == "UN" and isinstance(element.value, bytes):
        for vr, several in readings(element.value):
            yield vr, several if several[1:] else several[0]


def _number(given: Any) -> float | None:
    """The number that somebody means who writes it with quotes or without: DS and IS are text (PS3.5 6.2)."""
    try:
        return float(given) if isinstance(given, int | float | str) else None
    except ValueError:
        return None


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
    if isinstance(actual, int | float) and (wanted := _number(expected)) is not None:
        return float(actual) == (as_single(wanted) if vr == "FL" else wanted)
    text = as_dicom_text(vr, expected)
    # Empty groups at the end of a name say nothing (PS3.5 6.2.1.2), and who reads it leaves them out.
    return (text.rstrip("=") if vr == "PN" else text) == str(actual)
