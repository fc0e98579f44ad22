"""C-MOVE, commitment, worklist and performed steps through `fabricate run`, on the embedded PACS."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import pytest
from pydicom import Dataset

from scenario_runner.pacs.fault_arguments import parse_faults
from scenario_runner.pacs.options import Destination, PacsOptions
from scenario_runner.pacs.server import EmbeddedPacs
from scenario_runner.pacs.worklist import find_items
from tests.pacs.worklist_items import write_item
from tests.running import fabricate, record, steps, write_scenario, write_site

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

GENERATE: dict[str, Any] = {"generate": {}}
SEND: dict[str, Any] = {"send": {"to": "pacs"}}
SENT: list[Any] = [GENERATE, SEND]


def run(
    tmp_path: Path,
    entries: list[Any],
    *more: str | Path,
    code: int = 0,
    **scenario: Any,
) -> dict[str, dict[str, Any]]:
    """Run these steps and return them, as the record has them, by id."""
    file = write_scenario(tmp_path / "s.yaml", entries, **scenario)
    out = tmp_path / "run"
    fabricate("run", file, "--registry", ":memory:", "--out", out, *more).check(code)
    return steps(record(out))


@contextlib.contextmanager
def serving(
    tmp_path: Path, options: PacsOptions | None = None
) -> Iterator[tuple[EmbeddedPacs, Path]]:
    """An embedded PACS that the test can look into, and a site file that names it."""
    with EmbeddedPacs(tmp_path / "pacs", options=options) as pacs:
        service = {"host": pacs.host, "port": pacs.port, "ae_title": pacs.ae_title}
        yield pacs, write_site(tmp_path / "site.yaml", {"pacs": {"dicom": service}})


def test_what_was_sent_comes_back_by_c_move_as_it_was(tmp_path: Path) -> None:
    checks = [
        {"tags": {"of": "back", "equal": "sent"}},
        {"pixels": {"of": "back", "equal": "sent"}},
    ]
    entries = [
        *SENT,
        {"retrieve": {"from": "pacs", "via": "c-move"}, "save_as": "back"},
        {"assert": checks},
    ]
    facts = run(tmp_path, entries)["retrieve"]["facts"]
    assert facts["completed_suboperations"] == facts["instances"] == 2
    assert facts["failed_suboperations"] == 0
    assert facts["statuses"] == {"0000": 1}


def test_a_c_move_that_the_pacs_cannot_deliver_fails_and_says_why(tmp_path: Path) -> None:
    with serving(tmp_path) as (_, site):
        retrieve = {"retrieve": {"from": "pacs", "via": "c-move"}}
        result = run(tmp_path, [*SENT, retrieve], "--site", site, code=1)["retrieve"]
    assert result["outcome"] == "failed"
    assert "A801" in result["message"]


@pytest.mark.parametrize(("expected", "code"), [("A801", 0), ("failure", 0), ("0000", 1)])
def test_a_negative_test_can_say_how_a_c_move_is_refused(
    tmp_path: Path, expected: str, code: int
) -> None:
    with serving(tmp_path) as (_, site):
        entries = [
            *SENT,
            {"retrieve": {"from": "pacs", "via": "c-move", "expect": "failure"}, "save_as": "back"},
            {"assert": [{"status": {"of": "back", "expected": expected}}]},
        ]
        result = run(tmp_path, entries, "--site", site, code=code)
    assert result["retrieve"]["outcome"] == "passed"


def test_a_retrieval_that_should_have_been_refused_fails(tmp_path: Path) -> None:
    entries = [*SENT, {"retrieve": {"from": "pacs", "expect": "failure"}}]
    result = run(tmp_path, entries, code=1)["retrieve"]
    assert "nothing should have been" in result["message"]


def test_less_than_the_pacs_says_it_sent_is_no_success(tmp_path: Path) -> None:
    with serving(tmp_path, PacsOptions(faults=parse_faults(["counts=1"]))) as (_, site):
        result = run(tmp_path, [*SENT, {"retrieve": {"from": "pacs"}}], "--site", site, code=1)[
            "retrieve"
        ]
    assert result["outcome"] == "failed"
    assert "says that it sent 3" in result["message"]


def test_a_send_resumes_after_the_pacs_has_aborted(tmp_path: Path) -> None:
    faults = parse_faults(["abort=3,on=store"])
    patients = [{"studies": [{"series": [{"modality": "CT", "images": 5, "size": [64, 64]}]}]}]
    with serving(tmp_path, PacsOptions(faults=faults)) as (_, site):
        entries = [GENERATE, {"send": {"to": "pacs", "resumes": 3}}]
        facts = run(tmp_path, entries, "--site", site, patients=patients)["send"]["facts"]
    assert facts["stored"] == 5
    assert facts["associations"] == 2


def test_a_send_that_may_not_resume_ends_with_the_abort(tmp_path: Path) -> None:
    faults = parse_faults(["abort=1,on=store"])
    with serving(tmp_path, PacsOptions(faults=faults)) as (_, site):
        result = run(tmp_path, SENT, "--site", site, code=4)["send"]
    assert result["outcome"] == "error"
    assert result["facts"]["associations"] == 1


def test_a_send_can_go_on_with_what_comes_after_an_abort(tmp_path: Path) -> None:
    faults = parse_faults(["abort=3,on=store"])
    patients = [{"studies": [{"series": [{"modality": "CT", "images": 5, "size": [64, 64]}]}]}]
    with serving(tmp_path, PacsOptions(faults=faults)) as (_, site):
        entries = [GENERATE, {"send": {"to": "pacs", "on_abort": "next", "expect": "any"}}]
        result = run(tmp_path, entries, "--site", site, patients=patients)["send"]
    assert result["outcome"] == "passed"
    facts = result["facts"]
    assert (facts["stored"], facts["maybe_stored"], facts["not_sent"]) == (4, 1, 0)
    assert facts["associations"] == 2


@pytest.mark.parametrize("via", ["c-get", "c-move"])
def test_instances_with_faulty_uids_can_be_fetched_back(tmp_path: Path, via: str) -> None:
    series = [
        {"modality": "CT", "images": 2, "size": [64, 64], "faults": [fault]}
        for fault in ("bad-uid", "bad-uid-root", "too-long-uid")
    ]
    patients = [{"studies": [{"series": series}]}]
    entries = [GENERATE, {"send": {"to": "pacs"}}, {"retrieve": {"from": "pacs", "via": via}}]
    result = run(tmp_path, entries, patients=patients)["retrieve"]
    assert result["message"].startswith("6 instances retrieved")


def test_a_send_tells_what_was_negotiated(tmp_path: Path) -> None:
    result = run(tmp_path, [*SENT, {"echo": {"to": "pacs"}}])
    assert result["send"]["facts"]["association"].keys() == (
        result["echo"]["facts"]["association"].keys()
    )


def test_what_was_sent_is_committed(tmp_path: Path) -> None:
    entries = [
        *SENT,
        {"commit": {"to": "pacs"}, "save_as": "committed"},
        {
            "assert": [
                {"status": {"of": "committed", "expected": "success"}},
                {"count": {"actual": "{{ committed }}", "expected": 2}},
            ]
        },
    ]
    facts = run(tmp_path, entries)["commit"]["facts"]
    assert facts["delivery"] == "same association"
    assert facts["committed"] == 2


def test_what_the_pacs_will_not_keep_fails_with_its_reason(tmp_path: Path) -> None:
    faults = parse_faults(["commit=0213,share=0.5"])
    with serving(tmp_path, PacsOptions(faults=faults)) as (_, site):
        result = run(
            tmp_path,
            [*SENT, {"commit": {"to": "pacs"}, "save_as": "committed"}],
            "--site", site, code=1,
        )["commit"]  # fmt: skip
    assert result["outcome"] == "failed"
    assert result["message"].startswith("1 of 2 committed")
    [problem] = result["facts"]["problems"]
    assert (problem["status"], problem["class"]) == ("0213", "failure")
    assert problem["comment"] == "resource limitation"


def test_what_was_never_sent_is_not_committed(tmp_path: Path) -> None:
    with serving(tmp_path) as (_, site):
        entries = [GENERATE, {"commit": {"to": "pacs", "what": "generated"}}]
        result = run(tmp_path, entries, "--site", site, code=1)["commit"]
    assert {one["status"] for one in result["facts"]["problems"]} == {"0112"}


def test_committing_nothing_proves_nothing(tmp_path: Path) -> None:
    result = run(tmp_path, [{"commit": {"to": "pacs"}}], code=1)["commit"]
    assert "nothing to commit" in result["message"]


def test_a_report_that_never_comes_leaves_every_instance_unknown(tmp_path: Path) -> None:
    options = PacsOptions(commitment="new", destinations={"FABRICATE": Destination("127.0.0.1", 1)})
    with serving(tmp_path, options) as (_, site):
        result = run(
            tmp_path, [*SENT, {"commit": {"to": "pacs", "timeout": "1s"}}], "--site", site, code=4
        )["commit"]
    assert result["outcome"] == "error"
    assert "no storage commitment report" in result["message"]


def scheduled(accession: str, modality: str) -> Dataset:
    step = Dataset()
    step.Modality, step.ScheduledStationAETitle = modality, "FABRICATE"
    step.ScheduledProcedureStepStartDate, step.ScheduledProcedureStepStartTime = "20260131", "0930"
    step.ScheduledProcedureStepID, step.ScheduledProcedureStepLocation = f"S{accession}", "ROOM 1"
    item = Dataset()
    item.PatientName, item.PatientID = "CITIZEN^JANE", f"PID{accession}"
    item.AccessionNumber, item.StudyInstanceUID = accession, f"1.2.{accession}"
    item.ScheduledProcedureStepSequence = [step]
    return item


@pytest.mark.parametrize(
    ("step", "saved"),
    [
        ({"worklist": {"from": "pacs", "match": {"Modality": "CT"}}}, 1),
        ({"worklist": {"from": "pacs"}}, 2),
        ({"worklist": {"from": "pacs", "match": {"Modality": "US"}}}, 0),
        ({"query": {"on": "pacs", "level": "worklist", "match": {"Modality": "CT"}}}, 1),
        (
            {
                "query": {
                    "on": "pacs",
                    "level": "worklist",
                    "match": {"ScheduledProcedureStepSequence": {"Modality": "CT"}},
                }
            },
            1,
        ),
    ],
)
def test_a_modality_gets_what_is_scheduled_for_it(
    tmp_path: Path, step: dict[str, Any], saved: int
) -> None:
    with serving(tmp_path) as (pacs, site):
        for accession, modality in (("1", "CT"), ("2", "MR")):
            write_item(pacs.worklist, accession, scheduled(accession, modality))
        checks: list[Any] = [{"count": {"actual": "{{ items }}", "expected": saved}}]
        if saved:
            inner = "items[0].ScheduledProcedureStepSequence[0]"
            checks += [
                {"equal": {"actual": "{{ items[0].AccessionNumber }}", "expected": "1"}},
                {"equal": {"actual": f"{{{{ {inner}.Modality }}}}", "expected": "CT"}},
                {
                    "equal": {
                        "actual": f"{{{{ {inner}.ScheduledProcedureStepID }}}}",
                        "expected": "S1",
                    }
                },
            ]
        run(tmp_path, [{**step, "save_as": "items"}, {"assert": checks}], "--site", site)


def test_a_return_key_of_the_scheduled_step_is_asked_for_in_its_sequence(tmp_path: Path) -> None:
    with serving(tmp_path) as (pacs, site):
        write_item(pacs.worklist, "1", scheduled("1", "CT"))
        ask = {"worklist": {"from": "pacs", "return": ["ScheduledProcedureStepLocation"]}}
        [item] = run(tmp_path, [ask], "--site", site)["worklist"]["facts"]["matches"]
    assert item["ScheduledProcedureStepSequence"][0]["ScheduledProcedureStepLocation"] == "ROOM 1"
    assert "ScheduledProcedureStepLocation" not in item


def test_a_scheduled_step_with_two_items_is_refused_before_it_is_asked(tmp_path: Path) -> None:
    match = {"ScheduledProcedureStepSequence": [{"Modality": "CT"}, {"Modality": "MR"}]}
    result = run(tmp_path, [{"worklist": {"from": "pacs", "match": match}}], code=3)["worklist"]
    assert "has to be one mapping" in result["message"]


def test_a_performed_step_begins_and_ends_with_the_images_that_were_sent(tmp_path: Path) -> None:
    entries = [
        {"mpps": {"to": "pacs", "status": "in-progress"}, "id": "begin", "save_as": "begun"},
        *SENT,
        {"mpps": {"to": "pacs", "status": "completed"}, "id": "end", "save_as": "ended"},
        {
            "assert": [
                {"status": {"of": "begun", "expected": "0000"}},
                {"status": {"of": "ended", "expected": "success"}},
                {
                    "equal": {
                        "actual": "{{ begun.sop_instance_uid }}",
                        "expected": "{{ ended.sop_instance_uid }}",
                    }
                },
            ]
        },
    ]
    with serving(tmp_path) as (pacs, site):
        result = run(tmp_path, entries, "--site", site)
        (kept,) = pacs.steps
        stored = _stored(pacs)
    operations = [
        one["operation"] for step in ("begin", "end") for one in result[step]["facts"]["operations"]
    ]
    assert operations == ["N-CREATE", "N-SET"]
    assert kept.PerformedProcedureStepStatus == "COMPLETED"
    assert kept.PerformedStationAETitle == "FABRICATE"
    assert kept.PerformedProcedureStepEndDate >= kept.PerformedProcedureStepStartDate
    [scheduled_step] = kept.ScheduledStepAttributesSequence
    assert scheduled_step.AccessionNumber == result["end"]["facts"]["accession"]
    [series] = kept.PerformedSeriesSequence
    assert series.ProtocolName
    assert series.RetrieveAETitle == "EMBEDDED"
    assert {i.ReferencedSOPInstanceUID for i in series.ReferencedImageSequence} == stored


def _stored(pacs: EmbeddedPacs) -> set[str]:
    from pydicom import dcmread

    files = [path for path in pacs.folder.rglob("*.dcm") if "mpps" not in path.parts]
    return {str(dcmread(path, stop_before_pixels=True).SOPInstanceUID) for path in files}


def test_a_final_status_alone_begins_the_step_first(tmp_path: Path) -> None:
    modify = {"PerformedProcedureStepDescription": "ABANDONED", "PerformedLocation": None}
    with serving(tmp_path) as (pacs, site):
        entry = {"mpps": {"to": "pacs", "status": "discontinued", "modify": modify}}
        facts = run(tmp_path, [entry], "--site", site)["mpps"]["facts"]
        (kept,) = pacs.steps
    assert [one["operation"] for one in facts["operations"]] == ["N-CREATE", "N-SET"]
    assert kept.PerformedProcedureStepStatus == "DISCONTINUED"
    assert kept.PerformedProcedureStepDescription == "ABANDONED"


@pytest.mark.parametrize(
    ("expect", "outcome", "code"), [(None, "failed", 1), ("failure", "passed", 0)]
)
def test_a_performed_step_that_is_over_cannot_change(
    tmp_path: Path, expect: str | None, outcome: str, code: int
) -> None:
    again = {"to": "pacs", "status": "discontinued", **({"expect": expect} if expect else {})}
    entries = [{"mpps": {"to": "pacs", "status": "completed"}}, {"mpps": again, "id": "again"}]
    result = run(tmp_path, entries, code=code)["again"]
    assert result["outcome"] == outcome
    assert "N-SET answered 0110" in result["message"]


def test_each_study_has_a_performed_step_of_its_own(tmp_path: Path) -> None:
    series = {"modality": "CT", "images": 1, "size": [64, 64]}
    studies = [{"accession": name, "series": [series]} for name in ("A1", "A2")]
    entries = [
        {"mpps": {"to": "pacs", "status": "in-progress", "of": of}, "id": f"m{n}"}
        for n, of in enumerate(("A1", "p1.s2", "{{ studies[0].uid }}"))
    ]
    with serving(tmp_path) as (pacs, site):
        result = run(tmp_path, entries, "--site", site, patients=[{"studies": studies}])
        kept = list(pacs.steps)
    assert [result[f"m{n}"]["facts"]["accession"] for n in range(3)] == ["A1", "A2", "A1"]
    assert result["m2"]["facts"]["operations"][0]["operation"] == "N-SET"
    assert len(kept) == 2


def test_a_performed_step_of_a_study_that_is_not_planned_is_told(tmp_path: Path) -> None:
    entry = {"mpps": {"to": "pacs", "status": "in-progress", "of": "NOBODY"}}
    result = run(tmp_path, [entry], code=3)["mpps"]
    assert "no study 'NOBODY'" in result["message"]


@pytest.mark.parametrize(
    "step",
    [
        {"retrieve": {"from": "pacs", "match": {"StudyInstanceUID": "1.2"}}},
        {"commit": {"to": "pacs", "what": "all"}},
        {"worklist": {"from": "pacs"}},
        {"mpps": {"to": "pacs", "status": "completed"}},
    ],
)
def test_a_target_that_cannot_do_it_says_which_service_is_missing(
    tmp_path: Path, step: dict[str, Any]
) -> None:
    targets = {"pacs": {"orthanc": {"url": "http://127.0.0.1:1"}}}
    site = write_site(tmp_path / "site.yaml", targets)
    (result,) = run(tmp_path, [step], "--site", site, code=4).values()
    assert "has no way to" in result["message"]


def test_a_wait_polls_the_worklist_until_the_item_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(tmp_path) as (pacs, site):

        def find_once_in_vain(*given: Any) -> Any:
            """Items as ever; the one that is waited for comes after the first look."""
            found = list(find_items(*given))
            write_item(pacs.worklist, "1", scheduled("1", "CT"))
            return iter(found)

        monkeypatch.setattr("scenario_runner.pacs.query.find_items", find_once_in_vain)
        query = {"level": "worklist", "match": {"Modality": "CT", "AccessionNumber": "1"}}
        wait = {"on": "pacs", "until": {"query": query, "count": 1}, "every": "100ms"}
        found = run(tmp_path, [{"wait": {**wait, "timeout": "60s"}}], "--site", site)["wait"]
    assert found["facts"]["polls"] == 2
    assert "1 match" in found["message"]


def test_mpps_goes_on_with_what_an_earlier_mpps_saved(tmp_path: Path) -> None:
    patients = [{"studies": [{"count": 2, "series": [{"modality": "CR", "size": [64, 64]}]}]}]
    entries = [
        {"mpps": {"to": "pacs", "status": "in-progress", "of": "p1.s2"}, "save_as": "begun"},
        {"mpps": {"to": "pacs", "status": "completed", "of": "begun"}, "save_as": "ended"},
        {"assert": [{"equal": {"actual": "{{ ended.sop_instance_uid }}",
                               "expected": "{{ begun.sop_instance_uid }}"}}]},
    ]  # fmt: skip
    scenario = write_scenario(tmp_path / "s.yaml", entries, patients=patients)
    fabricate("run", scenario, "--registry", ":memory:", "--out", tmp_path / "run").check()
