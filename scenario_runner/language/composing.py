"""YAML events to nodes, without recursion and within limits, by our own scalar rules."""

from __future__ import annotations

import re
from dataclasses import field
from typing import TYPE_CHECKING, Any

import yaml

from scenario_runner.fields.scalars import plain_scalar
from scenario_runner.language.document import Member, Node
from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scenario_runner.language.yaml_1_2 import Restore

MAX_DEPTH = 64
MAX_VALUES = 100_000
"""Values of a document with every alias spelled out: more is a mistake or an attack."""

_STANDARD = "tag:yaml.org,2002:"
_MERGE = object()
"""Stands for the value of a plain ``<<`` key while its mapping is open."""


class Fault(Exception):  # becomes a diagnostic, never reaches a caller
    """Something wrong at a span of the text; ``also`` is a second span that explains it."""

    def __init__(
        self,
        code: str,
        span: tuple[int, int],
        message: str,
        hint: str = "",
        also: tuple[int, int] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.span = span
        self.message = message
        self.hint = hint
        self.also = also


# Whole pairs and other escapes are passed over: half of one of them is no fault.
_ESCAPES = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    r"|(?P<half>\\(?:u|U0000)[dD][89a-fA-F][0-9a-fA-F]{2})|\\.",
    re.DOTALL,
)


_HALF = re.compile("[\ud800-\udfff]")


def surrogate(span: tuple[int, int]) -> Fault:
    """Half a character, escaped where the other half is missing."""
    message = "this escape is half a character (a surrogate)"
    return Fault("FAB004", span, message, "write the character itself")


@dataclass(slots=True)
class _Open:
    """A mapping or list whose end has not been read yet."""

    node: Node
    mapping: bool
    block: bool
    anchor: str | None
    key: tuple[Any, tuple[int, int]] | None = None
    merged: list[tuple[Node, tuple[int, int]]] = field(default_factory=list)
    merge_span: tuple[int, int] | None = None


class Composer:
    """Builds the one document of a stream of events. ``faults`` are those that parsing survives."""

    def __init__(self, text: str, restore: Restore) -> None:
        """restore: reads a scalar of the text that the events are of."""
        self.faults: list[Fault] = []
        self.quoted: tuple[int, int] | None = None
        """Where the last quoted text stands."""
        self._text = text
        self._restore = restore
        self._open: list[_Open] = []
        self._anchors: dict[str, Node | None] = {}
        self._values = 0
        self._root: Node | None = None
        self._documents = 0

    def compose(self, events: Iterable[yaml.Event]) -> Node | None:
        """The root node, or None when there is no document. Raises Fault when it cannot go on."""
        takes = {
            yaml.ScalarEvent: self._scalar,
            yaml.MappingStartEvent: self._begin,
            yaml.SequenceStartEvent: self._begin,
            yaml.MappingEndEvent: self._finish,
            yaml.SequenceEndEvent: self._finish,
            yaml.AliasEvent: self._alias,
            yaml.DocumentStartEvent: self._document,
        }
        for event in events:
            if (take := takes.get(type(event))) is not None:
                take(event)
        return self._root

    def _document(self, event: yaml.DocumentStartEvent) -> None:
        self._documents += 1
        if self._documents > 1:
            raise Fault(
                "FAB014",
                _span(event),
                "a second document starts here; a file holds one",
                "put it into a file of its own",
            )

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        start, end = _span(event)
        plain = not event.style
        if event.style in ("|", ">"):
            end = start + len(self._text[start:end].rstrip())
        if event.style in ('"', "'"):
            self.quoted = (start, end)
        text_tag = self._check_tag(event, "str")
        text = self._restore(event.value, event.style == '"')
        value = plain_scalar(text) if plain and not text_tag else text
        if value is None and event.value == "" and event.anchor is None:
            start = end
        if event.style == '"' and _HALF.search(event.value):
            escapes = _ESCAPES.finditer(self._text, start, end)
            halves = (found.span() for found in escapes if found["half"])
            raise surrogate(next(halves, (start, end)))
        merge = plain and event.value == "<<"
        node = Node(start, end, value)
        if event.anchor is not None:
            self._anchors[event.anchor] = node
        self._place(node, (start, end), merge=merge)

    def _begin(self, event: Any) -> None:
        mapping = isinstance(event, yaml.MappingStartEvent)
        self._check_tag(event, "map" if mapping else "seq")
        if len(self._open) >= MAX_DEPTH:
            self._too_deep(_span(event))
        if event.anchor is not None:
            self._anchors[event.anchor] = None
        node = Node(event.start_mark.index, event.end_mark.index, {} if mapping else [])
        self._open.append(_Open(node, mapping, not event.flow_style, event.anchor))

    def _finish(self, event: Any) -> None:
        done = self._open.pop()
        node = done.node
        if not done.block:
            node.end = event.end_mark.index
        for merged, span in done.merged:
            self._merge(node, merged, span)
        if done.anchor is not None:
            self._anchors[done.anchor] = node
        self._place(node, (node.start, node.end))

    def _alias(self, event: yaml.AliasEvent) -> None:
        span = _span(event)
        if event.anchor not in self._anchors:
            raise Fault(
                "FAB009",
                span,
                f"there is no anchor '&{event.anchor}' before this alias",
                "quote the text if the asterisk belongs to it",
            )
        node = self._anchors[event.anchor]
        if node is None:
            raise Fault(
                "FAB009",
                span,
                f"'&{event.anchor}' contains itself through this alias",
                "an alias cannot stand inside what it repeats",
            )
        if len(self._open) + node.height > MAX_DEPTH:
            self._too_deep(span)
        self._count(node.size - 1, span)
        self._place(node, span)

    def _place(self, node: Node, span: tuple[int, int], *, merge: bool = False) -> None:
        """Put a finished node where it belongs: the root, a list, a key or a key's value."""
        self._count(1, span)
        if not self._open:
            self._root = node
            return
        parent = self._open[-1]
        if parent.block:
            parent.node.end = max(parent.node.end, span[1])
        if not parent.mapping:
            self._attach(parent.node, len(parent.node.data), Member(node, span, span))
        elif parent.key is None:
            parent.key = (_MERGE if merge else self._key(node, span), span)
        else:
            self._set(parent, Member(node, parent.key[1], span))
            parent.key = None

    def _set(self, parent: _Open, member: Member) -> None:
        assert parent.key is not None
        name, span = parent.key
        if name is _MERGE:
            if parent.merge_span is not None:
                self._duplicate("<<", span, parent.merge_span)
            parent.merge_span = span
            several = isinstance(member.node.data, list)
            sources = (
                [(each.node, each.value) for each in member.node.members.values()]
                if several
                else [(member.node, member.value)]
            )
            parent.merged.extend(sources)
            return
        before = parent.node.members.get(name)
        if before is not None:
            self._duplicate(name, span, before.key)
            return
        self._attach(parent.node, name, member)

    @staticmethod
    def _attach(parent: Node, key: str | int, member: Member) -> None:
        parent.members[key] = member
        parent.size += member.node.size
        parent.height = max(parent.height, member.node.height + 1)
        if isinstance(key, int):
            parent.data.append(member.node.data)
        else:
            parent.data[key] = member.node.data

    def _merge(self, into: Node, source: Node, span: tuple[int, int]) -> None:
        """``<<``: keys of the source that the mapping does not have itself."""
        if not isinstance(source.data, dict):
            self.faults.append(
                Fault(
                    "FAB016", span, "'<<' takes a mapping, or a list of mappings", "write <<: *name"
                )
            )
            return
        self._count(source.size, span)
        for name, member in source.members.items():
            if name not in into.members:
                self._attach(into, name, member)

    def _key(self, node: Node, span: tuple[int, int]) -> str:
        if isinstance(node.data, str):
            return node.data
        written = self._text[span[0] : span[1]]
        if isinstance(node.data, dict) and self._text[span[0] - 1 : span[0] + 1] == "{{":
            close = self._text.find("}}", span[1] - 1)
            whole = (span[0] - 1, close + 2 if close >= 0 else span[1])
            text = self._text[whole[0] : whole[1]]
            raise Fault(
                "FAB017",
                whole,
                "a template must stand in quotes: YAML reads '{' as the start of a mapping",
                f'write "{text}"'
                if "\n" not in text and len(text) < 80
                else "put quotes around it",
            )
        short = written if "\n" not in written and 0 < len(written) < 40 else ""
        self.faults.append(
            Fault(
                "FAB012",
                span,
                "a key must be text",
                f'write "{short}" in quotes' if short else "write a word, or quote the key",
            )
        )
        return written

    def _duplicate(self, name: str, span: tuple[int, int], first: tuple[int, int]) -> None:
        self.faults.append(
            Fault("FAB010", span, f"the key '{name}' is here a second time", also=first)
        )

    def _check_tag(self, event: Any, own: str) -> bool:
        """Whether a tag asks for text. Adds a fault for a tag that is not YAML's own for this."""
        tag = event.tag
        if tag in (None, "!"):
            return tag is not None
        if tag != _STANDARD + own:
            short = tag.replace(_STANDARD, "!!")
            self.faults.append(
                Fault(
                    "FAB013",
                    _span(event),
                    f"the tag '{short}' means nothing here",
                    "tags are not used in this language; remove it",
                )
            )
        return str(tag) == _STANDARD + "str"

    def _count(self, values: int, span: tuple[int, int]) -> None:
        self._values += values
        if self._values > MAX_VALUES:
            raise Fault(
                "FAB008",
                span,
                f"the file holds more than {MAX_VALUES} values when its aliases are spelled out",
                "use count, or split the file",
            )

    def _too_deep(self, span: tuple[int, int]) -> None:
        raise Fault(
            "FAB007",
            span,
            f"nested deeper than {MAX_DEPTH} levels",
            "no scenario needs that many; look at the brackets and aliases",
        )


def _span(event: Any) -> tuple[int, int]:
    return event.start_mark.index, event.end_mark.index
