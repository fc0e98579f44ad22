"""What the surroundings of a file know: names of its site, of libraries, of plugins, of the Standard."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from scenario_runner.errors import Where
from scenario_runner.language.document import Document
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.origins import Path


class Surrounding(Protocol):
    """What is asked about words that no schema lists."""

    def words(self, what: str) -> Mapping[str, str]:
        """What there is of a kind (``modality``, ``target``, ``attribute``, …), with what each is in a line."""
        ...

    def parameters(self, reference: str) -> Mapping[str, str]:
        """The parameters of a step list by its reference, with what each is; none of an unknown one."""
        ...

    def parameter_values(self, reference: str, name: str) -> Mapping[str, str]:
        """What a parameter of a step list can be, with what each is; nothing where that is no list."""
        ...

    def columns(self, rows: str) -> Mapping[str, Where]:
        """The columns of a table by the name that the file has for it, and where each is named; none of one that cannot be read."""
        ...

    def document(self, reference: str, *, scenario: bool) -> Document | None:
        """The step list or scenario of a library by its reference."""
        ...

    def site(self) -> Document | None:
        """The site file."""
        ...

    def value(self, text: str, path: Path) -> Any:
        """What a scalar with templates comes to in the first case. Raises LookupError where that cannot be told."""
        ...


@dataclass(frozen=True, slots=True)
class Completion:
    """One thing that can stand at the cursor."""

    label: str
    kind: str
    """``key``, ``value`` or ``name``."""
    insert: str
    detail: str = ""
    """In a line."""
    documentation: str = ""
    """In Markdown."""


@dataclass(frozen=True, slots=True)
class Completions:
    """What can stand at the cursor, in place of the text between two offsets."""

    start: int
    end: int
    items: tuple[Completion, ...] = ()


@dataclass(frozen=True, slots=True)
class Hover:
    """What is to be known of the text between two offsets, in Markdown."""

    start: int
    end: int
    text: str
