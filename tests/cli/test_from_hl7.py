"""`fabricate from-hl7`: each order a study, and what cannot be used is named and stops no other."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydicom import dcmread

from scenario_runner.pacs.server import EmbeddedPacs
from tests.archive.samples import sample
from tests.orders.hl7.feeds import OBR, PID, order
from tests.running import fabricate, record, write_scenario

HERE = {"FABRICATE_REGISTRY": ":memory:"}


def _order(number: int, accession: str | None = None) -> bytes:
    obr = OBR.replace("ACC1", accession or f"A{number}").replace("PL1", f"P{number}")
    obr = obr.replace("||||CT", "||||SR")
    pid = PID.replace("P1^", f"P{number}^")
    return order(f"ZDS|1.2.826.0.1.3680043.8.498.{number + 1}", obr=obr, pid=pid,
                 orc=f"ORC|NW|P{number}", control=str(number))  # fmt: skip


def test_each_order_is_a_study_in_the_pacs_and_on_the_disk(tmp_path: Path) -> None:
    (tmp_path / "one.hl7").write_bytes(order(obr=OBR.replace("||||CT", "||||DX")))
    done = fabricate("from-hl7", "one.hl7", "--dicom-dir", "objects", "--out", "out",
                     cwd=tmp_path, env=HERE).check()  # fmt: skip
    assert "in the PACS  yes" in done.out
    data = dcmread(tmp_path / "objects" / "study_1" / "series_001_DX" / "slice_0001.dcm")
    assert (data.PatientID, str(data.PatientName), data.AccessionNumber) == (
        "P1",
        "TESTER^EVA",
        "ACC1",
    )
    assert data.RequestAttributesSequence[0].RequestedProcedureID == "RP1"
    [patient] = record(tmp_path / "out")["cases"][0]["patients"]
    assert patient["studies"][0]["accession"] == "ACC1"


@pytest.mark.parametrize(
    ("written", "place"), [("||||RAD", ":5:61"), ("||||", ":5:61"), ("", ":5:58")]
)
def test_an_order_without_a_modality_is_told_at_the_field_that_would_name_it(
    tmp_path: Path, written: str, place: str
) -> None:
    (tmp_path / "one.hl7").write_bytes(order(obr=OBR.replace("||||CT", written)))
    done = fabricate("from-hl7", "one.hl7", cwd=tmp_path, env=HERE).check(3)
    assert f"one.hl7{place}: error FAB306" in done.err
    assert "(message 4711, OBR-24)" in done.err
    assert "--modality" in done.err
    fabricate("from-hl7", "one.hl7", "--modality", "SR", "--yes", cwd=tmp_path, env=HERE).check()


def test_an_order_that_clears_its_numbers_is_found_beside_other_studies(tmp_path: Path) -> None:
    nobody = _order(2, '""').replace(b"|P2^^^HOSP^MR|", b'|""|')
    assert b'|""|' in nobody
    (tmp_path / "feed.hl7").write_bytes(_order(1) + nobody)
    other = sample()
    with EmbeddedPacs(tmp_path / "pacs") as pacs:
        pacs.archive.store(
            other.sop_class_uid, other.sop_instance_uid, other.transfer_syntax_uid, [other.data]
        )
        done = fabricate("from-hl7", "feed.hl7", "--to", f"EMBEDDED@127.0.0.1:{pacs.port}",
                         "--out", "out", cwd=tmp_path, env=HERE).check()  # fmt: skip
    assert "Found by its UID, and nothing else" in done.out
    told = record(tmp_path / "out")["cases"][0]["patients"]
    assert [one["id"] for one in told] == ["P1", ""]
    assert [one["studies"][0]["accession"] for one in told] == ["A1", ""]


def test_bad_messages_are_named_and_the_others_become_studies(tmp_path: Path) -> None:
    feed = [_order(number) for number in range(40)]
    feed[3] = b"MSH|^~\\&|A\r"
    feed[11] = _order(11, "THIS-IS-LONGER-THAN-16")
    feed[17] = feed[17].replace(b"ORM^O01", b"ADT^A08")
    feed[23] = _order(23, "A22")
    (tmp_path / "feed.hl7").write_bytes(b"".join(feed))
    (tmp_path / "none.hl7").write_bytes(b"<html>no such page</html>")
    done = fabricate("from-hl7", "feed.hl7", "none.hl7", "--format", "json", "--out", "out",
                     "--yes", cwd=tmp_path, env=HERE).check(1)  # fmt: skip
    told = json.loads(done.out)
    assert told["outcome"] == "passed"
    made = {study["accession"] for patient in told["patients"] for study in patient["studies"]}
    assert made == {f"A{number}" for number in range(40)} - {"A3", "A11", "A17", "A23"}
    leave = "or leave message 23, OBR-18 out"
    for words in ("feed.hl7:19:1", "OBR-18", "ADT^A08", "A22", leave, "HTML"):
        assert words in done.err, done.err
    fabricate("rerun", "out", "--out", "again", cwd=tmp_path, env=HERE).check()


@pytest.mark.parametrize(
    ("content", "code", "words"),
    [
        (order(orc="ORC|CA|PL1"), 5, "cancelled"),
        (b"MSH|^~\\&|A\r", 3, "MSH-9"),
        (order(obr=OBR.replace("ACC1", "THIS-IS-LONGER-THAN-16")), 3, "OBR-18"),
        (b"", 3, "empty"),
    ],
)
def test_nothing_to_make_is_told(tmp_path: Path, content: bytes, code: int, words: str) -> None:
    (tmp_path / "a.hl7").write_bytes(content)
    done = fabricate("from-hl7", "a.hl7", cwd=tmp_path, env=HERE).check(code)
    assert words in done.err
    assert not (tmp_path / "runs").exists()


def test_the_saved_scenario_finds_the_messages_from_where_it_lies(tmp_path: Path) -> None:
    (tmp_path / "a.hl7").write_bytes(_order(1))
    (tmp_path / "kept").mkdir()
    given = ("from-hl7", "a.hl7", "--save", "kept/s.yaml", "--out", "out")
    fabricate(*given, cwd=tmp_path, env=HERE).check()
    fabricate("validate", "kept/s.yaml", cwd=tmp_path, env=HERE).check()


def test_study_takes_orders_too_and_leaves_what_they_say_to_them(tmp_path: Path) -> None:
    (tmp_path / "a.hl7").write_bytes(order(obr=OBR.replace("||||CT", "")))
    given = ("study", "--from-order", "a.hl7", "--out", "out")
    done = fabricate(*given[:1], "sr", *given[1:], cwd=tmp_path, env=HERE).check()
    assert "ACC1" in done.out
    assert (
        "--accession" in fabricate(*given, "--accession", "X", cwd=tmp_path, env=HERE).check(2).err
    )


def test_what_an_order_says_in_vain_is_told_by_plan_run_and_report(tmp_path: Path) -> None:
    text = order("ZXX|secret", obr=OBR.replace("||||CT", "||||SR"))
    (tmp_path / "one.hl7").write_bytes(text)
    source = {"from": {"hl7": "one.hl7"}}
    write_scenario(tmp_path / "s.yaml", [{"generate": {}}], patients=[source])
    told = "4711: not read: ZXX"
    plan = fabricate("plan", "s.yaml", "--format", "json", cwd=tmp_path, env=HERE).check()
    assert told in plan.err
    assert json.loads(plan.out)["cases"]
    assert told in fabricate("run", "s.yaml", "--out", "out", cwd=tmp_path, env=HERE).check().err
    assert told in fabricate("from-hl7", "one.hl7", "--yes", cwd=tmp_path, env=HERE).check().err
    rerun = fabricate("rerun", "out", "--out", "again", cwd=tmp_path, env=HERE).check()
    assert told in rerun.err
    for folder in ("out", "again"):
        [remark] = record(tmp_path / folder)["remarks"]
        assert remark.endswith(told)
        assert told in (tmp_path / folder / "report.html").read_text("utf-8")


def test_each_study_is_shown_below_its_patient(tmp_path: Path) -> None:
    (tmp_path / "a.hl7").write_bytes(b"".join(_order(number) for number in range(12)))
    done = fabricate("from-hl7", "a.hl7", "--out", "out", cwd=tmp_path, env=HERE).check()
    words = [line.split()[:2] for line in done.out.splitlines()]
    shown = [line[1] for line in words if line and line[0] in ("patient", "accession")]
    assert shown == [text for number in range(10) for text in (f"P{number}", f"A{number}")]
    assert "and 2 more patients with 2 more studies; the report has all" in done.out
