"""What a PACS says is bounded in the evidence and steers neither a terminal nor a reader's eye."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tests.running import fabricate, record, steps, write_scenario

STEERING = "\x9b31m\u202eevil\u2066\x85\u2028"
RAW = re.compile("[\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


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
    (found,) = steps(record(out))["assert"]["checks"]
    assert found["actual"] == STEERING


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
