"""Diagnostics as people, programs and GitHub read them."""

from __future__ import annotations

import json
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from scenario_runner.errors import Diagnostic, Where
from scenario_runner.language.rendering import lines_of, render, visible


def finding(line: int, column: int, end_column: int, *, end_line: int | None = None) -> Diagnostic:
    where = Where("x.yaml", line, column, end_line or line, end_column, "steps[0].query.lvl")
    return Diagnostic(
        "FAB104", where, "unknown key 'lvl'; did you mean 'level'?", "query takes: on"
    )


def shown(text: str, diagnostic: Diagnostic) -> str:
    return render([diagnostic], source=lambda _: lines_of(text))


def test_text_has_the_layout_of_the_contract() -> None:
    text = "\n" * 13 + "  - query: {on: pacs, lvl: study}\n"
    assert shown(text, finding(14, 23, 26)) == (
        "x.yaml:14:23: error FAB104: unknown key 'lvl'; did you mean 'level'?\n"
        "   14 |   - query: {on: pacs, lvl: study}\n"
        "      |                       ^^^\n"
        "   query takes: on\n"
    )


def test_carets_stand_under_wide_characters_for_their_width() -> None:
    lines = shown("a: {山田: 太郎}\n", finding(1, 9, 11)).splitlines()
    assert lines[1] == "    1 | a: {山田: 太郎}"
    assert lines[2] == "      | " + " " * 10 + "^^^^"


def test_combining_characters_take_no_width() -> None:
    decomposed = unicodedata.normalize("NFD", "é")
    lines = shown(f"{decomposed}: x\n", finding(1, 5, 6)).splitlines()
    assert lines[2] == "      |    ^"


def test_a_span_over_several_lines_is_marked_to_the_end_of_the_first() -> None:
    lines = shown("a: [1,\n  2]\n", finding(1, 4, 5, end_line=2)).splitlines()
    assert lines[2] == "      |    ^^^"


def test_an_empty_span_at_the_end_of_a_line_still_gets_a_caret() -> None:
    lines = shown("a:\n", finding(1, 3, 3)).splitlines()
    assert lines[1:3] == ["    1 | a:", "      |   ^"]


def test_a_long_line_is_clipped_around_the_span() -> None:
    text = "x" * 5_000 + "HERE" + "y" * 5_000
    lines = shown(text, finding(1, 5_001, 5_005)).splitlines()
    assert len(lines[1]) < 120
    column = lines[1].index("HERE")
    assert lines[2][column : column + 4] == "^^^^"
    assert lines[1].count("…") == 2


def test_control_and_direction_characters_are_made_visible() -> None:
    assert visible("a\x1b[31m\u202eb\tc\x7f") == "a␛[31m<U+202E>b c␡"
    out = shown("a: \x1b[31m \u202e\n", finding(1, 1, 2))
    assert "\x1b" not in out
    assert "\u202e" not in out


def test_without_the_source_only_the_excerpt_is_missing() -> None:
    out = render([finding(1, 1, 2)], source=lambda _: None)
    assert out.splitlines()[1:] == ["   query takes: on"]


def test_json_is_one_object_a_line_with_every_field_of_the_contract() -> None:
    lines = render([finding(1, 2, 3), finding(4, 5, 6)], "json").splitlines()
    assert len(lines) == 2
    assert json.loads(lines[0]) == {
        "code": "FAB104", "severity": "error", "file": "x.yaml", "line": 1, "column": 2,
        "end_line": 1, "end_column": 3, "path": "steps[0].query.lvl",
        "message": "unknown key 'lvl'; did you mean 'level'?", "hint": "query takes: on",
    }  # fmt: skip


def test_github_annotations_escape_what_would_end_them() -> None:
    where = Where("a,b:c%.yaml", 1, 2, 1, 5)
    out = render([Diagnostic("FAB104", where, "50% of\nit::", "hint")], "github")
    assert out == (
        "::error file=a%2Cb%3Ac%25.yaml,line=1,endLine=1,col=2,endColumn=4,title=FAB104"
        "::50%25 of%0Ait::%0Ahint\n"
    )


def test_nothing_to_say_renders_to_nothing() -> None:
    assert render([]) == render([], "json") == render([], "github") == ""


@given(
    text=st.text(max_size=200),
    line=st.integers(1, 5),
    column=st.integers(1, 300),
    width=st.integers(0, 300),
)
def test_any_place_in_any_text_can_be_rendered(
    text: str, line: int, column: int, width: int
) -> None:
    lines = shown(text, finding(line, column, column + width)).splitlines()
    assert "FAB104" in lines[0]
    assert lines[-1] == "   query takes: on"
    assert len(lines) in (2, 4)
