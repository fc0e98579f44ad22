"""Cutting an instance into PDUs must neither lose a byte nor exceed what the peer announced."""

from __future__ import annotations

import struct

from hypothesis import given
from hypothesis import strategies as st

from scenario_runner.ul.fragments import COMMAND, LAST, Alike, fragments

_PIECES = st.lists(st.binary(max_size=300), max_size=6)


@given(_PIECES, st.integers(16, 400), st.booleans())
def test_all_bytes_arrive_in_order_in_pdus_no_longer_than_the_maximum(
    pieces: list[bytes], max_pdu: int, command: bool
) -> None:
    whole = b"".join(pieces)
    stream = b"".join(fragments(5, pieces, max_pdu, command=command))
    received, controls = b"", []
    while stream:
        kind, length, pdv, context_id, control = struct.unpack_from(">BxIIBB", stream)
        assert (kind, context_id, pdv) == (4, 5, length - 4)
        assert length <= max_pdu
        received += stream[12 : 6 + length]
        controls.append(control)
        stream = stream[6 + length :]
        if stream:
            assert length % 2 == 0, "PS3.8 annex E: only the whole may be odd"
    assert received == whole
    assert [bool(c & LAST) for c in controls] == [False] * (len(controls) - 1) + [True]
    assert all(bool(c & COMMAND) is command for c in controls)


def test_pixels_are_sliced_not_copied() -> None:
    pixels = bytearray(1000)
    parts = list(fragments(1, [b"head", memoryview(pixels)], 256, command=False))
    pixels[:] = b"\x07" * 1000
    assert b"".join(parts).count(b"\x07") >= 1000


@given(st.lists(st.binary(max_size=300), max_size=5), st.integers(min_value=16, max_value=400))
def test_messages_of_one_command_set_are_cut_as_each_would_be(
    data_sets: list[bytes], max_pdu: int
) -> None:
    command = b"\0" * 100
    alike = Alike(5, command, max_pdu)
    head = b"".join(fragments(5, [command], max_pdu, command=True))
    for data in data_sets:
        one_by_one = head + b"".join(fragments(5, [data], max_pdu, command=False))
        assert alike.message(data) == one_by_one
