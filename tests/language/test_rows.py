"""Rows of a table: one case each, their text as it was written."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenario_runner.errors import InvalidInput, Where
from scenario_runner.language.rows import Rows, read_rows

ASKED = Where("s.yaml", 3, 7, 3, 17)


def rows(content: bytes, name: str = "people.csv") -> Rows:
    return read_rows(name, Path(name), ASKED, lambda _: content)


def told(content: bytes, name: str = "people.csv") -> list[tuple[int, str]]:
    with pytest.raises(InvalidInput) as caught:
        rows(content, name)
    assert {one.code for one in caught.value.diagnostics} <= {"FAB318", "FAB010"}
    return [(one.where.line, one.message) for one in caught.value.diagnostics]


def test_cells_are_text_as_it_was_written() -> None:
    content = b'\xef\xbb\xbfid;name;note\r\n0012; DOE ;"a;b ""c""\r\nd"\r\n\r\n1.10;NO;\r\n'
    found = rows(content)
    assert found.columns == ("id", "name", "note")
    assert found.rows == (
        {"id": "0012", "name": " DOE ", "note": 'a;b "c"\r\nd'},
        {"id": "1.10", "name": "NO", "note": ""},
    )
    assert found.labels() == ["0012", "1.10"]


def test_rows_that_begin_alike_are_told_by_number() -> None:
    assert rows(b"a,b\n1,2\n1,3\n").labels() == ["1", "2"]


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"a,b\n1,2\n1,2,3\n", 3),
        (b'a,b\n"1\n2",2\n1\n', 4),
        (b"a,a\n1,2\n", 1),
        (b"a,\n1,2\n", 1),
        (b'a,b\n1,2\n"1"x,2\n', 3),
        (b'a,b\n1,2\n"1,2\n', 3),
        (b"a,b\n\xff,2\n", 2),
        (b"a,b\n", 1),
        (b"", 1),
    ],
)
def test_a_table_that_is_none_is_told_at_its_line(content: bytes, line: int) -> None:
    assert [where for where, _ in told(content)] == [line]


def test_every_column_that_cannot_be_is_told_where_it_stands() -> None:
    with pytest.raises(InvalidInput) as caught:
        rows(b'\xef\xbb\xbfid;"a;\r\nb"; id ;;"a;\r\nb"\r\n1;2\r\n')
    places = [one.where for one in caught.value.diagnostics]
    assert [(at.line, at.column, at.end_line, at.end_column) for at in places] == [
        (2, 5, 2, 7), (2, 9, 2, 9), (2, 10, 3, 3), (4, 1, 4, 1),
    ]  # fmt: skip


def test_every_ragged_row_is_told() -> None:
    assert [line for line, _ in told(b"a,b\n1\n1,2\n1,2,3\n")] == [2, 4]


def test_values_of_a_document_keep_their_types() -> None:
    found = rows(b"- {id: 0012, images: 3, size: 1.10}\n- {id: b, images: 4, size: 2}\n", "p.yaml")
    assert found.rows[0]["id"] == "0012"
    assert (found.rows[0]["images"], str(found.rows[0]["size"])) == (3, "1.10")
    assert rows(json.dumps([{"a": None}]).encode(), "p.json").rows == ({"a": None},)


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"a: 1\n", 1),
        (b"- {a: 1}\n- {b: 1}\n", 2),
        (b"- {a: 1}\n- 3\n", 2),
        (b"- {a: 1}\n- {a: 1, b: 2}\n", 2),
    ],
)
def test_a_document_without_rows_is_told_at_its_line(content: bytes, line: int) -> None:
    assert [where for where, _ in told(content, "p.yaml")] == [line]


CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\0\r\ufeff"), max_size=8)


@given(st.lists(st.lists(CELLS, min_size=2, max_size=2), min_size=1, max_size=5))
def test_what_a_writer_of_csv_writes_is_read_again(cells: list[list[str]]) -> None:
    cells = [row for row in cells if any(cell.strip() for cell in row)] or [["a", "b"]]
    stream = io.StringIO()
    csv.writer(stream, delimiter=";", quoting=csv.QUOTE_ALL).writerows([["one", "two"], *cells])
    assert [list(row.values()) for row in rows(stream.getvalue().encode()).rows] == cells
