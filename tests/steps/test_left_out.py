"""What a PACS is declared not to take is not sent to it, told, and never counted as proved."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from tests.running import ROOT, fabricate, record, steps, write_scenario, write_site

CT_RLE = {"modality": "CT", "images": 2, "size": [64, 64], "transfer_syntax": "rle"}
CT_LS = {"modality": "CT", "images": 3, "size": [64, 64], "transfer_syntax": "jpeg-ls"}
MR = {"modality": "MR", "images": 1, "size": [64, 64]}
COMPARE = [
    {"wait": {"on": "pacs", "until": {"stored": "all"}, "every": "100ms", "timeout": "20s"}},
    {"retrieve": {"from": "pacs"}, "save_as": "back"},
    {"assert": [
        {"status": {"of": "sent", "expected": "success"}},
        {"stored": {"on": "pacs"}},
        {"stored": {"on": "pacs", "what": "all"}},
        {"tags": {"of": "back", "equal": "sent"}},
        {"tags": {"of": "back", "equal": "sent", "what": "all"}},
        {"pixels": {"of": "back", "equal": "sent", "what": "sent"}},
    ]},
]  # fmt: skip


def site_of(folder: Path, taken: dict[str, Any], **more: Any) -> Path:
    """A PACS that takes no more than it is said to take."""
    pacs = {"embedded": taken, "expects": taken}
    return write_site(folder / "site.yaml", {"pacs": pacs, **more})


def run(folder: Path, site: Path, entries: list[Any], series: list[Any], code: int = 0) -> Any:
    """The record of one case of these series in one study."""
    patients = [{"studies": [{"series": series}]}]
    scenario = write_scenario(folder / "s.yaml", entries, patients=patients)
    out = folder / "run"
    fabricate("run", scenario, "--site", site, "--registry", ":memory:", "--out", out).check(code)
    return record(out)


@pytest.mark.parametrize(
    ("taken", "reason"),
    [
        (
            {"transfer_syntaxes": ["implicit-le", "explicit-le", "rle"]},
            "'pacs' takes no JPEG-LS Lossless Image Compression (expects.transfer_syntaxes)",
        ),
        (
            {"sop_classes": ["CTImageStorage"]},
            "'pacs' takes no MR Image Storage (expects.sop_classes)",
        ),
    ],
)
def test_what_is_left_is_compared_as_if_there_had_been_nothing_else(
    tmp_path: Path, taken: dict[str, Any], reason: str
) -> None:
    entries = [{"send": {"to": "pacs", "transcode": False}, "save_as": "sent"}, *COMPARE]
    series = [CT_RLE, CT_LS if "transfer_syntaxes" in taken else MR]
    done = run(tmp_path, site_of(tmp_path, taken), entries, series)
    sent = steps(done)["send"]
    left = sent["facts"]["left_out"]
    assert (done["outcome"], sent["outcome"]) == ("passed", "passed")
    assert [(one["reason"], one["instances"]) for one in left] == [(reason, series[1]["images"])]
    assert "2 of 2 stored" in sent["message"]
    assert f"left out: {reason}: 1 series" in sent["message"]
    page = (tmp_path / "run" / "report.html").read_text("utf-8")
    assert page.count("left out: ") >= 2  # in the message, and the series by name


def test_what_can_go_in_the_default_transfer_syntax_is_not_left_out(tmp_path: Path) -> None:
    site = site_of(tmp_path, {"transfer_syntaxes": ["implicit-le", "explicit-le", "rle"]})
    entries = [{"send": {"to": "pacs"}, "save_as": "sent"}, *COMPARE]
    sent = steps(run(tmp_path, site, entries, [CT_RLE, CT_LS]))["send"]
    assert "left_out" not in sent["facts"]
    assert "5 of 5 stored" in sent["message"]
    assert "3 sent as Implicit VR Little Endian" in sent["message"]


def test_a_lossy_image_and_one_for_stow_have_no_other_way_than_their_own(tmp_path: Path) -> None:
    site = site_of(tmp_path, {"transfer_syntaxes": ["implicit-le", "explicit-le"]})
    lossy = {**CT_LS, "transfer_syntax": "jpeg-2000"}
    entries = [{"send": {"to": "pacs", "via": "stow"}}, {"send": {"to": "pacs"}}]
    found = steps(run(tmp_path, site, entries, [MR, CT_LS, lossy]))
    assert [one["series"] for one in found["send"]["facts"]["left_out"]] == [
        "p1.s1.e2", "p1.s1.e3",
    ]  # fmt: skip
    assert [one["series"] for one in found["send-2"]["facts"]["left_out"]] == ["p1.s1.e3"]


def test_a_case_of_which_nothing_is_left_is_skipped_in_every_report(tmp_path: Path) -> None:
    site = site_of(tmp_path, {"transfer_syntaxes": ["implicit-le", "rle"]})
    out = tmp_path / "run"
    printed = fabricate(
        "run", ROOT / "scenarios" / "compressed.yaml", "--site", site, "--registry", ":memory:",
        "--out", out,
    ).check(0).out  # fmt: skip
    done = record(out)
    by_syntax = {case["matrix"]["syntax"]: case for case in done["cases"]}
    passed = {name for name, case in by_syntax.items() if case["outcome"] == "passed"}
    assert passed == {"implicit-le", "rle"}
    case = by_syntax["jpeg-ls"]
    reason = "'pacs' takes no JPEG-LS Lossless Image Compression (expects.transfer_syntaxes)"
    assert case["outcome"] == "skipped"
    assert case["message"].startswith(f"left out: {reason}")
    outcomes = {step["id"]: step["outcome"] for step in case["steps"]}
    assert outcomes.pop("delete") == "passed"
    assert set(outcomes.values()) == {"skipped"}
    assert "2 passed, 7 skipped" in printed
    assert reason in printed
    suites = ET.parse(out / "junit.xml").getroot().iter("testsuite")
    [suite] = [suite for suite in suites if suite.get("name") == case["id"]]
    told = [skipped.get("message") or skipped.text for skipped in suite.iter("skipped")]
    assert len(told) == 4
    assert reason in str(told[0])
    tests = json.loads((out / "ctrf.json").read_text("utf-8"))["results"]["tests"]
    own = [test for test in tests if "jpeg-ls]" in json.dumps(test)]
    assert [test["status"] for test in own].count("skipped") == 4
    assert any(reason in str(test.get("message")) for test in own)
    assert "JPEG-LS Lossless Image Compression (expects.transfer_syntaxes)" in (
        out / "report.html"
    ).read_text("utf-8")


def test_a_run_of_which_nothing_is_left_proves_nothing(tmp_path: Path) -> None:
    site = site_of(tmp_path, {"sop_classes": ["MRImageStorage"]})
    entries = [{"send": {"to": "pacs"}, "save_as": "sent"}, *COMPARE]
    done = run(tmp_path, site, entries, [CT_RLE], code=5)
    assert (done["outcome"], done["cases"][0]["outcome"]) == ("skipped", "skipped")
    suites = ET.parse(tmp_path / "run" / "junit.xml").getroot()
    assert not list(suites.iter("error"))
    assert not list(suites.iter("failure"))


def test_a_refusal_that_shall_be_seen_is_tried_all_the_same(tmp_path: Path) -> None:
    site = site_of(tmp_path, {"transfer_syntaxes": ["implicit-le", "rle"]})
    entries = [
        {"send": {"to": "pacs", "transcode": False, "expect": "unknown"}},
        {"send": {"to": "pacs", "transcode": False}, "fails": "no accepted presentation context"},
    ]
    found = steps(run(tmp_path, site, entries, [CT_LS]))
    assert found["send"]["outcome"] == found["send-2"]["outcome"] == "passed"
    assert found["send"]["facts"]["not_sent"] == 3


def test_a_second_pacs_is_not_accused_of_what_it_was_not_sent(tmp_path: Path) -> None:
    site = site_of(tmp_path, {"sop_classes": ["MRImageStorage"]}, other={"embedded": {}})
    entries = [
        {"send": {"to": "other"}},
        {"send": {"to": "pacs"}},
        {"assert": [{"stored": {"on": "pacs"}}, {"stored": {"on": "other"}}]},
    ]
    done = run(tmp_path, site, entries, [MR, CT_RLE])
    assert done["outcome"] == "passed"
    assert steps(done)["send-2"]["facts"]["left_out"][0]["series"] == "p1.s1.e2"
