"""C-MOVE, commitment and worklist, asked for in a scenario, on PACS that are really there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from pydicom import Dataset

from tests.pacs.worklist_items import write_item
from tests.peers.processes import Modality, Server, dcmqrscp, free_port, orthanc, storescp, wlmscpfs
from tests.peers.scripted import server as scripted
from tests.running import fabricate, record, steps, write_scenario, write_site

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.peer

AE_TITLE = "FABRICATE"
SENT: list[Any] = [{"generate": {}}, {"send": {"to": "pacs"}}]


def run(
    tmp_path: Path, server: Server, port: int, entries: list[Any], code: int = 0, **more: Any
) -> dict[str, dict[str, Any]]:
    """Run these steps against a server that knows our receiver on this port."""
    service = {"host": server.host, "port": server.port, "ae_title": server.ae_title}
    receiver = {"ae_title": AE_TITLE, "host": "127.0.0.1", "port": port}
    site = write_site(tmp_path / "site.yaml", {"pacs": {"dicom": service}}, receiver=receiver)
    scenario = write_scenario(tmp_path / "s.yaml", entries, **more)
    out = tmp_path / "run"
    fabricate("run", scenario, "--site", site, "--registry", ":memory:", "--out", out).check(code)
    return steps(record(out))


@pytest.mark.parametrize("start", [orthanc, dcmqrscp])
def test_what_was_sent_comes_back_by_c_move_as_it_was(start: Any, tmp_path: Path) -> None:
    port = free_port()
    known = {"modalities" if start is orthanc else "peers": [Modality(AE_TITLE, port)]}
    entries = [
        *SENT,
        {"retrieve": {"from": "pacs", "via": "c-move"}, "save_as": "back"},
        {
            "assert": [
                {"tags": {"of": "back", "equal": "sent"}},
                {"pixels": {"of": "back", "equal": "sent"}},
            ]
        },
    ]
    with start(tmp_path, **known) as server:
        facts = run(tmp_path, server, port, entries)["retrieve"]["facts"]
    assert facts["instances"] == facts["completed_suboperations"] == 2


def test_a_receiver_that_the_pacs_does_not_know_fails_the_move(tmp_path: Path) -> None:
    entries = [*SENT, {"retrieve": {"from": "pacs", "via": "c-move"}}]
    with dcmqrscp(tmp_path, peers=[Modality("OTHER", free_port())], any_peer=True) as server:
        result = run(tmp_path, server, free_port(), entries, code=1)["retrieve"]
    assert "A801" in result["message"]
    assert f"it never connected to our receiver '{AE_TITLE}' on port" in result["message"]


def test_a_query_by_a_stranger_says_what_orthanc_may_not_know(tmp_path: Path) -> None:
    query = {"query": {"on": "pacs", "level": "study", "match": {"PatientID": "P1"}}}
    with orthanc(tmp_path, modalities=[Modality("OTHER", free_port())]) as server:
        result = run(tmp_path, server, free_port(), [*SENT, query], code=4)["query"]
        entry = {"wait": {"on": "pacs", "until": {"stored": "all"}, "timeout": "1s"}}
        (tmp_path / "run").rename(tmp_path / "before")
        waited = run(tmp_path, server, free_port(), [*SENT, entry], code=1)["wait"]
    for one in (result, waited):
        assert "a calling AE title that they do not know: 'FABRICATE'" in one["message"]


def test_orthanc_commits_what_it_was_sent_and_nothing_else(tmp_path: Path) -> None:
    port = free_port()
    checks = [{"status": {"of": "committed", "expected": "success"}}]
    entries = [
        {"generate": {}},
        {"commit": {"to": "pacs", "what": "generated", "timeout": "10s"}, "id": "early"},
    ]
    with orthanc(tmp_path, modalities=[Modality(AE_TITLE, port)]) as server:
        early = run(tmp_path, server, port, entries, code=1)["early"]
        (tmp_path / "run").rename(tmp_path / "first")
        entries = [
            *SENT,
            {"commit": {"to": "pacs", "timeout": "20s"}, "save_as": "committed"},
            {"assert": checks},
        ]
        facts = run(tmp_path, server, port, entries)["commit"]["facts"]
    assert {one["status"] for one in early["facts"]["problems"]} == {"0112"}
    assert facts["committed"] == 2
    assert facts["delivery"] == "association of the peer"


CT_IN_JANUARY: list[Any] = [
    {
        "worklist": {
            "from": "pacs",
            "match": {"Modality": "CT", "ScheduledProcedureStepStartDate": "20260101-20260131"},
        },
        "save_as": "items",
    },
    {
        "assert": [
            {"count": {"actual": "{{ items }}", "expected": 1}},
            {"equal": {"actual": "{{ items[0].PatientName }}", "expected": "MÜLLER^ÅSA"}},
            {
                "equal": {
                    "actual": "{{ items[0].ScheduledProcedureStepSequence[0].Modality }}",
                    "expected": "CT",
                }
            },
        ]
    },
]


def test_orthancs_worklist_is_asked_as_a_modality_does(tmp_path: Path) -> None:
    items = tmp_path / "worklist"
    for accession, modality in (("1", "CT"), ("2", "MR")):
        write_item(items, accession, _scheduled(accession, modality))
    configuration = {"Worklists": {"Enable": True, "Database": str(items)}}
    plugins = ["libModalityWorklists.so"]
    with orthanc(tmp_path, plugins=plugins, configuration=configuration) as server:
        run(tmp_path, server, free_port(), CT_IN_JANUARY)


def test_dcmtks_worklist_server_is_asked_as_a_modality_does(tmp_path: Path) -> None:
    waiting = {
        "on": "pacs",
        "until": {"query": {"level": "worklist", "match": {"Modality": "MR"}}, "count": 1},
        "every": "100ms",
    }
    with wlmscpfs(tmp_path) as server:
        assert server.folder is not None
        for accession, modality in (("1", "CT"), ("2", "MR")):
            write_item(server.folder, accession, _scheduled(accession, modality))
        found = run(tmp_path, server, free_port(), [{"wait": waiting}, *CT_IN_JANUARY])
    assert found["wait"]["outcome"] == "passed"


def test_a_pacs_without_performed_steps_says_so(tmp_path: Path) -> None:
    entries = [{"mpps": {"to": "pacs", "status": "completed"}}]
    with orthanc(tmp_path) as server:
        result = run(tmp_path, server, free_port(), entries, code=4)["mpps"]
    assert result["outcome"] == "error"
    assert "Modality Performed Procedure Step" in result["message"]


def _scheduled(accession: str, modality: str) -> Dataset:
    step = Dataset()
    step.Modality, step.ScheduledStationAETitle = modality, AE_TITLE
    step.ScheduledProcedureStepStartDate, step.ScheduledProcedureStepStartTime = "20260131", "0930"
    step.ScheduledProcedureStepID = f"S{accession}"
    item = Dataset()
    item.SpecificCharacterSet = "ISO_IR 192"
    item.PatientName, item.PatientID = "MÜLLER^ÅSA", f"PID{accession}"
    item.AccessionNumber, item.StudyInstanceUID = accession, f"1.2.{accession}"
    item.ScheduledProcedureStepSequence = [step]
    return item


def test_orthanc_sends_on_to_somebody_else_and_its_counts_are_held_to_what_was_stored(
    tmp_path: Path,
) -> None:
    third = free_port()
    entries = [
        *SENT,
        {"retrieve": {"from": "pacs", "via": "c-move", "destination": "THIRD"}, "save_as": "moved"},
        {"assert": [{"status": {"of": "moved", "expected": "0000"}}]},
        {
            "retrieve": {
                "from": "pacs", "via": "c-move", "destination": "NOBODY", "expect": "failure",
            },
            "id": "nobody",
        },
    ]  # fmt: skip
    with (
        storescp(tmp_path, ae_title="THIRD", port=third) as other,
        orthanc(
            tmp_path, modalities=[Modality("THIRD", third), Modality(AE_TITLE, free_port())]
        ) as server,
    ):
        result = run(tmp_path, server, free_port(), entries)
        assert len(list(other.folder.iterdir())) == 2
    facts = result["retrieve"]["facts"]
    assert (facts["destination"], facts["completed_suboperations"]) == ("THIRD", 2)
    assert "0 instances sent to NOBODY" in result["nobody"]["message"]


def test_what_a_destination_stored_with_a_warning_was_sent_on(tmp_path: Path) -> None:
    """As dcmqrscp says: B000, none failed, for an archive that coerces what it takes."""
    move = {"retrieve": {"from": "pacs", "via": "c-move", "destination": "SCRIPTED"}}
    load = {"load": {"stages": [{"rate": "20/s", "for": "100ms"}]}}
    entries = [
        {"send": {"to": "pacs"}},
        {**move, "save_as": "moved"},
        {"retrieve": {**move["retrieve"], **load}, "id": "loaded"},
        {"assert": [{"status": {"of": "moved", "expected": "warning"}}]},
    ]
    patients = [
        {
            "id": "MOVED1",
            "studies": [{"series": [{"modality": "CT", "images": 2, "size": [16, 16]}]}],
        }
    ]
    with (
        scripted(store=lambda _: 0xB007) as coercing,
        dcmqrscp(tmp_path, peers=[Modality("SCRIPTED", coercing["port"])], any_peer=True) as pacs,
    ):
        told = run(tmp_path, pacs, free_port(), entries, patients=patients)["retrieve"]
        peer = f"{pacs.ae_title}@{pacs.host}:{pacs.port}"
        by_hand = fabricate(
            "pacs", "retrieve", peer, "PatientID=MOVED1", "--via", "c-move",
            "--destination", "SCRIPTED",
        ).check()  # fmt: skip
    assert told["message"].startswith("2 instances sent to SCRIPTED, 2 with a warning")
    assert told["facts"]["statuses"] == {"B000": 1}
    assert "status B000: 0 sent, 2 with a warning, 0 failed" in by_hand.err


def test_a_service_that_is_not_offered_is_told_with_what_to_declare(tmp_path: Path) -> None:
    with dcmqrscp(tmp_path) as server:
        dicom = {"host": server.host, "port": server.port, "ae_title": server.ae_title}
        site = write_site(tmp_path / "site.yaml", {"pacs": {"dicom": dicom}})
        scenario = write_scenario(
            tmp_path / "s.yaml",
            [{"send": {"to": "pacs"}}],
            patients=[
                {"studies": [{"series": [{"modality": "CT", "images": 1, "size": [16, 16]}]}]}
            ],
            **{
                "finally": [
                    {"mpps": {"to": "pacs", "status": "in-progress"}},
                    {"worklist": {"from": "pacs"}},
                    {"commit": {"to": "pacs"}},
                ]
            },
        )
        out = tmp_path / "run"
        run = fabricate("run", scenario, "--site", site, "--registry", ":memory:", "--out", out)
    run.check(4)
    told = {name: step["message"] for name, step in steps(record(out)).items()}
    for name, key in (("mpps", "mpps: false"), ("worklist", "worklist: false")):
        assert f"the site file may say expects: {{{key}}}" in told[name]
    assert "the site file may say expects: {commitment: none}" in told["commit"]
