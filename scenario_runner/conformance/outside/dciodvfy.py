"""dciodvfy of David Clunie's dicom3tools: one object against its IOD."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenario_runner.conformance.outside.program import required, run

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from scenario_runner.conformance.api import Finding

_COPY = "copy"
_NOT_JUDGED = "not-judged"


class Dciodvfy:
    """Runs the installed program, and tells which of its errors are known to be false."""

    name = "dciodvfy"

    def version(self) -> str | None:
        """Of the dicom3tools; None when it is not installed."""
        from scenario_runner.conformance.outside.dicom3tools import version_of

        return version_of(self.name)

    def rules(self) -> frozenset[str]:
        """Those of errors that are known to be false; what it finds otherwise has no names."""
        from scenario_runner.conformance.outside.known_false import KNOWN_FALSE

        return frozenset((*(row.rule for row in KNOWN_FALSE), _COPY, _NOT_JUDGED))

    def check(self, file: Path) -> list[Finding]:
        """Its errors and warnings. Raises UsageError when it is not installed."""
        from scenario_runner.conformance.outside.dicom3tools import SECONDS, findings, note
        from scenario_runner.conformance.outside.known_false import marked
        from scenario_runner.conformance.outside.readable import readable
        from scenario_runner.conformance.reader import read_file

        required(self.name)
        read = read_file(file)
        with readable(file, read) as given:
            if given.path is None:
                return [note(self.name, given.note, _NOT_JUDGED)]
            # An absolute path cannot be taken for an option.
            said = run(self.name, ["-new", str(given.path.absolute())], seconds=SECONDS)
            told = [note(self.name, given.note, _COPY)] if given.note else []
            return [*told, *marked(findings(said, self.name), read)]

    def check_study(self, files: Sequence[Path]) -> list[Finding]:  # noqa: ARG002
        """It looks at one object at a time, so there is nothing to add."""
        return []


DCIODVFY = Dciodvfy()
"""What the hook gives."""
