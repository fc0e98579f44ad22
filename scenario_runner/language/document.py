"""A parsed file: its plain values, and where each of them stands in the text."""

from __future__ import annotations

import bisect
import re
from collections.abc import Collection
from dataclasses import field, replace
from functools import cached_property
from typing import Any

from scenario_runner.errors import Where
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.origins import Path, path_text

_LINE_BREAK = re.compile(r"\r\n|\n|\r")


@dataclass(slots=True)
class Node:
    """One value in the text: the characters it spans and what lies inside it."""

    start: int
    end: int
    data: Any = None
    """The plain value; a node inside another shares it with the other's."""
    members: dict[str | int, Member] = field(default_factory=dict)
    size: int = 1
    """How many values it holds, itself included, with every alias spelled out."""
    height: int = 1
    """How many levels it has; 1 for a scalar."""


@dataclass(slots=True)
class Member:
    """A node as it is used in a mapping or list; through an alias that is elsewhere."""

    node: Node
    key: tuple[int, int]
    """Span of the key; in a list, of the item."""
    value: tuple[int, int]
    """Span of the value where it is used: the alias itself when it is one."""


@dataclass(frozen=True)
class Document:
    """A file as parsed: ``data`` is dict, list, str, int, WrittenFloat, bool and None, no more."""

    file: str
    """The name as the user gave it."""
    text: str
    root: Node

    def __repr__(self) -> str:
        return f"<Document {self.file}>"

    @property
    def data(self) -> Any:
        """The whole content as plain values."""
        return self.root.data

    @cached_property
    def lines(self) -> list[int]:
        """Where each line starts, as an offset into the text."""
        return line_starts(self.text)

    def where(self, path: Path, *, key: bool = False) -> Where:
        """The place of a value, or of its key; of the nearest ancestor when there is no such value."""
        return self.span(self._find(path, key), path)

    def without(self, paths: Collection[Path]) -> Document:
        """The same text, read as if it did not have these keys; a place in a list goes with the key of that."""
        keys = {path[: _last_key(path)] for path in paths} - {()}
        return Document(self.file, self.text, _pruned(self.root, keys))

    def _find(self, path: Path, key: bool) -> tuple[int, int]:
        node, span = self.root, (self.root.start, self.root.end)
        for depth, part in enumerate(path):
            member = node.members.get(part)
            if member is None:
                # The key of what should have held it says more than the whole block does, but a scalar,
                # whose value holds it, is itself what is meant.
                inside = isinstance(node.data, str)
                return self._find(path[:depth], True) if depth and not inside else span
            node = member.node
            span = member.key if key and depth == len(path) - 1 else member.value
        return span

    def span(self, span: tuple[int, int], path: Path = ()) -> Where:
        """Two offsets into the text as lines and columns."""
        line, column = position(self.lines, span[0])
        end_line, end_column = position(self.lines, span[1])
        return Where(self.file, line, column, end_line, end_column, path_text(path))


def _last_key(path: Path) -> int:
    """How many parts of a path end with its last key."""
    return next((at for at in range(len(path), 0, -1) if isinstance(path[at - 1], str)), 0)


def _pruned(node: Node, paths: Collection[Path]) -> Node:
    """A node without what lies at paths below it."""
    below: dict[str | int, set[Path]] = {}
    for path in paths:
        below.setdefault(path[0], set()).add(path[1:])
    members = {
        name: replace(member, node=_pruned(member.node, below[name])) if name in below else member
        for name, member in node.members.items()
        if () not in below.get(name, ())
    }
    if isinstance(node.data, dict):
        data: Any = {
            key: members[key].node.data if key in below and key in members else value
            for key, value in node.data.items()
            if () not in below.get(key, ())
        }
    elif isinstance(node.data, list):
        data = [
            members[place].node.data if place in below and place in members else value
            for place, value in enumerate(node.data)
        ]
    else:
        return node
    return replace(node, data=data, members=members)


def line_starts(text: str) -> list[int]:
    """Offsets of the first character of every line; LF, CRLF and CR end one, nothing else does."""
    return [0, *(match.end() for match in _LINE_BREAK.finditer(text))]


def position(starts: list[int], offset: int) -> tuple[int, int]:
    """Line and column, both from 1, in characters."""
    line = bisect.bisect_right(starts, offset)
    return line, offset - starts[line - 1] + 1
