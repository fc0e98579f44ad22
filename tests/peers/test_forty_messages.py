"""Two other libraries read the messages as we do, as far as they read them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from hl7apy.exceptions import HL7apyException
from hl7apy.parser import parse_message

from tests.orders.hl7.forty import CASES
from tests.peers.hapi_hl7 import hapi_hl7

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.peer

_PATH = re.compile(r"(\w{3})-(\d+)(?:\((\d+)\))?(?:-(\d+))?(?:-(\d+))?")


def test_hapi_reads_them_equally(tmp_path: Path) -> None:
    told: dict[str, object] = {}
    with hapi_hl7(tmp_path) as hapi:
        for number, case in enumerate(CASES):
            file = tmp_path / f"{number}.hl7"
            file.write_bytes(case.data)
            try:
                said = hapi.read(file, case.codec, *case.wanted)["values"]
            except AssertionError as error:
                said = str(error)
            if (said == case.wanted) == ("HAPI" in case.not_by):
                told[case.name] = said
    assert told == {}


def test_hl7apy_reads_them_equally() -> None:
    told: dict[str, object] = {}
    for case in CASES:
        said: object
        try:
            text = case.data.decode(case.codec)
            message = parse_message(text, find_groups=False)  # type: ignore[no-untyped-call]
            said = {path: _at(message, path) for path in case.wanted}
        except (HL7apyException, IndexError, ValueError) as error:
            said = repr(error)
        if (said == case.wanted) == ("hl7apy" in case.not_by):
            told[case.name] = said
    assert told == {}


def _at(message: object, path: str) -> str:
    """A value by a path in HAPI's form."""
    match = _PATH.fullmatch(path)
    assert match is not None
    segment, number, repetition, component, subcomponent = match.groups()
    (found, *_) = [one for one in message.children if one.name == segment]  # type: ignore[attr-defined]
    field = [one for one in found.children if one.name == f"{segment}_{number}"][
        int(repetition or 0)
    ]
    parts = [one for one in field.children if one.name and one.name.endswith(f"_{component or 1}")]
    element = parts[0] if parts else field
    if subcomponent:
        element = element.children[int(subcomponent) - 1]
    value = element.value
    return str(getattr(value, "value", value) or "")
