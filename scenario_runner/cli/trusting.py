"""Options and words that signing and verifying have in common."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from scenario_runner.cli.options import FILE, Decorator
from scenario_runner.errors import UsageError
from scenario_runner.reading import read_at_most

if TYPE_CHECKING:
    from scenario_runner.evidence.signing.trust import Trust

_MOST_MIB = 16

trust_option: Decorator = click.option(
    "--trust",
    "trusted",
    type=FILE,
    multiple=True,
    help="Public keys and certificates that are trusted: PEM, or a .pub file of ssh-keygen. May be repeated.",
)


def trust_of(files: tuple[Path, ...]) -> Trust | None:
    """What the files hold; None when there are none. Raises UsageError."""
    from scenario_runner.evidence.signing.trust import read_trust

    return read_trust([(str(file), key_data(file)) for file in files]) if files else None


def key_data(file: Path) -> bytes:
    """The content of a file with keys or certificates, whole: whoever is left out would not be trusted.

    Raises UsageError, OSError.
    """
    most = _MOST_MIB << 20
    data = read_at_most(file, most + 1)
    if len(data) > most:
        raise UsageError(
            f"'{file}' is larger than {_MOST_MIB} MiB", hint="name a file of keys or certificates"
        )
    return data
