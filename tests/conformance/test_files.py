"""The way from paths to findings, and to what the command prints."""

from __future__ import annotations

import errno
import io
import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from scenario_runner.cli.check import check
from scenario_runner.conformance.api import Finding
from scenario_runner.conformance.files import check_paths, chosen
from scenario_runner.conformance.outside.dciodvfy import Dciodvfy
from scenario_runner.conformance.reader import read_stream
from scenario_runner.conformance.rendering import render
from scenario_runner.conformance.rules.table import ELEMENTS, OBJECT, READING, STUDY
from scenario_runner.conformance.standard import Standard, judge
from scenario_runner.errors import NothingSelected, UsageError
from scenario_runner.plugins import Plugins
from tests.conformance import objects

if TYPE_CHECKING:
    from collections.abc import Sequence


ROOT = Path(__file__).parents[2]


class Absent(Standard):
    """A validator of a program that is not there."""

    name = "absent"

    def version(self) -> str | None:  # type: ignore[override]
        return None


def test_the_validators_are_registered_by_name() -> None:
    assert list(Plugins(outside=False).named("fabricate_validators")) == [
        "standard", "dciodvfy", "dcentvfy",
    ]  # fmt: skip


def test_a_folder_is_searched_and_hidden_files_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / ".git").mkdir()
    for name in ("deep/b", "a.dcm", ".git/c", ".hidden"):
        objects.write(tmp_path / name, objects.ct())
    found = [file for file, _ in check_paths([tmp_path], [])]
    assert found == [tmp_path / "a.dcm", tmp_path / "deep" / "b"]


def test_each_file_comes_once_then_what_is_wrong_between_them(tmp_path: Path) -> None:
    objects.write(tmp_path / "1.dcm", objects.ct(0))
    other = objects.ct(1)
    objects.put(other, "PatientID", "ANOTHER")
    objects.write(tmp_path / "2.dcm", other)
    found = [
        (file.name, [finding.rule for finding in findings])
        for file, findings in check_paths([tmp_path], [Standard()])
    ]
    assert found == [("1.dcm", []), ("2.dcm", []), ("2.dcm", ["same-patient"])]


def test_a_file_that_cannot_be_opened_is_a_finding(tmp_path: Path) -> None:
    ((_, found),) = check_paths([tmp_path / "gone.dcm"], [Standard()])
    assert [finding.rule for finding in found] == ["unreadable"]


def test_whatever_lies_in_a_folder_is_said_and_nothing_is_waited_for(tmp_path: Path) -> None:
    if os.name != "posix":
        return  # links need a privilege on Windows, and there are no pipes
    objects.write(tmp_path / "good.dcm", objects.ct())
    (tmp_path / "nothing.dcm").symlink_to(tmp_path / "gone")
    (tmp_path / "round").symlink_to(tmp_path / "round")
    (tmp_path / "above").symlink_to(tmp_path, target_is_directory=True)
    os.mkfifo(tmp_path / "pipe.dcm")
    waits = Dciodvfy() if Dciodvfy().version() else Standard()
    found = {
        file.name: {finding.rule for finding in findings}
        for file, findings in check_paths([tmp_path], [Standard(), waits])
    }
    assert "unreadable" not in found.pop("good.dcm")
    assert found.keys() == {"nothing.dcm", "round", "pipe.dcm"}
    assert set(map(frozenset, found.values())) == {frozenset({"unreadable"})}


def test_a_folder_that_cannot_be_listed_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    locked = tmp_path / "locked"
    locked.mkdir()
    (locked / "a.dcm").write_bytes(b"x")
    listing, scanning = os.listdir, os.scandir

    def refuse(what: Any) -> Any:
        if Path(what) == locked:
            raise PermissionError(errno.EACCES, "Permission denied", str(locked))
        return listing(what)

    def refuse_scan(what: Any) -> Any:
        if Path(what) == locked:
            raise PermissionError(errno.EACCES, "Permission denied", str(locked))
        return scanning(what)

    monkeypatch.setattr(os, "listdir", refuse)  # whoever is root may list any folder
    monkeypatch.setattr(os, "scandir", refuse_scan)
    ((file, (finding,)),) = check_paths([tmp_path], [Standard()])
    assert (file, finding.rule) == (locked, "unreadable")
    assert "Permission denied" in finding.message


@pytest.mark.parametrize("style", ["text", "json", "github"])
def test_a_name_that_is_no_text_is_printed_all_the_same(style: Any, tmp_path: Path) -> None:
    findings = judge(read_stream(io.BytesIO(b"x")))
    name = Path(os.fsdecode(b"bad\xff\xfe")) if os.name == "posix" else Path("\udcff")
    shown = render(tmp_path / name, findings, style)
    assert shown.encode("utf-8").decode("utf-8").count("\n") == 1


def test_an_unknown_or_absent_validator_is_refused_with_the_names_there_are() -> None:
    known = {"standard": Standard(), "absent": Absent()}
    with pytest.raises(UsageError, match="no validator is called 'dcio'") as error:
        chosen(["dcio"], known)
    assert error.value.hint == "there are: standard, absent"
    with pytest.raises(UsageError, match="'absent' is not installed"):
        chosen(["absent"], known)
    assert [one.name for one in chosen(["standard", "standard"], known)] == ["standard"]


FINDING = Finding(
    severity="error",
    message="'a:b,50%\n\x1b[2J' is wrong",
    attribute="PatientID",
    section="PS3.5 6.2",
    validator="standard",
    rule="vr-form",
)


def test_text_from_a_file_cannot_move_the_cursor() -> None:
    text = render(Path("a.dcm"), [FINDING], "text")
    assert text == (
        "a.dcm: error vr-form: PatientID 'a:b,50%\\n\\x1b[2J' is wrong [standard PS3.5 6.2]\n"
    )


def test_json_has_one_object_a_line() -> None:
    (line,) = render(Path("a.dcm"), [FINDING], "json").splitlines()
    assert json.loads(line) == {
        "file": "a.dcm", "severity": "error", "rule": "vr-form", "attribute": "PatientID",
        "message": FINDING.message, "section": "PS3.5 6.2", "validator": "standard",
    }  # fmt: skip


def test_an_annotation_cannot_be_broken_out_of() -> None:
    (line,) = render(Path("a,b:c.dcm"), [FINDING], "github").splitlines()
    assert line.startswith("::error file=a%2Cb%3Ac.dcm,title=standard vr-form::PatientID ")
    assert "50%25" in line


def run(*arguments: str | Path) -> tuple[int, str]:
    result = CliRunner().invoke(check, [str(each) for each in arguments], standalone_mode=False)
    if result.exception:
        raise result.exception
    assert isinstance(result.return_value, int)
    return result.return_value, result.output


def test_the_command_passes_a_good_file_and_fails_a_bad_one(tmp_path: Path) -> None:
    good = objects.write(tmp_path / "good.dcm", objects.ct())
    bad = tmp_path / "bad.dcm"
    bad.write_bytes(b"no DICOM")
    code, output = run(good)
    assert code == 0
    assert "1 file checked by standard" in output
    code, output = run(tmp_path, "--format", "json")
    assert code == 3
    assert [json.loads(line)["file"] for line in output.splitlines()] == [str(bad)]


def test_warnings_alone_do_not_fail_the_command(tmp_path: Path) -> None:
    made = objects.ct()
    objects.put(made, "PatientBirthName", "")
    made[0x00080001] = ("UL", bytes(4))
    assert run(objects.write(tmp_path / "a.dcm", made))[0] == 0


def judged(files: Sequence[Path]) -> list[str]:
    return [finding.rule for _, found in check_paths(files, [Standard()]) for finding in found]


def test_standard_is_called_by_threads_at_once(tmp_path: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    good = objects.write(tmp_path / "good.dcm", objects.ct())
    bad = tmp_path / "bad.dcm"
    bad.write_bytes(b"no DICOM")
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(judged, [[good], [bad]] * 50))
    assert found == [[], ["not-dicom"]] * 50


def test_a_pipe_is_refused_instead_of_waited_for(tmp_path: Path) -> None:
    if not hasattr(os, "mkfifo"):
        return  # Windows has no such thing in its file system
    os.mkfifo(tmp_path / "pipe")
    ((_, found),) = check_paths([tmp_path / "pipe"], [Standard()])
    assert [finding.rule for finding in found] == ["unreadable"]
    ((_, found),) = check_paths([tmp_path], [Standard()])
    assert [finding.message for finding in found] == ["cannot be read: not a regular file"]


def test_an_empty_folder_is_nothing_to_check(tmp_path: Path) -> None:
    with pytest.raises(NothingSelected):
        run(tmp_path)


def test_the_reference_lists_every_rule_with_its_severity_and_section() -> None:
    page = (ROOT / "docs" / "reference" / "conformance.md").read_text(encoding="utf-8")
    for rule in (*READING, *ELEMENTS, *OBJECT, *STUDY):
        row = f"| `{rule.id}` | {rule.severity} | {rule.summary} | {rule.section} |"
        assert row in page, f"docs/reference/conformance.md lacks: {row}"


def test_rules_cite_the_standard_and_have_one_id_each() -> None:
    rules = (*READING, *ELEMENTS, *OBJECT, *STUDY)
    assert len({rule.id for rule in rules}) == len(rules)
    for rule in rules:
        assert re.fullmatch(r"(PS3\.\d+ [A-Z0-9][\d.]*)?", rule.section), rule
        assert rule.section or rule.id in ("too-large", "unjudged")
