"""A long body of DICOM JSON is read as a short one is, however its bytes come."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenario_runner.dicom import json_model, json_stream

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

NAME = {"00100010": {"vr": "PN", "Value": [{"Alphabetic": 'É"\\^界 😀'}]}}
NUMBER = {"00201208": {"vr": "IS", "Value": [12]}}


def outcome(pieces: Sequence[bytes]) -> object:
    try:
        return list(json_stream.each_data_set(pieces, 1 << 20))
    except json_model.JsonModelError:
        return "refused"


def whole(text: bytes) -> object:
    try:
        return list(json_model.loads(text)) if text.strip() else []
    except json_model.JsonModelError:
        return "refused"


TEXTS = [
    json.dumps([NAME, NUMBER, {}], ensure_ascii=False).encode(),
    json.dumps([NAME] * 300, indent=2).encode(),
    json.dumps(NAME).encode(),
    b"\xef\xbb\xbf" + json.dumps([NUMBER]).encode(),
    b"", b" \n", b"[]", b" [ ] ", b"{}", b"[", b"]", b"[{}", b"[{},]", b"[,{}]", b"[{}{}]", b"[{}] x", b"[{}]]", b"[{}]\xc3",
    b"5", b"[5]", b'["a"]', b"null", b'{"error": "quota exceeded"}', b'[{"error": 1}]', b"<html>", b"\xff\xfe",
    json.dumps([NAME], ensure_ascii=False).encode()[:-20],
]  # fmt: skip


@pytest.mark.parametrize("text", TEXTS)
@given(cuts=st.lists(st.integers(min_value=1, max_value=60), max_size=40))
def test_a_body_in_pieces_is_what_it_is_whole(text: bytes, cuts: list[int]) -> None:
    pieces, left = [], text
    for size in cuts:
        pieces.append(left[:size])
        left = left[size:]
    assert outcome([*pieces, left]) == whole(text)


def test_a_data_set_comes_before_the_body_has_ended() -> None:
    came: list[object] = []
    members = [json.dumps(NAME).encode() + b"," + b" " * 40_000 for _ in range(3)]

    def pieces() -> Iterator[bytes]:
        yield b"["
        for number, member in enumerate(members):
            assert len(came) >= number - 1
            yield member
        yield b"{}]"

    for one in json_stream.each_data_set(pieces(), 1 << 20):
        came += [one]
    assert len(came) == 4


def test_a_data_set_may_be_as_long_as_was_allowed_and_no_longer() -> None:
    for listed in (b"[%s]", b"%s", b"[{},%s,{}]"):
        text = json.dumps(NAME).encode()
        body = listed % text
        characters = len(text.decode())
        assert NAME in list(json_stream.each_data_set([body], characters))
        with pytest.raises(json_stream.TooLongError):
            list(json_stream.each_data_set([body], characters - 1))


def test_one_data_set_without_an_end_is_not_held() -> None:
    def endless() -> Iterator[bytes]:
        yield b'[{"00104000": {"vr": "LT", "Value": ["'
        while True:
            yield b"x" * 10_000

    with pytest.raises(json_stream.TooLongError):
        list(json_stream.each_data_set(endless(), 1 << 20))
