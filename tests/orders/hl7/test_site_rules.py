"""A site says where its messages have what, and everything that reads them goes by it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from scenario_runner.language.site_model import Hl7Rules
from scenario_runner.orders.hl7 import Message
from scenario_runner.orders.hl7.mapping import of_site
from scenario_runner.orders.hl7.patient import patient_changes
from scenario_runner.orders.hl7.reading import orders
from tests.orders.hl7.feeds import OBR, PID, message, order
from tests.running import fabricate, record, write_scenario, write_site

LONG = "HOSPITAL-2026-0000471"


def _text(data: bytes, attribute: str, rules: Hl7Rules) -> str:
    (only,) = orders(Message.read(data), of_site(rules))
    return only.text(attribute)


@pytest.mark.parametrize(
    ("paths", "found"),
    [(["OBR-18", "OBR-3"], "ACC1"), (["OBR-3", "OBR-18"], "FI1"), (["OBR-21", "ORC-3"], "FI1"),
     (["OBR-2.1"], "PL1"), (["OBR-21"], "")],
)  # fmt: skip
def test_the_accession_number_is_where_the_site_says(paths: list[str], found: str) -> None:
    assert _text(order(), "AccessionNumber", Hl7Rules(accession=paths)) == found


def test_any_attribute_can_be_elsewhere_and_of_omi_too() -> None:
    rules = Hl7Rules(attributes={"PatientID": ["PID-2"], "RequestedProcedureID": ["OBR-21"]})
    data = order(pid=PID.replace("PID|1||", "PID|1|OLD^^^X|"), obr=OBR + "|" * 0)
    assert _text(data, "PatientID", rules) == "OLD"
    ipc = "IPC|IPCACC|RP9|1.2.3|SPS9|CT"
    omi = order(ipc, kind="OMI^O23")
    assert _text(omi, "AccessionNumber", Hl7Rules(accession=["OBR-18"])) == "ACC1"
    assert _text(omi, "AccessionNumber", Hl7Rules()) == "IPCACC"
    adt = message(PID.replace("PID|1||", "PID|1|OLD^^^X|"), kind="ADT^A08")
    assert patient_changes(Message.read(adt), of_site(rules))[0].patient_id == "OLD"
    assert patient_changes(Message.read(adt))[0].patient_id == "P1"


def test_a_long_accession_number_is_shortened_the_same_everywhere_and_told_from_its_like() -> None:
    rules = Hl7Rules(shorten_accession=True)
    short = [
        _text(order(obr=OBR.replace("ACC1", text)), "AccessionNumber", rules)
        for text in (LONG, LONG, LONG[:-1] + "2", "A" * 16)
    ]
    assert short[0] == short[1]
    assert short[0].startswith("HOSPIT")
    assert len(short[0]) == 16
    assert short[2] != short[0]
    assert short[3] == "A" * 16


def test_an_attribute_that_no_field_becomes_is_told_with_the_nearest() -> None:
    with pytest.raises(ValueError, match="did you mean PatientID"):
        of_site(Hl7Rules(attributes={"PatentID": ["PID-2"]}))


def _site(tmp_path: Path, rules: dict[str, Any]) -> Path:
    pacs: dict[str, Any] = {"pacs": {"embedded": {}}}
    return write_site(tmp_path / "site.yaml", pacs, identifiers={"hl7": rules})


def test_plan_worklist_and_command_line_go_by_the_sites_rule(tmp_path: Path) -> None:
    site = _site(tmp_path, {"accession": ["OBR-3"], "shorten_accession": True})
    (tmp_path / "a.hl7").write_bytes(order(obr=OBR.replace("|FI1|", f"|{LONG}|")))
    scenario = write_scenario(
        tmp_path / "s.yaml",
        [
            {"hl7_send": {"to": "pacs", "file": "a.hl7"}},
            {"worklist": {"from": "pacs", "match": {"PatientID": "P1"}}, "save_as": "items"},
            {"assert": [{"equal": {
                "actual": "{{ items | map(attribute='AccessionNumber') | list }}",
                "expected": ["{{ studies[0].accession }}"]}}]},
        ],
        patients=[{"from": {"hl7": "a.hl7"}}],
    )  # fmt: skip
    fabricate("run", scenario, "--site", site, "--out", tmp_path / "run").check()
    (patient,) = record(tmp_path / "run")["cases"][0]["patients"]
    assert patient["studies"][0]["accession"].startswith("HOSPIT")
    shown = fabricate("hl7", "map", "--site", site, "--format", "csv").check()
    assert "AccessionNumber,any,OBR-3,short text,the site's rule" in shown.out


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ({"accession": ["OBR"]}, "identifiers.hl7"),
        ({"accession": []}, "identifiers.hl7"),
        ({"attributes": {"PatentID": ["PID-2"]}}, "did you mean PatientID"),
    ],
)
def test_a_rule_that_cannot_be_kept_is_told(
    tmp_path: Path, rules: dict[str, Any], words: str
) -> None:
    told = fabricate("hl7", "map", "--site", _site(tmp_path, rules))
    assert told.code in (2, 3)
    assert words.rpartition(".")[2] in told.err


def test_the_sender_says_who_gave_a_number_where_a_site_has_it_so() -> None:
    rules = Hl7Rules(attributes={"IssuerOfPatientID": ["PID-3.4", "MSH-4.1"]})
    (only,) = orders(Message.read(order(pid=PID.replace("HOSP", ""))), of_site(rules))
    assert only.text("IssuerOfPatientID") == "HOSP"
    assert only.said["IssuerOfPatientID"].where.label == "message 4711, MSH-4.1"
