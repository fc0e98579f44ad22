"""Two runs compared: what a gate has to stop, and what it has to let through."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from scenario_runner.evidence.comparing import Comparison, compare
from scenario_runner.evidence.record import SeenRecord
from scenario_runner.evidence.write import read_record
from tests.evidence import samples
from tests.evidence.signing.people import command

if TYPE_CHECKING:
    from pathlib import Path

    from scenario_runner.evidence.record import CaseRecord, RunRecord


@pytest.fixture
def record(tmp_path: Path) -> RunRecord:
    return read_record(samples.passing().write(tmp_path / "one"))


@pytest.fixture
def other(record: RunRecord) -> RunRecord:
    return record.model_copy(deep=True)


def said(comparison: Comparison) -> list[tuple[str, str, str]]:
    return [(one.way, one.kind, one.subject) for one in comparison.differences]


def case(record: RunRecord) -> CaseRecord:
    return record.cases[0]


def test_a_run_compared_with_itself_has_no_difference(record: RunRecord) -> None:
    assert not compare(record, record).differences


def test_a_check_that_fails_now_is_told_once_and_where(record: RunRecord, other: RunRecord) -> None:
    step = next(step for step in case(other).steps if step.checks)
    step.checks[0].outcome = step.outcome = case(other).outcome = "failed"
    (found,) = compare(record, other).differences
    assert (found.way, found.kind, found.before, found.after) == (
        "worse", "outcome", "passed", "failed",
    )  # fmt: skip
    assert found.subject.startswith(f"xray_smoke › {step.id} › ")
    assert [one.way for one in compare(other, record).differences] == ["better"]


def test_what_is_not_tried_any_more_is_worse(record: RunRecord, other: RunRecord) -> None:
    step = next(step for step in case(other).steps if step.checks)
    step.checks.pop()
    gone = case(other).steps.pop()
    found = said(compare(record, other))
    assert ("worse", "outcome", f"xray_smoke › {gone.id}") in found
    assert len(found) == 2
    other.cases.clear()
    assert said(compare(record, other)) == [("worse", "outcome", "xray_smoke")]
    assert [way for way, _, _ in said(compare(other, record))] == ["different"]


def test_a_requirement_that_nothing_names_any_more_is_worse(
    record: RunRecord, other: RunRecord
) -> None:
    gone = other.requirements.pop()
    assert said(compare(record, other)) == [("worse", "outcome", f"requirement {gone.id}")]
    assert said(compare(other, record)) == [("different", "outcome", f"requirement {gone.id}")]


@pytest.mark.parametrize(
    ("before", "after", "ways"),
    [(1.0, 1.9, []), (1.0, 2.6, ["worse"]), (2.6, 1.0, ["better"]), (0.01, 0.4, [])],
)
def test_a_step_is_slower_only_beyond_the_noise(
    record: RunRecord, other: RunRecord, before: float, after: float, ways: list[str]
) -> None:
    case(record).steps[0].duration_s, case(other).steps[0].duration_s = before, after
    assert [one.way for one in compare(record, other).differences] == ways


def _sent(record: RunRecord, status: str, stored: bool) -> None:
    case(record).patients[0]["studies"][0]["series"][0]["images"][0]["sent"] = [
        {"step": "send_1", "to": "pacs", "status": status, "stored": stored}
    ]


def test_an_instance_that_is_refused_now_is_worse(record: RunRecord, other: RunRecord) -> None:
    _sent(record, "0000", stored=True)
    _sent(other, "A700", stored=False)
    (found,) = compare(record, other).differences
    assert (found.way, found.kind) == ("worse", "status")
    assert found.subject == "xray_smoke › send_1 to pacs"
    assert "× 0000" in found.before
    assert "× A700" in found.after
    _sent(other, "B000", stored=True)  # a warning is another answer, and it is stored
    assert [one.way for one in compare(record, other).differences] == ["different"]


def test_what_had_no_context_is_not_sent_and_not_without_an_answer(
    record: RunRecord, other: RunRecord
) -> None:
    _sent(record, "0000", stored=True)
    series = case(other).patients[0]["studies"][0]["series"][0]
    for maybe, word in ((False, "× not sent"), (True, "× no answer")):
        series["images"][0]["sent"] = [
            {
                "step": "send_1",
                "to": "pacs",
                "status": None,
                "stored": False,
                "maybe_stored": maybe,
            }
        ]
        (found,) = compare(record, other).differences
        assert word in found.after


def _difference(attribute: str, actual: str) -> dict[str, Any]:
    return {"attribute": attribute, "expected": "A", "actual": actual}


def test_a_new_kind_of_difference_is_worse_though_the_check_failed_before(
    tmp_path: Path,
) -> None:
    before = read_record(samples.failing().write(tmp_path / "one"))
    after = before.model_copy(deep=True)
    check = next(c for s in case(after).steps for c in s.checks if c.differences)
    check.differences.append(
        type(check.differences[0])(
            subject="p1.s1.e1.i1", attribute="Modality", expected="CR", actual="DX"
        )
    )
    (found,) = compare(before, after).differences
    assert (found.way, found.kind, found.before, found.after) == ("worse", "attribute", "0", "1")
    assert "Modality: CR ▸ DX" in found.subject


def test_a_service_that_is_refused_now_and_another_product_are_told(
    record: RunRecord, other: RunRecord
) -> None:
    for each, outcome, product in (
        (record, "used", "ORTHANC 1.12.9"),
        (other, "refused", "ORTHANC 1.12.10"),
    ):
        each.targets[0].product = product
        each.targets[0].seen = [
            SeenRecord.model_validate({"service": "C-MOVE", "sop_class": "1.2", "outcome": outcome})
        ]
    name = record.targets[0].name
    assert said(compare(record, other)) == [
        ("worse", "peer", f"{name} › C-MOVE 1.2"),
        ("different", "peer", name),
    ]


def seen(service: str, sop_class: str, outcome: str, **syntaxes: str) -> SeenRecord:
    plain = {"service": service, "sop_class": sop_class, "outcome": outcome}
    return SeenRecord.model_validate({**plain, "transfer_syntaxes": syntaxes})


def test_a_service_that_was_used_and_is_not_proposed_any_more_is_worse(
    record: RunRecord, other: RunRecord
) -> None:
    record.targets[0].seen = [seen("C-FIND", "1.2", "used"), seen("C-GET", "1.3", "accepted")]
    other.targets[0].seen = [seen("QIDO-RS", "", "used")]
    name = record.targets[0].name
    assert [
        (one.way, one.subject, one.before, one.after) for one in compare(record, other).differences
    ] == [
        ("worse", f"{name} › C-FIND 1.2", "used", "not proposed"),
        ("different", f"{name} › C-GET 1.3", "accepted", "not proposed"),
        ("different", f"{name} › QIDO-RS", "not proposed", "used"),
    ]


def test_a_pacs_that_is_not_there_any_more_and_a_transfer_syntax_that_is_refused_are_told(
    record: RunRecord, other: RunRecord
) -> None:
    name = record.targets[0].name
    record.targets[0].seen = [seen("storage", "1.2", "used", j2k="used", raw="offered")]
    other.targets[0].seen = [seen("storage", "1.2", "used", j2k="refused", raw="refused")]
    assert said(compare(record, other)) == [("worse", "peer", f"{name} › storage 1.2 › j2k")]
    other.targets = []
    assert said(compare(record, other)) == [("worse", "peer", name)]


def test_the_command_stops_a_pipeline_and_writes_a_page(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good, bad = samples.passing().write(tmp_path / "a"), samples.failing().write(tmp_path / "b")
    page = tmp_path / "compared.html"
    assert command("compare", good, bad, "--html", page) == 1
    assert "worse     outcome   xray_smoke › assert_1" in capsys.readouterr().out
    text = page.read_text(encoding="utf-8")
    assert "What got worse" in text
    assert "<script" not in text
    assert command("compare", good, good) == 0
    assert "0 worse, 0 better, 0 different" in capsys.readouterr().out
    assert command("compare", good, bad, "--format", "json") == 1
    assert json.loads(capsys.readouterr().out)["differences"][0]["way"] == "worse"
    assert command("compare", good, tmp_path) == 2


def test_what_the_runs_were_given_is_compared(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A test that was changed in between is not the same test before and after."""
    first, second = (samples.passing().write(tmp_path / name) for name in ("a", "b"))
    for folder, scenario, variables in ((first, "one", {}), (second, "other", {"slices": 3})):
        inputs = folder / "inputs"
        inputs.mkdir(exist_ok=True)
        (inputs / "ct.yaml").write_text(scenario, "utf-8")
        (inputs / "site.yaml").write_text("the same", "utf-8")
        request = {"run": folder.name, "overrides": variables}
        (inputs / "request.json").write_text(json.dumps(request), "utf-8")
    assert command("compare", first, second) == 0
    told = capsys.readouterr().out
    assert re.search(
        r"^different input     ct\.yaml: sha256 [0-9a-f]{12} → sha256 [0-9a-f]{12}$",
        told,
        re.MULTILINE,
    )
    assert "different input     --set slices: not in this run → 3\n" in told
    assert "0 worse, 0 better, 2 different" in told
    (second / "inputs" / "request.json").write_text("[]", "utf-8")
    (second / "inputs" / "ct.yaml").unlink()
    assert command("compare", first, second) == 0
    assert "input     ct.yaml: sha256" in capsys.readouterr().out


def test_hostile_words_in_two_runs_stay_words(tmp_path: Path) -> None:
    bad = samples.hostile().write(tmp_path / "bad")
    page = tmp_path / "page.html"
    assert command("compare", samples.passing().write(tmp_path / "a"), bad, "--html", page) == 1
    text = page.read_text(encoding="utf-8")
    assert "<script" not in text
    assert "<img" not in text
    (tmp_path / "h").mkdir()
    bad.rename(tmp_path / "h" / "bad")
    assert command("history", tmp_path / "h", "--html", page) == 0
    assert "<script" not in page.read_text(encoding="utf-8")
