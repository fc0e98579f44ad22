"""multipart/related is read in whatever pieces it comes, and hostile bytes stay bounded."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenario_runner.network.dicomweb.multipart import (
    MultipartError,
    MultipartReader,
    Part,
    PartBegins,
    PartData,
    PartEnds,
    PartLimits,
    head,
    length,
    new_boundary,
    write,
)

Parts = list[tuple[dict[str, str], bytes]]


def read(
    body: bytes, boundary: str, size: int | None = None, limits: PartLimits | None = None
) -> Parts:
    reader = MultipartReader(boundary, limits)
    found: Parts = []
    content = bytearray()
    for start in range(0, len(body), size or len(body) or 1):
        for event in reader.feed(body[start : start + (size or len(body))]):
            match event:
                case PartBegins(headers):
                    found.append((dict(headers), b""))
                    content.clear()
                case PartData(data):
                    content += data
                case PartEnds():
                    found[-1] = (found[-1][0], bytes(content))
    reader.finish()
    return found


_CONTENT = st.lists(
    st.sampled_from([b"\r\n", b"--", b"\r\n--", b"edge", b"x", b"\r", b"\n", b"", b"\0\xff"]),
    max_size=12,
).map(b"".join)


@given(st.lists(_CONTENT, max_size=4), st.integers(1, 9), st.booleans())
def test_parts_come_back_byte_for_byte_in_any_pieces(
    contents: list[bytes], size: int, named: bool
) -> None:
    boundary = "edge-of-it"
    headers = {"Content-Type": "application/dicom"} if named else {}
    parts = [Part(headers, [memoryview(one)[:3], one[3:]]) for one in contents]
    body = b"".join(bytes(piece) for piece in write(parts, boundary))
    assert len(body) == length(parts, boundary)
    expected = {name.lower(): text for name, text in headers.items()}
    assert read(body, boundary, size) == [(expected, one) for one in contents]


def test_preamble_epilogue_padding_and_folded_headers_are_as_the_rfc_has_them() -> None:
    body = (
        b"this is no part\r\n--b \t\r\nContent-Type: text/plain;\r\n\tcharset=utf-8\r\n"
        b"CONTENT-ID: <1>\r\n\r\none\r\n--b\r\n\r\ntwo\r\n--b--\r\n--b\r\n\r\nno part either"
    )
    assert read(body, "b", 1) == [
        ({"content-type": "text/plain; charset=utf-8", "content-id": "<1>"}, b"one"),
        ({}, b"two"),
    ]


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "no boundary"),
        (b"<html>not multipart</html>", "no boundary"),
        (b"--b\r\n\r\ncontent without an end", "in the middle"),
        (b"--b\r\n\r\none\r\n--b", "in the middle"),
        (b"--b\r\nno colon here\r\n\r\none\r\n--b--", "no colon"),
        (b"--bother\r\n\r\none\r\n--b--", "behind a boundary"),
    ],
)
def test_what_is_broken_is_told(body: bytes, why: str) -> None:
    for size in (1, None):
        with pytest.raises(MultipartError, match=why):
            read(body, "b", size)


def test_a_sender_cannot_make_us_hold_what_it_likes() -> None:
    limits = PartLimits(head=100, preamble=100, part=100, parts=3)
    endless = {
        "headers": b"--b\r\n" + b"A: b\r\n" * 100,
        "boundary in 100": b"x" * 1000,
        "part exceeds": b"--b\r\n\r\n" + b"x" * 1000,
        "more than 3 parts": b"--b\r\n\r\nx\r\n" * 9 + b"--b--",
        "line is too long": b"--b" + b" " * 1000,
    }
    for why, body in endless.items():
        with pytest.raises(MultipartError, match=why):
            read(body, "b", 7, limits)


def test_a_header_cannot_smuggle_in_another_one() -> None:
    with pytest.raises(ValueError, match="line break"):
        head({"Content-Type": "a/b\r\nX: y"}, "b")


@pytest.mark.parametrize("boundary", ["", " ", "x" * 201, "a\r\nb", "ä"])
def test_a_boundary_that_none_can_be_is_refused(boundary: str) -> None:
    with pytest.raises(MultipartError, match="boundary"):
        MultipartReader(boundary)


def test_our_own_boundaries_are_allowed_and_differ() -> None:
    assert not MultipartReader(new_boundary()).finished
    assert new_boundary() != new_boundary()
