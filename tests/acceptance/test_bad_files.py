"""Files that nobody should write and somebody will: one diagnostic with a position, at once."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.running import fabricate

if TYPE_CHECKING:
    from pathlib import Path

HEAD = "schema: scenario/v1\nname: x\n"
BOMB = "".join(
    f"  {b}: &{b} [{','.join(['*' + a] * 9)}]\n"
    for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)
FILES = {
    "empty": (b"", "FAB005"),
    "binary": (b"\x00\x01\x02\x7fELF\x00\xff", "FAB003"),
    "deep in brackets": (b"a: " + b"[" * 100_000, "FAB007"),
    "deep in lines": ("\n".join(" " * n + "a:" for n in range(500)).encode(), "FAB007"),
    "aliases that explode": ((HEAD + "vars:\n  a: &a [x,x,x,x,x,x,x,x,x]\n" + BOMB).encode(), "FAB008"),
    "huge": ((HEAD + "steps:\n" + "  - log: {message: hello}\n" * 100_000).encode(), "FAB006"),
    "a lone surrogate": ((HEAD + 'title: "\\ud800"\n').encode(), "FAB004"),
    "too many cases": ((HEAD + f"matrix: {{a: {[*range(100)]}, b: {[*range(100)]}}}\n").encode(), "FAB309"),
    "too many images": (
        (HEAD + "patients: [{count: 1000000, studies: [{count: 1000000, modality: CT}]}]\n").encode(),
        "FAB312",
    ),
    "a template that reaches": ((HEAD + "steps:\n  - log: {message: \"{{ ''.__class__ }}\"}\n").encode(), "FAB206"),
    "a template that loops": (
        (HEAD + "steps:\n  - log: {message: \"{{ range(10**9) | list }}\"}\n").encode(),
        "FAB205",
    ),
    "a template that grows": ((HEAD + "steps:\n  - log: {message: \"{{ 'a' * 10**9 }}\"}\n").encode(), "FAB208"),
    "a pattern too long": (
        (HEAD + 'patients: [{studies: [{modality: CT, accession: "{YYYY}{13digits}"}]}]\n').encode(),
        "FAB302",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_a_bad_file_is_3_with_one_position_and_no_traceback(tmp_path: Path, name: str) -> None:
    data, code = FILES[name]
    path = tmp_path / "bad.yaml"
    path.write_bytes(data)
    out = tmp_path / "run"
    done = fabricate("run", path, "--registry", ":memory:", "--out", out).check(3)
    assert code in done.err
    assert f"{path}:" in done.err
    assert not out.exists()
    listed = fabricate("validate", path, "--format", "json").check(3).out.splitlines()
    first = json.loads(listed[0])
    assert {"code", "severity", "file", "line", "column", "end_line", "end_column"} <= first.keys()
    assert {"path", "message", "hint"} <= first.keys()
    assert first["line"] >= 1
    assert first["column"] >= 1


def test_positions_hold_after_wide_characters_and_through_aliases(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    path.write_text(
        """\
schema: scenario/v1
name: x
patients:
  - &one
    name: 山田^太郎
    studies: [{modality: CT, series: [{descripton: "日本", images: 1}]}]
  - <<: *one
    sex: Q
  - *one
steps:
  - query: {on: pacs, level: study, match: {PatientName: "山田*", Patientid: 1}}
  -   echo:
        too: pacs
""",
        encoding="utf-8",
    )
    done = fabricate("validate", path, "--format", "json").check(3)
    found = {(e["code"], e["line"], e["column"]) for e in map(json.loads, done.out.splitlines())}
    assert found == {
        ("FAB104", 6, 40), ("FAB105", 8, 10), ("FAB117", 11, 65),
        ("FAB103", 12, 7), ("FAB104", 13, 9),
    }  # fmt: skip
    github = fabricate("validate", path, "--format", "github").check(3).out.splitlines()
    assert f"::error file={path},line=8,endLine=8,col=10,endColumn=10,title=FAB105::" in github[1]


def test_two_targets_of_one_name_and_a_folder_in_place_of_a_site(tmp_path: Path) -> None:
    site = tmp_path / "site.yaml"
    site.write_text(
        "schema: site/v1\nname: n\ntargets:\n  pacs: {embedded: {}}\n  pacs: {embedded: {}}\n"
    )
    scenario = tmp_path / "s.yaml"
    scenario.write_text(HEAD + "steps:\n  - echo: {to: pacs}\n")
    done = fabricate("run", scenario, "--site", site, "--out", tmp_path / "run").check(3)
    assert f"{site}:5:3: error FAB010" in done.err
    empty = tmp_path / "empty"
    empty.mkdir()
    assert "has no site file" in fabricate("run", scenario, "--site", empty).check(2).err


def test_what_is_wrong_with_the_site_is_told_in_the_format_that_was_asked_for(
    tmp_path: Path,
) -> None:
    site = tmp_path / "site.yaml"
    site.write_text("schema: site/v1\nname: n\ntargts: {}\n")
    scenario = tmp_path / "s.yaml"
    scenario.write_text(HEAD + "steps:\n  - echo: {to: pacs}\n")
    told = fabricate("validate", scenario, "--site", site, "--format", "json").check(3)
    found = [json.loads(line) for line in told.out.splitlines()]
    assert [(one["code"], one["file"], one["line"]) for one in found] == [("FAB104", str(site), 3)]
    noted = fabricate("validate", scenario, "--site", site, "--format", "github").check(3)
    assert noted.out.startswith(f"::error file={site},line=3,")
    assert told.err == noted.err == ""
