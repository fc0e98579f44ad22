"""dcentvfy of David Clunie's dicom3tools: whether patients, studies and series agree."""

from __future__ import annotations

import re
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from scenario_runner.conformance.outside.program import required, run
from scenario_runner.errors import UsageError
from scenario_runner.temporary import TemporaryFolder

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
        required(self.name)
        return []

    def check_study(self, files: Sequence[Path]) -> list[Finding]:
        """Its errors and warnings about the files together.

        Raises UsageError when it is not installed, or for a file name with a line break, which its
        list of files cannot hold.
        """
        from scenario_runner.conformance.outside.dicom3tools import SECONDS, findings, note
        from scenario_runner.conformance.outside.readable import readable
        from scenario_runner.conformance.reader import read_file

        required(self.name)

        if any("\n" in str(file) for file in files):
            raise UsageError("dcentvfy cannot take a file whose name has a line break")
        left_out: list[Finding] = []
        given: dict[str, str] = {}
        with ExitStack() as copies:
            for file in files:
                one = copies.enter_context(readable(file, read_file(file)))
                if one.path is None:
                    left_out.append(replace(note(self.name, one.note, ""), file=str(file)))
                else:
                    given[str(one.path.absolute())] = str(file)
            listed = copies.enter_context(TemporaryFolder()) / "files"
            listed.write_text("".join(f"{name}\n" for name in given), encoding="utf-8")
            said = run(self.name, ["-f", str(listed)], seconds=SECONDS + len(files))
        told = [_blamed(finding, given) for finding in findings(said, self.name)]
        return [*told, *left_out]


def _blamed(finding: Finding, given: Mapping[str, str]) -> Finding:
    """With the file and the attribute that the message names. given: absolute to given names."""
    element = _ELEMENT.search(finding.message)
    file = _FILE.search(finding.message)
    return replace(
        finding,
        attribute=element[1] if element else None,
        file=given.get(file[1], "") if file else "",
    )


DCENTVFY = Dcentvfy()
"""What the hook gives."""
