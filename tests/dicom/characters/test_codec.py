"""Text in every declared character set is written as the Standard has it, and read back as it was."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenario_runner.dicom.characters import (
    TERMS,
    UndecodableError,
    UnencodableError,
    decode,
    decode_strictly,
    encode,
    faults,
    parse,
    unencodable,
)
from scenario_runner.dicom.characters.sets import ROWS
from scenario_runner.dicom.characters.terms import declared
from tests.dicom.characters import standard

COMBINATIONS = list(standard.combinations())
SHAPES = {
    "PN": "{0}^{0}^^Dr={0}={0}^X",
    "LO": "{0}\\x\\{0}",
    "LT": "{0}\r\nnext: {0}\t{0}\f",
    "UC": "{0}",
}

EXAMPLES = [
    # PS3.5 H.3.1, H.3.2, I.2, K.2 and the Thai and Latin-9 names that go with them.
    (
        ("", "ISO 2022 IR 87"),
        "Yamada^Tarou=山田^太郎=やまだ^たろう",
        b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B=\x1b$B$d$^$@\x1b(B^\x1b$B$?$m$&\x1b(B",
    ),
    (
        ("ISO 2022 IR 13", "ISO 2022 IR 87"),
        "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう",
        (
            b"\xd4\xcf\xc0\xde^\xc0\xdb\xb3=\x1b$B;3ED\x1b(J^\x1b$BB@O:\x1b(J="
            b"\x1b$B$d$^$@\x1b(J^\x1b$B$?$m$&\x1b(J"
        ),
    ),
    (
        ("", "ISO 2022 IR 149"),
        "Hong^Gildong=洪^吉洞=홍^길동",
        (
            b"Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7="
            b"\x1b$)C\xc8\xab^\x1b$)C\xb1\xe6\xb5\xbf"
        ),
    ),
    (
        ("", "ISO 2022 IR 58"),
        "Zhang^XiaoDong=张^小东=",
        b"Zhang^XiaoDong=\x1b$)A\xd5\xc5^\x1b$)A\xd0\xa1\xb6\xab=",
    ),
    (("ISO_IR 203",), "TESTŒUF^ZOË=25 €", b"TEST\xbcUF^ZO\xcb=25 \xa4"),
    (("ISO 2022 IR 100", "ISO 2022 IR 101"), "é^łé", b"\xe9^\x1b-B\xb3\xe9\x1b-A"),
    (("ISO 2022 IR 6", "ISO 2022 IR 203"), "Œ^X", b"\x1b-b\xbc^X"),
]


@pytest.mark.parametrize(("terms", "text", "written"), EXAMPLES)
def test_examples_are_written_byte_for_byte(
    terms: tuple[str, ...], text: str, written: bytes
) -> None:
    assert encode(text, "PN", terms) == written
    assert decode(written, "PN", terms) == decode_strictly(written, "PN", terms) == text


def test_every_legal_declaration_is_taken() -> None:
    assert len(COMBINATIONS) > 400
    assert [terms for terms in COMBINATIONS if faults(terms)] == []
    assert {term for terms in COMBINATIONS for term in terms} | {"ISO_IR 6"} >= {
        term for term in TERMS if term.split()[-1] not in standard.MULTI_BYTE
    }


@pytest.mark.parametrize("vr", SHAPES)
def test_words_of_every_declared_set_are_written_right_around_every_delimiter(vr: str) -> None:
    for terms in COMBINATIONS:
        text = SHAPES[vr].format(standard.words_of(terms))
        value = encode(text, vr, terms)
        assert standard.read(value, vr, terms) == text, terms
        assert decode_strictly(value, vr, terms) == text, terms
        assert decode(value, vr, terms) == text, terms


@pytest.mark.parametrize("number", [number for number in ROWS if number != "6"])
def test_every_character_of_a_set_is_written_right(number: str) -> None:
    terms = ("", f"ISO 2022 IR {number}")
    whole = "".join(one for half in ROWS[number] if half for one in half.codes if one.isprintable())
    assert len(whole) > 50
    value = encode(whole, "UT", terms)
    assert standard.read(value, "LT", terms) == whole
    assert decode(value, "UT", terms) == whole


def repertoire(terms: tuple[str, ...]) -> st.SearchStrategy[str]:
    meant = declared(terms)
    if meant.whole:
        held = st.characters(codec=meant.whole, min_codepoint=0x20, exclude_categories=["Cc", "Cs"])
    else:
        characters = {one for half in meant.sets for one in half.codes if one.isprintable()}
        held = st.sampled_from(sorted(characters - {"\\", "¥"}))
    return st.text(st.one_of(held, st.sampled_from("^=\\\r\n\t\f aB")), max_size=20)


@given(st.data(), st.sampled_from(COMBINATIONS), st.sampled_from(["PN", "LO", "UC", "SH"]))
def test_any_text_comes_back(data: st.DataObject, terms: tuple[str, ...], vr: str) -> None:
    text = data.draw(repertoire(terms))
    value = encode(text, vr, terms)
    assert decode(value, vr, terms) == decode_strictly(value, vr, terms) == text


@given(st.data(), st.sampled_from([c for c in COMBINATIONS if len(c) > 1]))
def test_text_by_any_legal_writer_is_read(data: st.DataObject, terms: tuple[str, ...]) -> None:
    """Escape sequences where none is needed, sets in any order, ASCII taken back early or late."""
    meant = declared(terms)
    text = data.draw(repertoire(terms))
    active: list[object] = [meant.g0, meant.g1]
    out = b""
    for character in text:
        if character in "^=\\\r\n\t\f":
            upper = meant.g1.escape if meant.g1 and data.draw(st.booleans()) else b""
            if active[0] is not meant.g0 or data.draw(st.booleans()):
                out += meant.g0.escape
            out += upper + character.encode()
            active = [meant.g0, meant.g1]
            continue
        half = data.draw(st.sampled_from([one for one in meant.sets if character in one.codes]))
        others = [one for one in meant.sets if one.g1 != half.g1]
        for one in data.draw(st.lists(st.sampled_from(others), max_size=1)) if others else []:
            out += one.escape
            active[one.g1] = one
        if active[half.g1] is not half or data.draw(st.booleans()):
            out += half.escape
            active[half.g1] = half
        out += half.codes[character]
    if active[0] is not meant.g0 or data.draw(st.booleans()):
        out += meant.g0.escape
    assert decode(out, "PN", terms) == text
    assert decode_strictly(out, "PN", terms) == text


@given(st.binary(max_size=60), st.lists(st.sampled_from(["", *TERMS, "UTF-8"]), max_size=3))
def test_nothing_that_a_peer_sends_stops_the_reading(value: bytes, terms: list[str]) -> None:
    for vr in SHAPES:
        assert isinstance(decode(value, vr, terms), str)
        with suppress(UndecodableError):
            assert decode_strictly(value, vr, terms) == decode(value, vr, terms)


@pytest.mark.parametrize(
    ("terms", "text", "missing"),
    [
        (("ISO_IR 100",), "Œuf 5 €", "Œ€"),
        ((), "Zoë", "ë"),
        (("", "ISO 2022 IR 87"), "山é", "é"),
        (("ISO_IR 13",), "a~b", "~"),
        (("ISO_IR 126",), "€", "€"),
        (("GBK",), "王😀", "😀"),
        (("ISO 2022 IR 6",), "\x1b(J", "\x1b"),
        (("ISO_IR 192",), "\ud800", "\ud800"),
    ],
)
def test_what_a_set_lacks_is_an_error_and_never_a_question_mark(
    terms: tuple[str, ...], text: str, missing: str
) -> None:
    assert unencodable(text, "LO", terms) == missing
    with pytest.raises(UnencodableError) as caught:
        encode(text, "LO", terms)
    assert caught.value.missing == missing


def test_the_yen_sign_is_text_where_a_backslash_divides_nothing() -> None:
    terms = ("ISO_IR 13",)
    assert encode("¥5‾", "LT", terms) == b"\\5~"
    assert decode(b"\\5~", "LT", terms) == "¥5‾"
    assert decode(b"\\5~", "LO", terms) == "\\5‾"
    assert unencodable("¥", "LO", terms) == "¥"
    assert unencodable("\\", "LT", terms) == "\\"
    assert encode("¥", "LO", ("ISO 2022 IR 13", "ISO 2022 IR 100")) == b"\x1b-A\xa5\x1b)I"


@pytest.mark.parametrize(
    ("terms", "value", "fault"),
    [
        ((), b"Zo\xeb", "no SpecificCharacterSet"),
        (("ISO_IR 100",), b"a\x85", "0x85 at 1"),
        (("ISO_IR 192",), b"a\xeb", "is not ISO_IR 192: byte 0xeb at 1"),
        (("ISO_IR 126",), b"\xa4", "is not ISO IR 126"),
        (("ISO_IR 100",), b"\x1b-B\xb3", "which ISO_IR 100 does not allow"),
        (
            ("", "ISO 2022 IR 87"),
            b"\x1b$(D0!\x1b(B",
            "changes to ISO IR 159, which is not declared",
        ),
        (("", "ISO 2022 IR 87"), b"\x1b$B;3\x1b(J", "changes to ISO IR 14, which is not declared"),
        (("", "ISO 2022 IR 87"), b"\x1b$B;3", "first character set at its end"),
        (("", "ISO 2022 IR 87"), b"\x1b$B;3\r\n\x1b(B", "first character set before '\\r'"),
        (("", "ISO 2022 IR 87"), b"\x1b$B;3^B@\x1b(B", "is not ISO IR 87"),
        (("", "ISO 2022 IR 101"), b"\xb3", "is not ISO IR 6: byte 0xb3"),
        (("", "ISO 2022 IR 149"), b"\x1b$)C\xfb\xf3^\xfb\xf3", "is not ISO IR 6: byte 0xfb at 7"),
        (("", "ISO 2022 IR 149"), b"\x1b$)C\xfb", "is not ISO IR 149"),
        (("", "ISO 2022 IR 87"), b"\x1b%G", "does not know"),
    ],
)
def test_what_is_not_as_declared_is_told(terms: tuple[str, ...], value: bytes, fault: str) -> None:
    with pytest.raises(UndecodableError, match=fault.replace("\\", "\\\\")):
        decode_strictly(value, "PN", terms)


@pytest.mark.parametrize(
    ("terms", "value", "text"),
    [
        ((), "Zoë".encode(), "Zoë"),
        ((), "Zoë".encode("latin-1"), "Zoë"),
        (("UTF-8",), "Zoë".encode(), "Zoë"),
        (("ISO-IR 144",), "Анна".encode("cyrillic"), "Анна"),
        (("ISO 2022 IR 87",), b"\x1b$B;3ED\x1b(B", "山田"),
        ((), b"\x1b$B;3ED\x1b(B", "山田"),
        (("ISO_IR 100",), b"\x1b$B;3ED\x1b(B", "山田"),
        (("ISO 2022 IR 6", "ISO 2022 IR 100"), b"Zo\xeb", "Zoë"),
        (("", "ISO 2022 IR 149"), b"\x1b$)C\xfb\xf3^\xd1\xce", "洪^吉"),
        (("ISO_IR 13",), "山田".encode("shift_jis"), "山田"),
        (("ISO_IR 192",), b"Zo\xeb", "Zo\ufffd"),
        (("", "ISO 2022 IR 87"), b"\x1b$B;3", "山"),
    ],
)
def test_what_is_sloppy_but_not_in_doubt_is_read(
    terms: tuple[str, ...], value: bytes, text: str
) -> None:
    assert decode(value, "PN", terms) == text


@pytest.mark.parametrize(
    ("terms", "wrong"),
    [
        (("UTF-8",), "is not a defined term"),
        (("ISO 2022 IR 87",), "only extends another set"),
        (("ISO_IR 100", "ISO 2022 IR 87"), "beside others it is ISO 2022 IR 100"),
        (("", "ISO_IR 192"), "stands alone"),
        (("ISO 2022 IR 100", ""), "only the first value may be"),
    ],
)
def test_a_wrong_declaration_says_why(terms: tuple[str, ...], wrong: str) -> None:
    [(_, reason)] = faults(terms)
    assert wrong in reason


def test_terms_are_parsed_without_padding() -> None:
    assert parse(b"\\ISO 2022 IR 87 ") == ("", "ISO 2022 IR 87")
    assert parse(b" ") == parse(None) == parse("") == ()
    assert parse(["ISO_IR 100"]) == ("ISO_IR 100",)
