"""The attributes of each level as the index holds them, with VR and tag.

What is not listed here is read from the header of a stored instance.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from scenario_runner.dicom.dictionary import tag_of, vr_of
from scenario_runner.dicom.levels import ATTRIBUTES, COMPUTED, Level
from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute of the index."""

    keyword: str
    tag: int
    vr: str
    level: Level
    computed: bool = False


def _attributes() -> dict[int, Attribute]:
    found: dict[int, Attribute] = {}
    for level, keywords in ATTRIBUTES.items():
        for keyword in keywords:
            tag = tag_of(keyword)
            found[tag] = Attribute(keyword, tag, vr_of(tag), level)
    for keyword, level in COMPUTED.items():
        tag = tag_of(keyword)
        found[tag] = Attribute(keyword, tag, vr_of(tag), level, computed=True)
    return found


BY_TAG: Final[Mapping[int, Attribute]] = _attributes()
BY_KEYWORD: Final[Mapping[str, Attribute]] = {a.keyword: a for a in BY_TAG.values()}
