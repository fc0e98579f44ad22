"""Where the cursor is in a text that is being written: in which key or value, of which mapping."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal

from scenario_runner.language.loader import composed
from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scenario_runner.language.document import Node
    from scenario_runner.origins import Path

_MARK = "CursorXyZ"
_REST = re.compile(r"[\w./@^~-]*")
_ITEM = re.compile(r"[ ]*(?:-[ ]+)*")


@dataclass(frozen=True, slots=True)
class Cursor:
    """The cursor in a tree. path: of the mapping whose key is written, or of the value."""

    path: Path
    kind: Literal["key", "value"]
    prefix: str
    """What stands before the cursor of the key or value."""
    start: int
    """Offset of the prefix."""
    end: int
    """Offset behind the word at the cursor."""
    data: Any
    """The document, with a mark at the cursor; what follows the cursor may be missing."""
    keys: frozenset[str]
    """The other keys of the mapping."""
    begins: bool
    """Whether it is at the beginning of its line or of an item of a list, so that a key can stand here, too."""
    colon: bool
    """Whether a colon follows."""


def cursor_at(text: str, offset: int) -> Cursor | None:
    """The cursor at an offset; None where the text before it is no tree."""
    rest = _REST.match(text, offset)
    end = offset if rest is None else rest.end()
    before = text[:offset]
    line = before[before.rfind("\n") + 1 :]
    if re.search(r"(?:^|\s)#", line) and not re.search(r"[\"'][^\"']*#", line):
        return None  # in a comment
    for tried in _attempts(before, text[end:]):
        root = composed(tried)
        found = None if root is None else _find(root, ())
        if root is not None and found is not None:
            path, kind, written = found
            prefix = written[: written.index(_MARK)]
            parent = _at(root.data, path) if kind == "key" else None
            keys = {key for key in parent if _MARK not in key} if isinstance(parent, dict) else ()
            word = line[len(line) - len(prefix) :] if prefix and line.endswith(prefix) else ""
            ahead = line[: len(line) - len(word)]
            in_list = bool(path) and isinstance(path[-1], int)
            begins = bool(_ITEM.fullmatch(ahead)) or (in_list and ahead.rstrip()[-1:] in ("[", ","))
            colon = text[end:].lstrip(" ").startswith(":")
            return Cursor(
                path, kind, prefix, offset - len(prefix), end, root.data,
                frozenset(keys), begins, colon,
            )  # fmt: skip
    return None


def _attempts(before: str, after: str) -> Iterator[str]:
    """Texts with a mark at the cursor, the whole one first; one of them is often a tree."""
    yield f"{before}{_MARK}{after}"
    yield f"{before}{_MARK}: {after}"
    closing = _closing(before)
    yield f"{before}{_MARK}{closing}"
    yield f"{before}{_MARK}: {closing}"


def _closing(text: str) -> str:
    """What closes the quotes and brackets that are open at the end of a text."""
    open_: list[str] = []
    quote = ""
    position = 0
    while position < len(text):
        character = text[position]
        if quote:
            if character == "\\" and quote == '"':
                position += 1
            elif character == quote:
                quote = ""
        elif character in "\"'" and (position == 0 or text[position - 1] in " \n[{,:("):
            quote = character
        elif character == "#" and (position == 0 or text[position - 1] in " \n\t"):
            position = text.find("\n", position)
            if position < 0:
                break
        elif character in "[{":
            open_.append("]" if character == "[" else "}")
        elif character in "]}" and open_:
            open_.pop()
        position += 1
    return quote + "".join(reversed(open_))


def _find(node: Node, path: Path) -> tuple[Path, Literal["key", "value"], str] | None:
    """The place of the mark."""
    waiting = [(node, path)]
    while waiting:
        node, path = waiting.pop()
        for key, member in node.members.items():
            if isinstance(key, str) and _MARK in key:
                return path, "key", key
            waiting.append((member.node, (*path, key)))
        if not node.members and isinstance(node.data, str) and _MARK in node.data:
            return path, "value", node.data
    return None


def _at(tree: Any, path: Path) -> Any:
    for part in path:
        tree = tree[part]
    return tree
