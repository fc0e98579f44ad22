"""dcentvfy of David Clunie's dicom3tools: whether patients, studies and series agree."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from scenario_runner.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from scenario_runner.conformance.api import Finding


_ELEMENT = re.compile(r"Element=<(\w+)>")
_FILE = re.compile(r" for file <([^>]*)>")


class Dcentvfy:
    """Runs the installed program."""

    name = "dcentvfy"

    def version(self) -> str | None:
        """Of the dicom3tools; None when it is not installed."""
        from scenario_runner.conformance.outside.dicom3tools import version_of

        return version_of(self.name)

    def rules(self) -> frozenset[str]:
        """None: what it finds has no names."""
        return frozenset()

    def check(self, file: Path) -> list[Finding]:  # noqa: ARG002
        """One file alone agrees with itself. Raises UsageError when it is not installed."""
        from scenario_runner.conformance.outside.program import required

        required(self.name)
        return []

    def check_study(self, files: Sequence[Path]) -> list[Finding]:
        """Its errors and warnings about the files together.

        Raises UsageError when it is not installed, or for a file name with a line break, which its
        list of files cannot hold.
        """
        from scenario_runner.conformance.outside.dicom3tools import SECONDS, findings
        from scenario_runner.conformance.outside.program import run

        names = [str(file.absolute()) for file in files]
        if any("\n" in name for name in names):
            raise UsageError("dcentvfy cannot take a file whose name has a line break")
        with TemporaryDirectory(prefix="fabricate-") as folder:
            listed = Path(folder) / "files.txt"
            listed.write_text("\n".join(names) + "\n", encoding="utf-8")
            said = run(self.name, ["-f", str(listed)], seconds=SECONDS + len(files))
        given = dict(zip(names, map(str, files), strict=True))
        return [_blamed(finding, given) for finding in findings(said, self.name)]


def _blamed(finding: Finding, given: Mapping[str, str]) -> Finding:
    """With the file and the attribute that the message names. given: absolute to given names."""
    element = _ELEMENT.search(finding.message)
    file = _FILE.search(finding.message)
    return replace(
        finding,
        attribute=element[1] if element else None,
        file=given.get(file[1], "") if file else "",
    )
