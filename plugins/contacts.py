"""The source ``contacts``: patients from a vCard file (RFC 6350), as an address book writes it.

In a scenario ``patients: [{from: {contacts: staff.vcf}, studies: [{modality: CR}]}]``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from scenario_runner.api import (
    InputFile,
    Model,
    PatientSource,
    SourceContext,
    Sourced,
    SourceError,
    hookimpl,
)
from scenario_runner.errors import Diagnostic, InvalidInput, Where

_SEX = {"M": "M", "F": "F", "O": "O", "N": "O", "U": "O"}


class ContactsFile(Model):
    """An address book."""

    file: InputFile
    """Relative to the scenario."""


@dataclass(frozen=True, slots=True)
class Card:
    """One contact as the origins of what it says."""

    file: str
    number: int
    start: int
    lines: dict[str, int]
    """Key of the patient to the line that says it."""

    def where(self, path: tuple[str | int, ...], *, key: bool = False) -> Where:
        """The line of a value, or the contact's first one."""
        del key
        line = self.lines.get(str(path[0]), self.start) if path else self.start
        label = f"contact {self.number}"
        return Where(self.file, line, 1, line, 1, label=label)


class Contacts:
    """One patient for each contact: name, birthday, sex, telephone and identifier."""

    name = "contacts"
    parameters: ClassVar[type[Model]] = ContactsFile
    short = "file"
    called = "an address book"

    def patients(self, parameters: ContactsFile, context: SourceContext) -> Iterator[Sourced]:
        """Read the file once; a run keeps it, so a rerun needs it no more."""
        file, raw = context.file(parameters.file)
        tree: dict[str, Any] = {}
        lines: dict[str, int] = {}
        number, start = 0, 0
        for line, text in enumerate(raw.decode("utf-8-sig", "replace").splitlines(), start=1):
            name, _, value = text.partition(":")
            name = name.partition(";")[0].upper()
            if name == "BEGIN":
                tree, lines, start, number = {}, {}, line, number + 1
            elif name == "END":
                yield Sourced(tree, Card(file, number, start, lines))
            elif not number and text.strip():
                where = Where(file, line, 1, line, 1)
                message = "a contact starts with BEGIN:VCARD"
                raise InvalidInput([Diagnostic("FAB317", where, message)])
            elif found := _said(name, value):
                tree.setdefault(found[0], found[1])
                lines.setdefault(found[0], line)
        if not number:
            raise SourceError(f"'{file}' has no contact", "export it from an address book as vCard")


def _said(name: str, value: str) -> tuple[str, Any] | None:
    """What a property says of a patient."""
    if name == "N":
        parts = [part.upper() for part in value.split(";")]
        keys = ("family", "given", "middle", "prefix", "suffix")
        return "name", {key: part for key, part in zip(keys, parts, strict=False) if part}
    if name == "BDAY":
        return "birth_date", value
    if name == "GENDER":
        return "sex", _SEX.get(value[:1].upper(), value)
    return {"TEL": ("phone", value), "UID": ("id", value)}.get(name)


@hookimpl
def fabricate_sources() -> list[PatientSource]:
    """The one source of this plugin."""
    return [Contacts()]
