"""A command set that is written wrong loses images; one that is read wrong miscounts them."""

from __future__ import annotations

from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.filereader import read_dataset

from scenario_runner.ul import commands
from scenario_runner.ul.commands import CommandSetError, Element, Field, StoreRequests

_UIDS = st.from_regex(r"[12](\.(0|[1-9][0-9]{0,8})){1,6}", fullmatch=True)
_SHORTS = st.integers(0, 0xFFFF)
_COMMANDS = st.fixed_dictionaries(
    {Element.COMMAND_FIELD: st.sampled_from(list(Field)).map(int), Element.MESSAGE_ID: _SHORTS},
    optional={
        Element.AFFECTED_SOP_CLASS_UID: _UIDS,
        Element.AFFECTED_SOP_INSTANCE_UID: _UIDS,
        Element.STATUS: _SHORTS,
        Element.REMAINING: _SHORTS,
        Element.MOVE_DESTINATION: st.from_regex(r"[A-Z][A-Z0-9_]{0,15}", fullmatch=True),
        Element.ERROR_COMMENT: st.from_regex(r"[a-z]([a-z ]{0,60}[a-z])?", fullmatch=True),
    },
)


@given(_COMMANDS)
def test_what_is_encoded_is_read_back(command: dict[int, int | str]) -> None:
    assert commands.decode(commands.encode(command)) == command


@given(_COMMANDS)
def test_pydicom_reads_the_same_command_set(command: dict[int, int | str]) -> None:
    encoded = commands.encode(command)
    data_set = read_dataset(BytesIO(encoded), is_implicit_VR=True, is_little_endian=True)
    assert data_set[0x00000000].value == len(encoded) - 12
    for element, value in command.items():
        assert data_set[element].value == value
        assert len(encoded) % 2 == 0


@given(_UIDS, _UIDS, st.integers(1, 0xFFFF))
def test_the_template_of_a_store_request_says_what_the_encoder_says(
    sop_class: str, instance: str, message_id: int
) -> None:
    command: dict[int, int | str] = {
        Element.AFFECTED_SOP_CLASS_UID: sop_class,
        Element.COMMAND_FIELD: Field.C_STORE_RQ,
        Element.MESSAGE_ID: message_id,
        Element.PRIORITY: 0,
        Element.COMMAND_DATA_SET_TYPE: commands.WITH_DATA_SET,
        Element.AFFECTED_SOP_INSTANCE_UID: instance,
    }
    assert StoreRequests(sop_class).encode(message_id, instance) == commands.encode(command)


@given(st.binary(max_size=200))
def test_arbitrary_bytes_are_read_or_refused_never_a_crash(data: bytes) -> None:
    try:
        command = commands.decode(data)
    except CommandSetError:
        return
    assert Element.COMMAND_FIELD in command


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"\x00\x00\x00\x01\x02\x00\x00", "middle of an element"),
        (b"\x08\x00\x00\x01\x02\x00\x00\x00\x01\x00", "no CommandField"),
        (
            b"\x00\x00\x00\x09\x02\x00\x00\x00\x00\x00\x00\x00\x00\x09\x02\x00\x00\x00\x00\xc0",
            "two values",
        ),
        (b"\x00\x00\x00\x01\xff\xff\xff\x7f\x01\x00", "claims 2147483647 bytes"),
        (b"\x00\x00\x00\x01\x04\x00\x00\x00\x01\x00\x00\x00", "not 2"),
        (b"", "no CommandField"),
    ],
)
def test_a_broken_command_set_says_what_is_broken(data: bytes, said: str) -> None:
    with pytest.raises(CommandSetError, match=said):
        commands.decode(data)


def test_a_status_comes_with_its_comment_and_the_offending_element() -> None:
    encoded = commands.encode({Element.COMMAND_FIELD: 0x8001, Element.ERROR_COMMENT: "no such"})
    encoded += b"\x00\x00\x01\x09\x04\x00\x00\x00\x10\x00\x20\x00"
    assert commands.comment(commands.decode(encoded)) == ("no such (offending element (0010,0020))")
