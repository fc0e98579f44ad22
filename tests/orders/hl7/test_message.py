"""Messages are read as real feeds send them; what cannot be read is told with its place."""

from __future__ import annotations

import contextlib
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenario_runner.orders.hl7 import Hl7Error, Message
from scenario_runner.orders.hl7.delimiters import Delimiters
from scenario_runner.orders.hl7.escapes import escape, unescape
from scenario_runner.orders.hl7.files import messages
from scenario_runner.orders.hl7.paths import Path, parse_path
from tests.orders.hl7.feeds import OBR, PID, message, order


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"])
def test_segments_may_end_in_any_way(end: str) -> None:
    read = Message.read(order(end=end))
    assert [one.name for one in read.segments] == ["MSH", "PID", "PV1", "ORC", "OBR"]
    assert read.text("OBR-18") == "ACC1"


def test_the_fields_of_msh_are_counted_as_the_standard_counts_them() -> None:
    read = Message.read(order())
    assert (read.text("MSH-1"), read.text("MSH-2"), read.text("MSH-10")) == ("|", "^~\\&", "4711")
    assert (read.kind, read.version, read.control_id) == ("ORM^O01", "2.5.1", "4711")


def test_a_message_may_bring_its_own_delimiters() -> None:
    data = order().replace(b"|^~\\&|", b"*:!?%*").replace(b"|", b"*").replace(b"^", b":")
    read = Message.read(data)
    assert read.text("PID-5.2") == "EVA"
    assert read.text("PID-3.4") == "HOSP"
    assert read.kind == "ORM^O01"


@pytest.mark.parametrize(
    ("value", "meant"),
    [
        (r"A\T\B", "A&B"),
        (r"A\F\B\S\C\R\D\E\E", "A|B^C~D\\E"),
        (r"one\.br\two", "one\ntwo"),
        (r"one\.sp2\two", "one\n\ntwo"),
        (r"\H\loud\N\ quiet", "loud quiet"),
        (r"\X41C3A9\ ", "Aé "),
        (r"\XC3A9\\T\ ", "é& "),
        (r"C:\temp\new", r"C:\temp\new"),
        (r"\Z1\ kept", r"\Z1\ kept"),
        (r"\X4\ ", r"\X4\ "),
        ("ends with \\", "ends with \\"),
    ],
)
def test_escape_sequences_are_read_and_others_survive(value: str, meant: str) -> None:
    assert unescape(value, Delimiters(), "utf-8") == meant
    # However many others stand before and after it.
    many = 60_000
    around = unescape(r"\T\a" * many + value + "\\.br\\" * many, Delimiters(), "utf-8")
    assert around.startswith("&a" * many + meant.rstrip("\\"))
    assert around.endswith("\n" * (many - 1))


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r"), max_size=40))
def test_text_comes_back_from_its_escaped_form(text: str) -> None:
    written = escape(text, Delimiters())
    assert not set(written) & set("|^~&\n")
    assert unescape(written, Delimiters()) == text


@pytest.mark.parametrize(
    ("charset", "codec", "name"),
    [
        ("", "ascii", "TESTER"),
        ("8859/1", "latin-1", "MÜLLER"),
        ("8859/2", "iso8859-2", "KOWALSKÁ"),
        ("8859/5", "iso8859-5", "ИВАНОВА"),
        ("8859/7", "iso8859-7", "ΠΑΠΑΔΑΚΗ"),
        ("8859/15", "iso8859-15", "CŒUR"),
        ("UNICODE UTF-8", "utf-8", "ИВАНОВА"),
        ("utf-8", "utf-8", "MÜLLER"),
        ("GB 18030-2000", "gb18030", "王誠懇"),
        ("KS X 1001", "euc_kr", "김희정"),
        ("~ISO IR87", "iso2022_jp", "本美"),
        ("ASCII~ISO IR87~ISO IR159", "iso2022_jp_ext", "久美子"),
    ],
)
def test_a_name_is_read_in_the_declared_character_set(charset: str, codec: str, name: str) -> None:
    data = order(pid=PID.replace("TESTER", name), charset=charset, codec=codec)
    read = Message.read(data)
    assert read.text("PID-5.1") == name
    assert read.text("PID-5.2") == "EVA"
    assert read.text("OBR-18") == "ACC1"
    assert not read.remarks


@pytest.mark.parametrize(("codec", "told"), [("utf-8", "UTF-8"), ("latin-1", "ISO 8859-1")])
def test_text_without_a_declared_set_is_read_and_told(codec: str, told: str) -> None:
    read = Message.read(order(pid=PID.replace("TESTER", "MÜLLER"), codec=codec))
    assert read.text("PID-5.1") == "MÜLLER"
    assert told in read.remarks[0]


def test_bytes_that_the_declared_set_has_not_are_an_error_at_their_field() -> None:
    data = order(pid=PID.replace("TESTER", "MÜLLER"), charset="UNICODE UTF-8", codec="latin-1")
    with pytest.raises(Hl7Error) as caught:
        Message.read(data)
    (found,) = caught.value.diagnostics
    assert "PID-5" in found.message
    assert (found.where.line, found.where.column) == (2, PID.index("TESTER") + 2)


def test_utf8_under_the_name_of_latin1_is_told() -> None:
    data = order(pid=PID.replace("TESTER", "MÜLLER"), charset="8859/1", codec="utf-8")
    assert "look like UTF-8" in Message.read(data).remarks[0]


@pytest.mark.parametrize("charset", ["8859/1", "8859/9", ""])
def test_quotation_marks_of_windows_are_read_and_told(charset: str) -> None:
    """An ISO set has control characters there, which no name may hold."""
    pid = PID.replace("TESTER", "O’NEIL–Å")
    read = Message.read(order(pid=pid, charset=charset, codec="cp1252"))
    assert read.text("PID-5.1") == "O’NEIL–Å"
    assert "Windows-125" in read.remarks[0]
    escaped = order(pid=pid.replace("–", "\\X96\\"), charset=charset, codec="cp1252")
    assert Message.read(escaped).text("PID-5.1") == "O’NEIL–Å"
    odd = Message.read(order(pid=PID.replace("TESTER", "\x81"), charset="8859/1", codec="latin-1"))
    assert odd.text("PID-5.1") == "\x81", "no letter in any code page"


@pytest.mark.parametrize(
    ("charset", "codec", "begin", "name"),
    [
        ("KS X 1001", "euc_kr", b"\x1b$)C", "김^희중"),
        ("GB 18030-2000", "gb18030", b"\x1b$)A", "王^小东"),
    ],
)
def test_the_set_may_be_designated_as_dicom_has_it(
    charset: str, codec: str, begin: bytes, name: str
) -> None:
    head, tail = order(pid=PID.replace("TESTER^EVA", "@@"), charset=charset).split(b"@@")
    read = Message.read(head + begin + name.encode(codec) + b"\x1b(B" + tail)
    assert read.text("PID-5") == name


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"<!DOCTYPE html><title>Login</title>", "HTML"),
        (b"PID|1||P1", "no MSH"),
        (b"MSH", "no field separator"),
        (b"MSH||", "0 encoding characters"),
        (b"MSH|^^~&|A", "twice"),
        (b"MSH|^~\\&|A|B", "MSH-9"),
        (message(charset="KLINGON"), "KLINGON"),
        (order() + b"lost line of a comment\r", "line 6"),
    ],
)
def test_what_is_no_message_is_told_in_words(data: bytes, words: str) -> None:
    with pytest.raises(Hl7Error) as caught:
        _ = Message.read(data).segments
    assert words in caught.value.message + str(caught.value.hint)


@given(st.binary(max_size=300))
def test_any_bytes_are_a_message_or_an_error(data: bytes) -> None:
    for prefix in (b"", b"MSH|^~\\&|A|B|C|D|E||ORM^O01|1|P|2.5|"):
        with contextlib.suppress(Hl7Error):
            assert Message.read(prefix + data).segments[0].name == "MSH"


def test_a_value_knows_its_line_and_column() -> None:
    where = Message.read(order(), "orders/a.hl7").where("OBR-18")
    assert (where.file, where.line) == ("orders/a.hl7", 5)
    assert where.column == OBR.index("ACC1") + 1
    assert where.label == "message 4711, OBR-18"


@pytest.mark.parametrize("text", ["PID-5.1", "OBR[2]-18", "PID-3[2].4.1", "NTE"])
def test_a_path_is_written_as_it_is_read(text: str) -> None:
    assert str(parse_path(text)) == text


@pytest.mark.parametrize("text", ["", "PID-", "pid-5", "PID-0", "PID-5..1", "OBR[0]-1"])
def test_what_is_no_path_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no path"):
        parse_path(text)


def test_repetitions_and_subcomponents_are_reached() -> None:
    read = Message.read(order(pid="PID|1||P1^^^HOSP&1.2&ISO^MR~P2^^^OTHER^PI||TESTER^EVA"))
    assert read.text("PID-3[2].4") == "OTHER"
    assert read.text("PID-3.4.2") == "1.2"
    assert read.text("PID-3.4") == "HOSP&1.2&ISO"
    assert read.text(Path("PID", 3, 1, repetition=3)) == ""


class TestFiles:
    def test_a_batch_gives_its_messages(self) -> None:
        data = b"FHS|^~\\&|A\rBHS|^~\\&|A\r" + order() + order(control="4712") + b"BTS|2\rFTS|1\r"
        found = [one for one in messages(data, "batch.hl7") if isinstance(one, Message)]
        assert [one.control_id for one in found] == ["4711", "4712"]
        assert found[1].where("PID-5").line == 9

    def test_frames_of_the_wire_are_read(self) -> None:
        data = b"".join(b"\x0b" + order(control=str(one)) + b"\x1c\r" for one in (1, 2))
        found = [one for one in messages(data, "log") if isinstance(one, Message)]
        assert [one.control_id for one in found] == ["1", "2"]

    def test_one_bad_message_does_not_hide_the_others(self) -> None:
        data = order(control="1") + b"MSH|^~\\&|A|B\r" + order(control="3")
        found = list(messages(data, "many.hl7"))
        assert [isinstance(one, Hl7Error) for one in found] == [False, True, False]
        error = found[1]
        assert isinstance(error, Hl7Error)
        assert error.diagnostics[0].where.line == 6

    def test_what_stands_before_the_first_message_is_told(self) -> None:
        found = list(messages(b"log of Monday\r" + order(), "log"))
        assert isinstance(found[0], Hl7Error)
        assert isinstance(found[1], Message)

    def test_a_file_in_sixteen_bits_is_read(self) -> None:
        (found,) = messages(order().decode().encode("utf-16"), "wide.hl7")
        assert isinstance(found, Message)
        assert found.text("PID-5.1") == "TESTER"


def test_a_message_of_fifty_megabytes_is_refused_without_a_copy_of_it() -> None:
    data = order("NTE|1||" + "x" * 50_000_000) + order(control="4712")
    tracemalloc.start()
    try:
        large, after = messages(data, "feed.hl7")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert isinstance(large, Hl7Error)
    assert "16 MiB at most" in str(large)
    assert isinstance(after, Message)
    assert after.control_id == "4712"
    assert peak < 1_000_000
