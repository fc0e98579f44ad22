"""Every exception this package raises on purpose, and the data of a diagnostic.

Errors carry data; they never print and never format themselves for a terminal. ``exit_code`` is
what ``fabricate`` returns when the error reaches the command line.

    FabricatorError
    ├── UsageError            2   the command line asks for something that makes no sense
    ├── InvalidInput          3   a scenario or site file is wrong; carries diagnostics
    ├── PluginError           2   a plugin cannot be loaded or clashes with another
    ├── NothingSelected       5   no scenario, case or step is left to run
    ├── MachineError          4   disk full, folder not writable, port taken
    ├── TargetError           4   a PACS could not do it; names host, port, AE title and reason
    │   ├── ConnectionFailed      no TCP connection (refused, unreachable, name unknown)
    │   ├── AssociationRejected   A-ASSOCIATE-RJ, with result, source and reason (PS3.8 9.3.4)
    │   ├── AssociationAborted    A-ABORT, or the connection closed in the middle
    │   ├── NoAcceptedContext     nothing the exchange needs was accepted
    │   ├── PeerTimeout           no answer within the time allowed
    │   ├── ProtocolViolation     the peer sent bytes that DICOM does not allow here
    │   ├── OperationFailed       the peer answered with a failure status
    │   └── Unsupported           this target cannot do that at all
    ├── Defect                4   a plugin's or a library's code ended in something else than these
    ├── StepTimeout           1   a step took longer than its `timeout`
    ├── Interrupted         130   the user (Ctrl-C) or the system (SIGTERM) stopped the run
    └── Declined            130   the user looked at what was to be sent, and said no
"""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, ClassVar, Literal

from scenario_runner.authority import authority
from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable

Severity = Literal["error", "warning"]

_LONGEST_SAID = 1_000
"""Characters of what an error of outside code says."""

MOST_DIAGNOSTICS = 200
"""Findings reported of one file; who has more of them wants to see the first ones."""


PLAN = "plan"
"""The ``file`` of a Where that has no place in a source: something of the plan, by its path."""


@dataclass(frozen=True, slots=True)
class Where:
    """Where a value comes from: a file, a message, a row, a registry.

    Lines and columns start at 1, the end column is exclusive.
    """

    file: str
    line: int = 1
    column: int = 1
    end_line: int = 1
    end_column: int = 1
    path: str = ""
    """Where in the tree, as a person would write it: ``patients[0].studies[0].accession``."""
    label: str = ""
    """What the place is called where lines say little: ``row 12 of rows.csv``, ``message 4711,
    OBR-3``. ``file`` is empty when there is none to open."""
    text: str | None = None
    """The line, where it cannot be read from the file."""
    used: Where | None = None
    """Where the file is used from, which may itself be used: a step list by a scenario."""

    @property
    def place(self) -> str:
        """The line; of a thing that is known by its plan only, what it is in there."""
        if self.label:
            return self.label
        if self.used is not None:
            return f"{self.file}:{self.line}, used at {self.used.file}:{self.used.line}"
        return self.path if self.file == PLAN and self.path else f"line {self.line}"

    @property
    def named(self) -> str:
        """The file and the line, or what the place is called."""
        return f"{self.file}:{self.line}" if self.file else self.label


_FULL = {errno.ENOSPC, errno.EDQUOT, "SQLITE_FULL"}
"""How the system and SQLite say so."""


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One thing that is wrong with a file: data only, rendered by ``language.rendering``."""

    code: str
    where: Where
    message: str
    hint: str | None = None
    severity: Severity = "error"


def described(error: BaseException) -> str:
    """What somebody else's code threw, in a line for people: its kind and what it says, bounded."""
    said = " ".join((text_of(error) or "").split())
    name = type(error).__name__
    return f"{name}: {said[:_LONGEST_SAID]}" if said else name


def text_of(value: object) -> str | None:
    """The text of somebody else's object, which is outside code too; None where that throws."""
    try:
        return str(value)
    except KeyboardInterrupt:
        raise
    except BaseException:  # noqa: BLE001 - it may raise anything, and is asked when something is wrong already
        return None


def without_halves(text: str) -> str:
    """The text, what is no character in it (a half of a surrogate pair by itself) replaced: UTF-8 holds none."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def is_disk_full(error: BaseException) -> bool:
    """Whether the system, or SQLite, had no room."""
    return bool({getattr(error, "errno", None), getattr(error, "sqlite_errorname", None)} & _FULL)


def of_the_machine(what: str, error: BaseException, *, hint: str | None = None) -> MachineError:
    """What a disk, or a database in a file on it, refused. what: what could not be done; its reason follows.

    hint: what to do about anything but a full disk.
    """
    if is_disk_full(error):
        return MachineError(f"{what}: the disk is full", hint="make room on it")
    return MachineError(f"{what}: {getattr(error, 'strerror', None) or error}", hint=hint)


def in_file_order(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Sorted by place within each file, the files in the order they first appear.

    Each finding once, also when an alias leads to it twice; of those at one place the shortest first.
    """
    unique = {
        (d.where.file, d.where.line, d.where.column, d.code, d.message): d for d in diagnostics
    }
    if not unique:
        return []
    files = {file: place for place, file in enumerate(dict.fromkeys(file for file, *_ in unique))}
    return sorted(
        unique.values(),
        key=lambda d: (
            files[d.where.file],
            d.where.line,
            d.where.column,
            d.where.end_column,
            d.code,
        ),
    )


class Advised(ValueError):
    """A value that is wrong, and what to do about it: apart for a diagnostic, its text is both."""

    def __init__(self, words: str, hint: str) -> None:
        super().__init__(f"{words}; {hint}")
        self.words = words
        self.hint = hint


class FabricatorError(Exception):
    """Root of the tree. ``message`` is one sentence; ``hint`` says what to do about it."""

    exit_code: ClassVar[int] = 4

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(FabricatorError):
    """The command line asks for something that makes no sense."""

    exit_code = 2


class PluginError(FabricatorError):
    """A plugin cannot be loaded, breaks a hook's contract or claims a name already taken."""

    exit_code = 2


class NothingSelected(FabricatorError):
    """No scenario, case or step is left to run."""

    exit_code = 5


class InvalidInput(FabricatorError):
    """A scenario or site file is wrong. ``diagnostics`` holds every finding, in file order."""

    exit_code = 3

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = tuple(in_file_order(diagnostics))
        first = self.diagnostics[0]
        super().__init__(f"{first.where.named}: {first.message}", hint=first.hint)


class MachineError(FabricatorError):
    """The machine could not do it: disk full, folder not writable, port taken."""


class Defect(FabricatorError):
    """Code of a plugin or a library ended in an exception that is none of these."""


class TargetError(FabricatorError):
    """A PACS could not do what was asked. The message names what; the fields name who and why."""

    def __init__(
        self,
        message: str,
        *,
        reason: str = "",
        target: str | None = None,
        host: str | None = None,
        port: int | None = None,
        ae_title: str | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.reason = reason
        self.target = target
        self.host = host
        self.port = port
        self.ae_title = ae_title

    def __str__(self) -> str:
        where = ""
        if self.host and self.port is not None:
            where = f"({self.ae_title} at {authority(self.host, self.port)})"
        peer = " ".join(part for part in (f"'{self.target}'" if self.target else "", where) if part)
        return ": ".join(part for part in (peer, self.message, self.reason) if part)


class ConnectionFailed(TargetError):
    """No TCP connection: refused, unreachable, or the name is unknown."""


class AssociationRejected(TargetError):
    """A-ASSOCIATE-RJ; ``reason`` spells out result, source and reason (PS3.8 9.3.4)."""


class AssociationAborted(TargetError):
    """A-ABORT from either side, or the connection closed in the middle of an exchange."""


class NoAcceptedContext(TargetError):
    """The association stands, but no presentation context the exchange needs was accepted."""


class PeerTimeout(TargetError):
    """The peer did not answer within the time allowed."""


class ProtocolViolation(TargetError):
    """The peer sent bytes that DICOM does not allow at this point."""


class OperationFailed(TargetError):
    """The peer answered with a failure status; ``reason`` holds it and the peer's comment."""

    http_status: int | None = None
    """The status by itself, where the answer came over HTTP."""


class Unsupported(TargetError):
    """The target cannot do that at all (no such service configured or known)."""


class StepTimeout(FabricatorError):
    """A step took longer than its own ``timeout``."""

    exit_code = 1


class Interrupted(FabricatorError):
    """The user or the system stopped the run."""

    exit_code = 130

    def __init__(self, message: str = "interrupted") -> None:
        super().__init__(message)


class Declined(FabricatorError):
    """Somebody looked at what was to be sent, and did not want it."""

    exit_code = 130
