"""Messages of HL7 v2 from files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from scenario_runner.errors import UsageError
from scenario_runner.orders.hl7 import Hl7Error, Message
from scenario_runner.orders.hl7.files import messages
from scenario_runner.orders.hl7.mapping import Line, of_site
from scenario_runner.reading import read_at_most

if TYPE_CHECKING:
    from scenario_runner.app.load import Surroundings

MAX_BYTES = 256 * 1024 * 1024
"""Of one file; a day's feed of a hospital is some ten megabytes."""


def mapping_at(site: Path | None, around: Surroundings) -> Sequence[Line]:
    """Which field fills which attribute at a site. Raises UsageError, InvalidInput."""
    from scenario_runner.app.load import load_site

    try:
        if site is None:
            return of_site(None)
        loaded = load_site(site, around)[1].site
        return of_site(loaded.identifiers.hl7, loaded.zone)
    except ValueError as error:
        raise UsageError(str(error), hint="see identifiers.hl7 of the site file") from None


def read_files(files: Iterable[Path]) -> Iterator[Message | Hl7Error]:
    """Each message of each file; for one that cannot be read, the error. Raises UsageError."""
    for file in files:
        yield from messages(read_file(file), str(file))


def read_file(file: Path) -> bytes:
    """The content of a file with messages. Raises UsageError."""
    try:
        data = read_at_most(file, MAX_BYTES + 1)
    except OSError as error:
        raise UsageError(f"cannot read '{file}': {error.strerror or error}") from error
    if len(data) > MAX_BYTES:
        raise UsageError(f"'{file}' is larger than {MAX_BYTES // 2**20} MiB", hint="split it")
    return data
