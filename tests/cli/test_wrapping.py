"""Lines on a terminal: nothing is lost, nothing is wider than the terminal."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from scenario_runner.cli.wrapping import beside, cells, folded, padded, wrapped

WORDS = st.text(alphabet="abc 山é-_.", max_size=120)


@given(text=WORDS, room=st.integers(2, 60))
def test_wrapping_keeps_every_letter_within_the_width(text: str, room: int) -> None:
    lines = wrapped(text, room)
    assert all(cells(line) <= room for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


@given(name=WORDS, message=WORDS, width=st.integers(40, 120))
def test_a_step_stays_within_the_terminal(name: str, message: str, width: int) -> None:
    first, *others = beside(name, message, 9, width)
    assert all(cells(line) <= width for line in (" " * 9 + first, *others))
    assert "".join("".join([first, *others]).split()) == "".join((name + message).split())


def test_a_message_is_folded_under_where_it_began() -> None:
    lines = beside(padded("send", 10), "one two three four five six seven eight nine", 9, 60)
    assert lines == [
        "send        one two three four five six seven eight",
        " " * 21 + "nine",
    ]


def test_a_message_with_little_room_goes_below_its_name() -> None:
    name = "A name that takes most of the line"
    lines = beside(name, "and a message that does not fit in", 9, 60)
    assert lines == [name, " " * 9 + "and a message that does not fit in"]


def test_what_is_piped_stays_in_one_line() -> None:
    assert beside("name", "word " * 100, 9, None) == [("name  " + "word " * 100).rstrip()]


def test_ideographs_take_two_columns_when_names_are_aligned() -> None:
    assert padded("胸部", 6) == "胸部  "


def test_a_text_of_blanks_is_a_line() -> None:
    assert folded(" " * 50, 4, 40) == [""]
