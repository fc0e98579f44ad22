"""dciodvfy of David Clunie's dicom3tools: one object against its IOD."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from scenario_runner.conformance.api import Finding


class Dciodvfy:
    """Runs the installed program."""

    name = "dciodvfy"

    def version(self) -> str | None:
        """Of the dicom3tools; None when it is not installed."""
        from scenario_runner.conformance.outside.dicom3tools import version_of

        return version_of(self.name)

    def rules(self) -> frozenset[str]:
        """None: what it finds has no names."""
        return frozenset()

    def check(self, file: Path) -> list[Finding]:
        """Its errors and warnings. Raises UsageError when it is not installed."""
        from scenario_runner.conformance.outside.dicom3tools import SECONDS, findings
        from scenario_runner.conformance.outside.program import run

        # An absolute path cannot be taken for an option.
        said = run(self.name, ["-new", str(file.absolute())], seconds=SECONDS)
        return list(findings(said, self.name))

    def check_study(self, files: Sequence[Path]) -> list[Finding]:  # noqa: ARG002
        """It looks at one object at a time, so there is nothing to add."""
        return []
