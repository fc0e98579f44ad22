"""What a PACS says is bounded in the evidence and steers neither a terminal nor a reader's eye."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

from scenario_runner.cli.rows import Style, print_rows
from tests.running import fabricate, record, steps, write_scenario

STEERING = "\x9b31m\u202eevil\u2066\x85\u2028\u200b\ufffe\U000e0041"
RAW = re.compile("[\x7f-\x9f\u200b\u2028-\u202e\u2066-\u2069\ufffe\U000e0041]")


def test_control_characters_are_escaped_in_every_file_and_keep_their_meaning_in_json(
    tmp_path: Path,
) -> None:
    check = {"equal": {"actual": STEERING, "expected": "x"}, "title": f"T{STEERING}"}
    entries = [{"log": {"message": STEERING}}, {"assert": [check]}]
    out = tmp_path / "run"
    scenario = write_scenario(tmp_path / "s.yaml", entries)
    fabricate("run", scenario, "--registry", ":memory:", "--out", out).check(1)
    for name in ("events.ndjson", "run.json", "ctrf.json", "junit.xml"):
        text = (out / name).read_text("utf-8")
        assert not RAW.search(text), name
        assert "\\u202e" in text
    assert not RAW.search((out / "report.html").read_text("utf-8"))
    (found,) = steps(record(out))["assert"]["checks"]
    assert found["actual"] == STEERING


@pytest.mark.parametrize("style", ["text", "json", "csv"])
def test_rows_of_what_a_pacs_says_steer_no_terminal_and_keep_their_meaning(
    style: Style, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [{"PatientName": STEERING}]
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    print_rows(rows, ["PatientName"], style)
    shown = capsys.readouterr().out
    assert not RAW.search(shown)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: False)
    print_rows(rows, ["PatientName"], style)
    kept = capsys.readouterr().out
    if style == "json":
        assert json.loads(kept) == rows[0]
    elif style == "csv":
        assert STEERING in kept


def test_a_plan_shows_a_name_without_what_turns_it_around(tmp_path: Path) -> None:
    name = "EVIL^\u202eEMAN\u2066"
    scenario = write_scenario(tmp_path / "s.yaml", [{"generate": {}}], patients=[{"name": name, "studies": [{"modality": "CT"}]}])  # fmt: skip
    for style in ("text", "json"):
        done = fabricate("plan", scenario, "--format", style).check()
        assert not RAW.search(done.out)
        assert style == "text" or json.loads(done.out)["cases"][0]["patients"][0]["name"] == name


def test_a_value_of_ten_megabytes_is_cut_in_the_evidence_and_says_its_length(
    tmp_path: Path,
) -> None:
    from scenario_runner.engine.bounds import MAX_TEXT, bounded
    from scenario_runner.events import CheckFinished

    long = "x" * 10_000_000
    event = CheckFinished(
        case="c", id="s", attempt=1, check="equal", title="t", outcome="failed",
        expected={"deep": [long]}, actual=long, message=long, differences=[], requirements=[],
    )  # fmt: skip
    cut = bounded(event)
    assert len(json.dumps(cut.fields())) < 4 * MAX_TEXT
    assert isinstance(cut, CheckFinished)
    assert cut.message.endswith("… (10,000,000 characters)")


def test_what_is_short_enough_is_not_touched() -> None:
    from scenario_runner.engine.bounds import bounded
    from scenario_runner.events import Logged

    event = Logged(case="c", id="s", level="info", message="x" * 1000)
    assert bounded(event) is event
