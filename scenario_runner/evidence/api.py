"""What a plugin that writes a report implements."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Protocol

if TYPE_CHECKING:
    from pathlib import Path

    from scenario_runner.evidence.record import RunRecord


class Reporter(Protocol):
    """A writer of one file of evidence, made anew for each run with no arguments.

    ``write`` is pure: the same record and folder give the same bytes, whenever and wherever. It
    reads nothing but the record and files under the folder's ``evidence/``, and takes nothing from
    the clock or the environment, so that a report can be made again and compared.
    """

    name: ClassVar[str]
    """Unique among all reporters: ``junit``."""
    file: ClassVar[str]
    """The file it writes in the run folder: ``junit.xml``."""

    def write(self, record: RunRecord, folder: Path) -> None:
        """Write the file into the run folder, whole or not at all. Raises FabricatorError."""
        ...
