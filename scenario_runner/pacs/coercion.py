"""Attributes that the PACS gives values of its own when it stores an instance (PS3.4 B.2.3, B000)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenario_runner.dicom.dictionary import tag_for_keyword
from scenario_runner.dicom.element_text import character_sets, texts
from scenario_runner.dicom.elements import read_header
from scenario_runner.pacs.spoiling import altered

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from scenario_runner.pacs.spoiling import Piece


def coerce(
    data: Sequence[Piece], transfer_syntax_uid: str, values: Mapping[str, str]
) -> tuple[list[Piece], list[str]]:
    """The data set with these values, and the keywords of which the value was another one.

    An attribute that is not there counts as changed. Raises DamagedDatasetError.
    """
    whole = b"".join(data)
    header = read_header(whole, transfer_syntax_uid)
    terms = character_sets(header)
    changed: list[str] = []
    for keyword, value in values.items():
        tag = tag_for_keyword(keyword)
        assert tag is not None, "configured() refuses keywords that do not exist"
        element = header.get(int(tag))
        if element is None or "\\".join(texts(int(tag), element, terms)) != value:
            changed.append(keyword)
            whole = altered(whole, transfer_syntax_uid, keyword, value)
    return ([whole] if changed else list(data)), changed
