"""Which key or value an offset of a document is in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from scenario_runner.language.document import Document
    from scenario_runner.origins import Path


@dataclass(frozen=True, slots=True)
class Pointed:
    """A key, or a scalar."""

    path: Path
    is_key: bool
    start: int
    end: int


def pointed(document: Document, offset: int) -> Pointed | None:
    """The innermost key or scalar that an offset is in."""
    node = document.root
    path: Path = ()
    while True:
        for key, member in node.members.items():
            if isinstance(key, str) and member.key[0] <= offset <= member.key[1]:
                return Pointed((*path, key), True, *member.key)
            if member.value[0] <= offset <= member.value[1]:
                node, path = member.node, (*path, key)
                if not node.members:
                    return Pointed(path, False, *member.value)
                break
        else:
            return None
