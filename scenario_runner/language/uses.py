"""A document in which uses of step lists are spelled out: where its parts come from, and by which use."""

from __future__ import annotations

from dataclasses import field, replace
from typing import TYPE_CHECKING, Any

from scenario_runner.language.document import Document
from scenario_runner.language.parameters import Scope, Value
from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scenario_runner.errors import Where
    from scenario_runner.origins import Path


@dataclass(frozen=True, slots=True, eq=False)
class Origin:
    """Where a part of an expanded document comes from."""

    document: Document
    path: Path
    used: Where | None
    is_value: bool = False
    """Whether a value was put in here, whose key is another's."""

    def where(self, below: Path, *, key: bool) -> Where:
        """The place of what lies below it."""
        found = self.document.where((*self.path, *below), key=key)
        return found if self.used is None else replace(found, used=self.used)


@dataclass(frozen=True, slots=True, eq=False)
class Use:
    """One ``use``: what it gives to each step of its list."""

    id: str
    where: Where
    entry: Mapping[str, Any]
    origin: Origin
    """Of the entry."""
    values: Mapping[str, Value]
    outer: Use | None
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def prefix(self) -> str:
        """Stands before the ids of its steps."""
        return f"{self.id}." if self.outer is None else f"{self.outer.prefix}{self.id}."

    @property
    def scope(self) -> Scope:
        """What templates of its steps can name."""
        return Scope(self.values, None if self.outer is None else self.outer.scope, self.extra)

    @property
    def whole(self) -> tuple[Use, ...]:
        """The outermost use down to this one."""
        return (self,) if self.outer is None else (*self.outer.whole, self)


@dataclass(frozen=True, slots=True)
class Branch:
    """One of the entries of a ``parallel``, which run side by side."""

    group: int
    """Of the ``parallel``, from 1."""
    number: int
    """From 1."""


@dataclass(frozen=True)
class Expanded(Document):
    """A scenario whose uses are spelled out; places are those of the files that values stand in."""

    original: Document = field(kw_only=True)
    origins: Mapping[Path, Origin] = field(kw_only=True)
    uses: Mapping[Path, Use] = field(kw_only=True)
    """By the path of each step that comes from a list."""
    branches: Mapping[Path, Branch] = field(default_factory=dict, kw_only=True)
    """By the path of each step that runs beside others."""
    based_on: Document | None = field(default=None, kw_only=True)
    """The scenario of a library that it is."""

    def where(self, path: Path, *, key: bool = False) -> Where:
        """The place of a value, or of its key, in the file it comes from."""
        for size in range(len(path), 0, -1):
            origin = self.origins.get(path[:size])
            if origin is None or (key and origin.is_value and size == len(path)):
                continue
            return origin.where(path[size:], key=key)
        return self.original.where(path, key=key)


def home_of(document: Document) -> str:
    """The file from whose folder the names of files in a scenario start, unless they stand in another."""
    based_on = document.based_on if isinstance(document, Expanded) else None
    return document.file if based_on is None else based_on.file


def use_of(document: Document, path: Path) -> Use | None:
    """The use that a step at a path comes from."""
    return document.uses.get(path[:2]) if isinstance(document, Expanded) else None
