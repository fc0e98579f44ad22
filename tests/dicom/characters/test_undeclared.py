"""What text of no declared character set may say."""

from __future__ import annotations

import pytest

from scenario_runner.dicom.characters import UndeclaredText, decode, encode


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("Wałęsa^Lech", ("ISO_IR 101",)),
        ("Иванова^Анна", ("ISO_IR 144",)),
        ("Διονυσιος", ("ISO_IR 126",)),
        ("قباني^لنزار", ("ISO_IR 127",)),
        ("שרון^דבורה", ("ISO_IR 138",)),
        ("Çavuşoğlu", ("ISO_IR 148",)),
        ("TESTŒUF^ZOË", ("ISO_IR 203",)),
        ("Zoë", ("ISO_IR 100",)),
        ("ﾔﾏﾀﾞ^ﾀﾛｳ", ("ISO_IR 13",)),
        ("王^小东", ("GB18030",)),
        ("Wang^XiaoDong=王^小东=", ("ISO_IR 192",)),
    ],
)
def test_the_set_it_was_written_in_is_among_what_it_may_be(
    text: str, terms: tuple[str, ...]
) -> None:
    value = encode(text, "PN", terms)
    one = UndeclaredText("PatientName", value + b" " * (len(value) % 2), "PN")
    guess = decode(value, "PN", ())
    assert one.guesses == [guess]
    assert text in one.readings(guess).values()
    # A part of it, too: a component of a name.
    family, written = guess.split("^")[0], text.split("^")[0]
    assert written in one.readings(family).values()


@pytest.mark.parametrize(
    ("text", "codec"), [("山田^太郎", "shift_jis"), ("김희중", "euc_kr"), ("小东", "gb2312")]
)
def test_what_is_written_without_its_escape_sequences_is_read(text: str, codec: str) -> None:
    one = UndeclaredText("PatientName", text.encode(codec), "PN")
    assert text in one.readings(decode(one.value, "PN", ())).values()


def test_no_reading_has_bytes_without_a_meaning_and_another_text_has_none() -> None:
    one = UndeclaredText("PatientName", b"\xa5\xd1\x9a", "PN")
    readings = one.readings(decode(one.value, "PN", ()))
    assert all("\ufffd" not in text and "\x9a" not in text for text in readings.values())
    assert not one.readings("Zoë")
    assert not one.readings("")


def test_the_first_set_is_open_where_escape_sequences_follow() -> None:
    terms = ("ISO 2022 IR 101", "ISO 2022 IR 144")
    one = UndeclaredText("PatientName", encode("Wałęsa=Иван", "PN", terms), "PN")
    assert "Wałęsa=Иван" in one.readings(decode(one.value, "PN", ())).values()
