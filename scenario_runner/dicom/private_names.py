"""Private attributes by name, ``(gggg,xxee) CREATOR``: in whichever block their creator has (PS3.5 7.8.1)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

_NAME: Final = re.compile(r"\(([0-9A-Fa-f]{4}),[xX]{2}([0-9A-Fa-f]{2})\) +(\S.*)")
_GROUP: Final = re.compile(r"(?:^|\.)\(([0-9A-F]{4}),")
_FIRST_BLOCK, _LAST_BLOCK = 0x10, 0xFF


class PrivateName(NamedTuple):
    """A private attribute wherever its creator's block is. element: the last two digits of its tag."""

    group: int
    element: int
    creator: str

    def __str__(self) -> str:
        return f"({self.group:04X},xx{self.element:02X}) {self.creator}"


def one_spelling(text: str) -> str:
    """The name of a private attribute as it is always written; any other name as it is."""
    name = private_name(text)
    return text if name is None else str(name)


def is_private(text: str) -> bool:
    """Whether a name is that of a private attribute or creator, also within sequences: ``Seq[0].(0009,00xx) A``."""
    return (found := _GROUP.search(text)) is not None and int(found[1], 16) % 2 == 1


def private_name(text: str) -> PrivateName | None:
    """What ``(0009,xx01) MY CREATOR`` names; None when it is not written like one.

    Whether the group is odd is not looked at.
    """
    match = _NAME.fullmatch(text)
    return PrivateName(int(match[1], 16), int(match[2], 16), match[3].strip()) if match else None


def as_tags(match: Mapping[str, Any]) -> dict[str, Any]:
    """Keys of a query in which private names are tags, ``ggggeeee``, each beside its creator's.

    Creators of a group get its first blocks in their order. Keys of other names stay as they are.
    """
    keys: dict[str, Any] = {}
    blocks: dict[tuple[int, str], int] = {}
    for key, value in match.items():
        name = private_name(key)
        if name is None:
            keys[key] = value
            continue
        taken = sum(1 for group, _ in blocks if group == name.group)
        block = blocks.setdefault((name.group, name.creator), _FIRST_BLOCK + taken)
        keys[f"{name.group:04X}{block:04X}"] = name.creator
        keys[f"{name.group:04X}{block:02X}{name.element:02X}"] = value
    return keys


def value_in(answer: Mapping[str, Any], name: PrivateName) -> Any:
    """The value in an answer, private attributes of which stand under their tags; None without one."""
    return next((answer.get(tag) for tag in tags_in(answer, name)), None)


def tags_in(answer: Mapping[str, Any], name: PrivateName) -> Iterator[str]:
    """Under which tags, ``ggggeeee``, an answer may have a private attribute: one in each block of its creator."""
    for block in range(_FIRST_BLOCK, _LAST_BLOCK + 1):
        if answer.get(f"{name.group:04X}{block:04X}") == name.creator:
            yield f"{name.group:04X}{block:02X}{name.element:02X}"
