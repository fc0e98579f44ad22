"""Any file becomes plain values with positions, or diagnostics; never a traceback."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from scenario_runner.errors import InvalidInput
from scenario_runner.language import loader
from scenario_runner.language.catalogue import TITLES
from scenario_runner.language.check import SchemaCheck
from scenario_runner.language.document import Document
from scenario_runner.language.loader import MAX_BYTES, load_document, parse_document
from scenario_runner.language.scenario import Scenario, check_scenario
from scenario_runner.origins import path_text
from scenario_runner.plugins import Plugins

if TYPE_CHECKING:
    from collections.abc import Callable

    from scenario_runner.errors import Diagnostic

T = TypeVar("T")


def at(document: Document, *path: str | int, key: bool = False) -> str:
    """The characters that a position points at, on one line."""
    where = document.where(path, key=key)
    lines = document.text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    assert where.line == where.end_line
    return lines[where.line - 1][where.column - 1 : where.end_column - 1]


def codes(text: str) -> list[str]:
    with pytest.raises(InvalidInput) as caught:
        parse_document(text, "file.yaml")
    return [diagnostic.code for diagnostic in caught.value.diagnostics]


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("0123456", "0123456"), ("12:30:45", "12:30:45"), ("NO", "NO"), ("on", "on"),
        ("12E45", "12E45"), ("2026-01-31", "2026-01-31"), ("0930", "0930"), ("20260101", 20260101),
        ("true", True), ("~", None), ("", None), ('"true"', "true"), ("'12'", "12"), ("0x10", "0x10"),
        ("1_000", "1_000"), (".5", ".5"), ("-0", "-0"), ("!!str 12", "12"), (".inf", ".inf"),
    ],
)  # fmt: skip
def test_an_unquoted_scalar_stays_what_a_person_wrote(written: str, value: Any) -> None:
    data = parse_document(f"field: {written}\n", "file.yaml").data
    assert data == {"field": value}
    assert type(data["field"]) is type(value)


def test_a_decimal_keeps_its_characters() -> None:
    value = parse_document("field: 1.10", "file.yaml").data["field"]
    assert (value, str(value)) == (1.1, "1.10")


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("bom", ["", "\ufeff"])
def test_every_key_and_value_is_found_after_wide_characters(newline: str, bom: str) -> None:
    text = bom + newline.join(
        [
            "# 山田 😀",
            "名前: {a: 山田, 'b 😀': [x, {c: d}]}",
            "block: |",
            "  first 😀",
            "",
            "  second",
            "",
            "list:",
            "  - 😀: one",
            "    two: >-",
            "      folded",
            "  - - nested",
            "empty:",
            "",
        ]
    )
    document = parse_document(text, "file.yaml")
    assert at(document, "名前", "a") == "山田"
    assert at(document, "名前", "b 😀", key=True) == "'b 😀'"
    assert at(document, "名前", "b 😀", 1, "c") == "d"
    assert at(document, "list", 0, "😀") == "one"
    assert at(document, "list", 1, 0) == "nested"
    assert at(document, "empty", key=True) == "empty"
    block = document.where(("block",))
    assert (block.line, block.column, block.end_line, block.end_column) == (3, 8, 6, 9)


def test_a_value_that_is_not_there_is_placed_at_the_key_of_its_nearest_ancestor() -> None:
    document = parse_document("steps:\n  - query: {on: pacs}\n", "file.yaml")
    assert at(document, "steps", 0, "query", "level") == "query"
    assert document.where(("steps", 0, "query", "level")).path == "steps[0].query.level"


def test_an_alias_is_placed_where_it_is_used_and_what_it_holds_where_it_is_written() -> None:
    document = parse_document("a: &x {k: v}\nb: *x\nc: {<<: *x, own: 1}\n", "file.yaml")
    assert document.data == {"a": {"k": "v"}, "b": {"k": "v"}, "c": {"own": 1, "k": "v"}}
    assert at(document, "b") == "*x"
    assert document.where(("b", "k")).line == 1
    assert document.where(("c", "k")).line == 1


def test_own_keys_win_over_merged_ones_and_earlier_sources_over_later_ones() -> None:
    text = "a: &a {x: 1, y: 1}\nb: &b {x: 2, z: 2}\nc: {<<: [*a, *b], y: 3}\n"
    assert parse_document(text, "file.yaml").data["c"] == {"y": 3, "x": 1, "z": 2}


def test_all_survivable_findings_come_at_once_in_file_order() -> None:
    assert codes("a: 1\n2: x\na: 2\nb: !tag y\nc: {d: 1, d: 2}\n") == [
        "FAB012", "FAB010", "FAB013", "FAB010",
    ]  # fmt: skip


def test_a_list_that_contains_itself_is_refused() -> None:
    assert codes("a: &a [*a]") == ["FAB009"]


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? ", "&a [", "!!seq ["])
def test_deep_nesting_is_noticed_before_any_recursion_overflows(opening: str) -> None:
    assert codes(opening * 20_000)[0] in ("FAB007", "FAB013")


def test_depth_counts_through_aliases() -> None:
    text = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 100))
    assert codes(text) == ["FAB007"]


def test_merge_keys_cannot_explode() -> None:
    keys = ", ".join(f"k{n}: 1" for n in range(400))
    text = f"m: &m {{{keys}}}\nl: [" + ", ".join(["{<<: *m}"] * 500) + "]\n"
    assert codes(text) == ["FAB008"]


def test_a_file_over_the_limit_is_not_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "huge.yaml"
    path.write_bytes(b"# " + b"x" * MAX_BYTES)
    with pytest.raises(InvalidInput) as caught:
        load_document(path)
    assert caught.value.diagnostics[0].code == "FAB006"


def test_a_missing_file_and_a_folder_are_diagnostics(tmp_path: Path) -> None:
    for path, code in ((tmp_path / "no.yaml", "FAB001"), (tmp_path, "FAB002")):
        with pytest.raises(InvalidInput) as caught:
            load_document(path)
        diagnostic = caught.value.diagnostics[0]
        assert (diagnostic.code, diagnostic.where.file) == (code, str(path))


def test_a_name_with_nul_in_it_is_a_diagnostic() -> None:
    with pytest.raises(InvalidInput) as caught:
        load_document("a\0b.yaml")
    assert caught.value.diagnostics[0].code == "FAB001"


def test_a_byte_that_is_not_utf_8_is_pointed_at(tmp_path: Path) -> None:
    path = tmp_path / "latin1.yaml"
    path.write_bytes("a: é\nb: ".encode() + b"\xe9\n")
    with pytest.raises(InvalidInput) as caught:
        load_document(path)
    where = caught.value.diagnostics[0].where
    assert (where.line, where.column) == (2, 4)


def test_the_python_scanner_gives_the_same_positions(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "a: 山\nb:\n  - {c: 😀, d: [1, x]}\ne: |\n  t\n"
    paths: list[tuple[str | int, ...]] = [("a",), ("b", 0, "c"), ("b", 0, "d", 1), ("e",), ("b",)]
    fast = parse_document(text, "file.yaml")
    monkeypatch.setattr(loader, "_LOADER", yaml.SafeLoader)
    slow = parse_document(text, "file.yaml")
    assert slow.data == fast.data
    assert [slow.where(path) for path in paths] == [fast.where(path) for path in paths]


@pytest.mark.parametrize("escape", [r'"\ud800"', r'"\UFFFFFFFF"', r'"\q"'])
def test_a_bad_escape_is_a_diagnostic_for_both_scanners(
    escape: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert codes(f"a: {escape}")[0] in ("FAB015", "FAB004")
    monkeypatch.setattr(loader, "_LOADER", yaml.SafeLoader)
    assert codes(f"a: {escape}")[0] in ("FAB015", "FAB004")


@pytest.mark.parametrize("scanner", [yaml.SafeLoader, yaml.CSafeLoader])
@pytest.mark.parametrize(
    ("text", "place", "says"),
    [
        ("schema: scenario/v1\nname:x\nsteps: []\n", (2, 1), "a space is missing after the ':'"),
        ("schema:scenario/v1\nname: x\n", (1, 1), "a space is missing after the ':'"),
        ("vars:\n  a:1\n  # why\n\n  b: 2\n", (2, 3), "a space is missing after the ':'"),
        ("list:\n  - a:1\n    b: 2\n", (2, 5), "a space is missing after the ':'"),
        ("a:1\n# why\nb: 2\n", (1, 1), "a space is missing after the ':'"),
        ('"a":1\nb: 2\n', (1, 1), "a space is missing after the ':'"),
        ("name: x\nsteps\n  - log: a\n", (2, 1), "a ':' is missing after this key"),
        ('name: x\ntitle "a"\nsteps: []\n', (2, 1), "a ':' is missing after this key"),
        ("name: x\ntitle # of it\nb: 1\n", (2, 1), "a ':' is missing after this key"),
        ("name: x\n tags: [a]\n", (2, 2), "this line is indented deeper than the one before it"),
        ("name: x\r\n tags: [a]\r\n", (2, 2), "this line is indented deeper"),
        ("a:\n  - b: 1\n     c: 2\n", (3, 6), "this line is indented deeper"),
        ("a: {b: 'x\nc: 'y'}\n", (1, 8), "these quotes are closed by the ones of line 2"),
        ("name: 'x\nb: 'y'\n", (1, 7), "these quotes are closed by the ones of line 2"),
        ("tags: [a]]\n", (1, 10), "this ] closes nothing"),
        ("a: {b: 1}}\n", (1, 10), "this } closes nothing"),
        ("a: {b: 'c' d}\n", (1, 12), "this mapping in { } is not closed, or a comma is missing"),
        ("a: [b, c\nd: 1\n", (1, 4), "this list in [ ] is not closed"),
        ('a: "x\\ud83dy"\n', (1, 6), "this escape is half a character"),
        ('a: "\\ud83d\\ude00 \\\\ude00 \\ude00"\n', (1, 26), "this escape is half a character"),
    ],
)  # fmt: skip
def test_a_near_miss_is_told_where_a_person_would_look(
    text: str, place: tuple[int, int], says: str, scanner: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loader, "_LOADER", scanner)
    with pytest.raises(InvalidInput) as caught:
        parse_document(text, "file.yaml")
    (found,) = caught.value.diagnostics
    assert (found.where.line, found.where.column) == place
    assert found.message.startswith(says)


@pytest.mark.parametrize("scanner", [yaml.SafeLoader, yaml.CSafeLoader])
@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('a: "\\ud83d\\ude00"', "😀"),
        ('a: "\\ud83d\\ude00 \\uD83D\\uDC4D \\ud83d\\ude00"', "😀 👍 😀"),
        ('a: "\\\\\\ud83d\\ude00"', "\\😀"),
        ('a: "\\\\ud83d\\\\ude00"', "\\ud83d\\ude00"),
        (r"a: '\ud83d\ude00'", r"\ud83d\ude00"),
        (r"a: \ud83d\ude00", r"\ud83d\ude00"),
        ("a: x\u2028y\u2029z\x85w", "x\u2028y\u2029z\x85w"),
        ("a: 'x\u2028 y'", "x\u2028 y"),
        ('a: "x\x85\x85y"', "x\x85\x85y"),
        ("a: |-\n  x\u2028y\n  z", "x\u2028y\nz"),
        ("a: 1 # why\u2028b: 2", 1),
        ('a: "\\N\\L\\P"', "\x85\u2028\u2029"),
        ('a: "\U000f0000\u2028"', "\U000f0000\u2028"),
        ("a: {x: ?MITH*, y: [?A, ??, 'a, ?b']}", {"x": "?MITH*", "y": ["?A", "??", "a, ?b"]}),
        ("a: {?x: 1, ? y: 2}", {"?x": 1, "y": 2}),
        ("a: {host: ::1, all: [::1, :x]}", {"host": "::1", "all": ["::1", ":x"]}),
        ('a: {"x":1, "y" :2}', {"x": 1, "y": 2}),
        ("a: ?x :y [?z, :z] # ?w", "?x :y [?z, :z]"),
    ],
)
def test_text_is_read_as_yaml_1_2_reads_it(
    text: str, value: Any, scanner: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loader, "_LOADER", scanner)
    document = parse_document(text + "\nb: 2\n", "file.yaml")
    assert document.data == {"a": value, "b": 2}
    assert document.where(("b",)).line == text.count("\n") + 2


JSON_TEXT = st.text(st.characters(exclude_characters="\x7f", exclude_categories=["Cs"]), max_size=9)


@given(st.dictionaries(JSON_TEXT, JSON_TEXT, max_size=5))
def test_whatever_json_says_is_read(data: dict[str, str]) -> None:
    assert parse_document(json.dumps({"all": data}), "file.json").data == {"all": data}


def test_a_path_reads_as_a_person_would_write_it() -> None:
    path = ("patients", 0, "tags", "(0009,xx01) ME", "x-y")
    assert path_text(path) == "patients[0].tags['(0009,xx01) ME'].x-y"


@pytest.fixture(scope="module")
def plugins() -> Plugins:
    return Plugins(outside=False)


_YAML = st.text(
    alphabet=st.one_of(
        st.sampled_from("abc :-{}[]#&*!|>'\"%@`,?\n\r\t\\<0123456789.~=$"), st.characters()
    ),
    max_size=300,
)


@given(text=st.one_of(_YAML, st.text(max_size=200)))
@example("&a : *a")
@example("? *a\n: &a b")
@example("<<: [{<<: {}}, 1]")
@example("- &a\n- *a")
@example("{? : }")
@example("!<tag:yaml.org,2002:str> a: !<!> b")
@example("%TAG ! x:\n--- !y z")
@example("\u2028a: b\u0085c: d")
@example("a:\u00a0b\ud800")
def test_no_text_breaks_the_parser(text: str) -> None:
    found = attempt(lambda: parse_document(text, "file.yaml"))
    if isinstance(found, Document):
        assert plain(found.data)
        return
    for diagnostic in found:
        assert diagnostic.code in TITLES
        assert diagnostic.where.line <= text.count("\n") + text.count("\r") + 1


def attempt(work: Callable[[], T]) -> T | tuple[Diagnostic, ...]:
    """The result, or the diagnostics, of which there is at least one."""
    try:
        return work()
    except InvalidInput as error:
        found = error.diagnostics
    assert found
    return found


def plain(value: Any) -> bool:
    if isinstance(value, dict):
        return all(isinstance(key, str) and plain(inner) for key, inner in value.items())
    if isinstance(value, list):
        return all(plain(inner) for inner in value)
    return value is None or isinstance(value, str | int | float)


@given(raw=st.binary(max_size=300))
def test_no_bytes_break_the_loader(raw: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.getbasetemp() / "fuzz.yaml"
    path.write_bytes(raw)
    attempt(lambda: load_document(path))


_KEYS = st.sampled_from(
    [
        "schema", "name", "vars", "matrix", "patients", "steps", "finally", "studies", "series", "tags",
        "count", "age", "when", "for_each", "retry", "save_as", "id", "echo", "query", "assert", "wait",
        "equal", "to", "on", "match", "until", "include", "exclude", "<<", "timeout", "raw", "",
    ]
)  # fmt: skip
_SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False).map(str), st.text(max_size=8),
    st.sampled_from(["{{ vars.x }}", "{{", "{{ }}", "scenario/v1", "pacs", "{{ item }}", "1s", "-1d"]),
)  # fmt: skip
_TREES = st.recursive(
    _SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(_KEYS, inner, max_size=5)),
    max_leaves=25,
)


@given(tree=st.dictionaries(_KEYS, _TREES, max_size=6))
def test_no_structure_breaks_the_check(tree: dict[str, Any], plugins: Plugins) -> None:
    whole = {"schema": "scenario/v1", "name": "fuzz", **tree}
    text = yaml.safe_dump(whole, allow_unicode=True, default_flow_style=None)
    found = attempt(lambda: check_scenario(parse_document(text, "file.yaml"), plugins))
    if isinstance(found, Scenario):
        return
    places = [(each.where.line, each.where.column) for each in found]
    assert places == sorted(places)
    assert len(set(found)) == len(found)
    for each in found:
        assert each.code in TITLES
        assert each.message


def test_a_long_scenario_is_read_and_checked_fast(plugins: Plugins) -> None:
    text = (Path(__file__).parents[1] / "examples" / "valid" / "patients.yaml").read_text("utf-8")
    check_scenario(parse_document(text, "file.yaml"), plugins)
    times = []
    for _ in range(5):
        started = time.perf_counter()
        check_scenario(parse_document(text, "file.yaml"), plugins)
        times.append(time.perf_counter() - started)
    assert min(times) < 0.03


def test_a_schema_check_can_be_used_many_times() -> None:
    check = SchemaCheck({"type": "object", "properties": {"a": {"type": "string"}}})
    for _ in range(2):
        assert [d.code for d in check(parse_document("a: [1]", "file.yaml"))] == ["FAB102"]
