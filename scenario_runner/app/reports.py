"""What ``fabricate report`` does: the reports of a run again, in its place or elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenario_runner.errors import UsageError
from scenario_runner.evidence.html import HtmlReporter
from scenario_runner.evidence.junit import JUnitReporter
from scenario_runner.evidence.record import SignatureRecord
from scenario_runner.evidence.signing.verify import SignatureVerdict, signature_files, verify
from scenario_runner.evidence.write import write_reports, write_reports_elsewhere

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from scenario_runner.evidence.api import Reporter
    from scenario_runner.evidence.record import RunRecord
    from scenario_runner.evidence.signing.trust import Trust


def with_every_detail(reporters: Sequence[type[Reporter]]) -> list[type[Reporter]]:
    """The same reporters, of which the one for HTML also prints the steps of cases that passed."""
    return [_Detailed if one is HtmlReporter else one for one in reporters]


class _Detailed(HtmlReporter):
    every_detail = True


def by_check(reporters: Sequence[type[Reporter]]) -> list[type[Reporter]]:
    """The same reporters, of which the one for JUnit has a test for each check."""
    return [_ByCheck if one is JUnitReporter else one for one in reporters]


class _ByCheck(JUnitReporter):
    by_check = True


def report_again(
    folder: Path,
    out: Path | None,
    reporters: Sequence[type[Reporter]],
    trust: Trust | None = None,
    *,
    redact: bool = False,
) -> RunRecord:
    """Write the reports of a run; out: a new folder for them, None for the run's own.

    redact: for others, with pseudonyms for people; then out is not None. trust: whose keys are trusted, for what the report says of signatures. Raises UsageError for a run that is
    signed and would be changed, and whatever the writers raise.
    """
    signed = signature_files(folder)
    if out is None:
        if signed:
            raise UsageError(
                f"'{folder}' is signed, and no signature would hold any more",
                hint="--out FOLDER writes the reports elsewhere, with the signatures",
            )
        return write_reports(folder, reporters)
    signatures: list[SignatureRecord] = []
    if signed:
        verdict = verify(folder, trust)
        changed = [f"{one.path} {one.message}".strip() for one in verdict.findings]
        signatures = [_record(one, changed) for one in verdict.signatures]
    return write_reports_elsewhere(folder, out, reporters, signatures, redact=redact)


def _record(verdict: SignatureVerdict, changed: list[str]) -> SignatureRecord:
    """A signature holds for the files, so it does not when one of them is not as it was."""
    problems = [f"{one.path} {one.message}" for one in verdict.findings] + changed
    if verdict.signed is None:
        return SignatureRecord(file=verdict.file, problems=problems)
    signed = verdict.signed
    return SignatureRecord(
        file=verdict.file,
        name=signed.name,
        role=signed.role,
        meaning=signed.meaning,
        time=signed.time,
        remark=signed.remark,
        key=verdict.key,
        vouched=verdict.vouched,
        stamped=None if verdict.stamp is None else verdict.stamp.time,
        stamped_by="" if verdict.stamp is None else verdict.stamp.authority,
        problems=problems,
    )
