"""Answers in the DICOM JSON Model (PS3.18 annex F) as they go over the wire, and responses to queries in it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

from scenario_runner.dicom import vrs
from scenario_runner.dicom.json_model import attribute, inline, value_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from scenario_runner.archive.keys import Answer
    from scenario_runner.dicom.json_model import Json


def encode(data: Json | list[Json]) -> bytes:
    """As it goes over the wire."""
    return json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode(
        "utf-8", "replace"
    )


def array(items: Iterable[Json]) -> Iterator[bytes]:
    """A JSON array, one item at a time."""
    return array_of(map(encode, items))


def array_of(items: Iterable[bytes]) -> Iterator[bytes]:
    """The same of items that are written already."""
    separator = b"["
    for item in items:
        yield separator + item
        separator = b","
    yield b"[]" if separator == b"[" else b"]"


def of_answer(answer: Answer) -> Json:
    """A response to a query."""
    return {f"{tag:08X}": _member(*answer[tag]) for tag in sorted(answer)}


def _member(vr: str, values: list[str] | list[Answer]) -> Json:
    if vr == "SQ":
        return attribute(vr, [of_answer(item) for item in cast("list[Answer]", values)])
    if vr in vrs.BYTES:
        return inline(vr, "".join(cast("list[str]", values)).encode("latin-1"))
    return attribute(vr, [value_of(vr, one) for one in cast("list[str]", values)])
