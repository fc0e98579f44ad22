"""The check ``plausible_age``: retrieved ages fit the dates beside them. An example of a check.

In a scenario: ``- assert: [plausible_age: {of: back}]``
"""

from __future__ import annotations

import re
from typing import ClassVar

from scenario_runner.api import Check, CheckResult, Difference, SavedName, StepContext, hookimpl

_AGE = re.compile(r"(\d{3})Y")


class PlausibleAge(Check):
    """Holds when PatientAge in years agrees with PatientBirthDate and StudyDate everywhere."""

    name: ClassVar[str] = "plausible_age"
    example: ClassVar[str] = "plausible_age: {of: back}"

    of: SavedName
    """What ``retrieve`` saved."""

    def evaluate(self, context: StepContext) -> CheckResult:
        """Read each file's header; ages in months, weeks or days are not judged."""
        from pydicom import dcmread

        wrong: list[Difference] = []
        judged = 0
        for uid, file in context.retrieved(self.of).files.items():
            data = dcmread(file, stop_before_pixels=True)
            born, day = str(data.get("PatientBirthDate", "")), str(data.get("StudyDate", ""))
            match = _AGE.fullmatch(str(data.get("PatientAge", "")))
            if match is None or len(born) != 8 or len(day) != 8:
                continue
            judged += 1
            age = int(day[:4]) - int(born[:4]) - (day[4:] < born[4:])
            if age != int(match[1]):
                wrong.append(
                    Difference(
                        subject=uid, attribute="PatientAge", expected=age, actual=int(match[1])
                    )
                )
        return CheckResult(
            outcome="failed" if wrong or not judged else "passed",
            expected="ages that fit the dates",
            actual={"judged": judged, "wrong": len(wrong)},
            message=f"{len(wrong)} of {judged} ages do not fit",
            differences=wrong,
        )


@hookimpl
def fabricate_checks() -> list[type[Check]]:
    """The one check of this plugin."""
    return [PlausibleAge]
