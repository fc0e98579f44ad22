"""Answers that are right in form and say less, or other things, than a test would take them for."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.peers.processes import free_port
from tests.peers.scripted import Keeping, answers, reporting, server
from tests.running import fabricate, record, steps, write_scenario, write_site

if TYPE_CHECKING:
    from pydicom import Dataset

pytestmark = pytest.mark.peer

SMALL: list[dict[str, Any]] = [
    {"id": "SAID1", "studies": [{"series": [{"modality": "CT", "images": 2, "size": [8, 8]}]}]}
]
SEND = {"send": {"to": "pacs"}}


def run(
    folder: Path,
    service: dict[str, Any],
    entries: list[Any],
    code: int,
    *,
    patients: list[Any] | None = None,
    **expects: Any,
) -> dict[str, dict[str, Any]]:
    target = {"dicom": service, "expects": expects}
    receiver = {"ae_title": "FABRICATE", "host": "127.0.0.1", "port": free_port()}
    site = write_site(folder / "site.yaml", {"pacs": target}, receiver=receiver)
    scenario = write_scenario(folder / "s.yaml", entries, patients=patients or SMALL)
    out = folder / "run"
    fabricate("run", scenario, "--site", site, "--registry", ":memory:", "--out", out).check(code)
    return steps(record(out))


def query(**more: Any) -> dict[str, Any]:
    return {
        "query": {"on": "pacs", "level": "study", "match": {"PatientID": "P1"}, **more},
        "save_as": "found",
    }


STUDIES = [{"PatientID": "P1", "StudyInstanceUID": f"1.2.{number}"} for number in range(4)]


def test_a_study_that_is_answered_three_times_is_no_three_studies(tmp_path: Path) -> None:
    entries = [query(), {"assert": [{"count": {"actual": "{{ found }}", "expected": 3}}]}]
    with server(find=answers([STUDIES[0]] * 3)) as service:
        found = run(tmp_path, service, entries, 1)["query"]
    assert "2 of 3 answers repeat the StudyInstanceUID of another" in found["message"]
    assert "repeated_matches: true" in found["message"]
    assert found["facts"]["undeclared_repeats"] == 2


@pytest.mark.parametrize("uid", [None, ""])
def test_answers_that_name_nothing_are_no_matches(tmp_path: Path, uid: str | None) -> None:
    """A server that answers with studies where instances were asked for, or without a UID."""
    row = (
        {"StudyInstanceUID": "1.2"}
        if uid is None
        else {"SOPInstanceUID": uid, "StudyInstanceUID": "1.2"}
    )
    asked = query(level="image", match={"StudyInstanceUID": "1.2"})
    with server(find=answers([row, row])) as service:
        found = run(tmp_path, service, [asked], 1)["query"]
    assert "2 of 2 answers are without SOPInstanceUID" in found["message"]
    assert found["facts"]["unnamed"] == 2


def test_more_matches_than_were_wanted_are_told(tmp_path: Path) -> None:
    with server(find=answers(STUDIES)) as service:
        found = run(tmp_path, service, [query(limit=3)], 0)["query"]
        assert found["message"] == "3 matches; there are more, beyond the limit"
        (tmp_path / "all").mkdir()
        found = run(tmp_path / "all", service, [query(limit=4)], 0)["query"]
        assert found["message"] == "4 matches"


def test_a_server_that_says_it_does_not_support_a_key_is_heard(tmp_path: Path) -> None:
    with server(find=answers(STUDIES[:1], status=0xFF01)) as service:
        found = run(tmp_path, service, [query()], 0)["query"]
    assert "'pacs' says that it does not support all keys (FF01)" in found["message"]


def test_a_private_key_that_a_server_ignores_fails_the_query(tmp_path: Path) -> None:
    match = {"PatientID": "P1", "(0009,xx01) ACME": "GONE"}
    with server(find=answers(STUDIES[:1])) as service:
        found = run(tmp_path, service, [query(match=match)], 1)["query"]
        assert "does not match by (0009,xx01) ACME" in found["message"]
        assert "unsupported_keys: ['(0009,xx01) ACME']" in found["message"]
        (tmp_path / "declared").mkdir()
        lacking = {"unsupported_keys": ["(0009,xx01) ACME"]}
        run(tmp_path / "declared", service, [query(match=match)], 0, **lacking)


@pytest.mark.parametrize("empty", [False, True])
def test_a_count_that_a_server_does_not_have_is_told_as_that(tmp_path: Path, empty: bool) -> None:
    count = "NumberOfStudyRelatedInstances"
    row = {**STUDIES[0], count: None} if empty else STUDIES[0]
    check = {"equal": {"actual": "{{ found[0]['NumberOfStudyRelatedInstances'] }}", "expected": 2}}
    with server(find=answers([row])) as service:
        found = run(tmp_path, service, [query(**{"return": [count]}), {"assert": [check]}], 1)
    assert f"'pacs' does not have {count}" in found["query"]["message"]
    if not empty:
        assert f"'pacs' does not have {count}" in found["assert"]["message"]


def test_an_instance_of_another_study_is_not_taken_for_what_was_retrieved(tmp_path: Path) -> None:
    kept = Keeping()

    def get(event: Any) -> Any:
        foreign = copy.deepcopy(kept.data_sets[0])
        foreign.StudyInstanceUID = "1.2.3"
        foreign.SOPInstanceUID = foreign.file_meta.MediaStorageSOPInstanceUID = "1.2.3.4"
        kept.data_sets.append(foreign)
        yield from kept.get(event)

    with server(store=kept.store, get=get) as service:
        found = run(tmp_path, service, [SEND, {"retrieve": {"from": "pacs"}}], 1)["retrieve"]
    assert found["message"] == "3 instances retrieved, 1 of them not what was asked for: 1.2.3.4"


def test_as_many_others_are_not_what_was_sent(tmp_path: Path) -> None:
    """A server that gives each instance a UID of its own."""
    kept = Keeping()

    def get(event: Any) -> Any:
        for number, data_set in enumerate(kept.data_sets):
            data_set.SOPInstanceUID = f"1.2.3.{number}"
            data_set.file_meta.MediaStorageSOPInstanceUID = data_set.SOPInstanceUID
        yield from kept.get(event)

    with server(store=kept.store, get=get) as service:
        found = run(tmp_path, service, [SEND, {"retrieve": {"from": "pacs"}}], 1)["retrieve"]
    assert found["message"] == "2 instances retrieved, and 2 of 2 that this case sent did not come"


def test_values_of_what_came_say_nothing_of_what_did_not(tmp_path: Path) -> None:
    kept = Keeping()

    def get(event: Any) -> Any:
        del kept.data_sets[1:]
        yield from kept.get(event)

    back = {"retrieve": {"from": "pacs"}, "save_as": "back"}
    values = {"assert": [{"tags": {"of": "back", "values": {"Modality": "CT"}}}]}
    with server(store=kept.store, get=get) as service:
        found = run(tmp_path, service, [SEND, back, values], 1)
    assert found["retrieve"]["message"] == "1 instance retrieved, of 2 that this case sent"
    assert "'not retrieved', not 'sent'" in found["assert"]["message"]


MARKED = copy.deepcopy(SMALL)
MARKED[0]["studies"][0]["series"][0]["tags"] = {
    "(0009,xx01) ACME": {"vr": "LO", "value": "HELLO"},
    "(0009,xx02) ACME": {"vr": "LO", "value": "OTHER"},
}


@pytest.mark.parametrize("syntax", ["explicit-le", "implicit-le"])
def test_private_attributes_are_compared_by_name_wherever_their_block_is(
    tmp_path: Path, syntax: str
) -> None:
    """The server moves the creator's block and changes one value."""
    kept = Keeping()

    def get(event: Any) -> Any:
        for data_set in kept.data_sets:
            for element in (0x10, 0x1001, 0x1002):
                del data_set[0x0009, element]
            data_set.add_new(0x00090020, "LO", "ACME")
            data_set.add_new(0x00092001, "LO", "HELLO")
            data_set.add_new(0x00092002, "LO", "CHANGED")
        yield from kept.get(event)

    def tags(**more: Any) -> dict[str, Any]:
        return {"tags": {"of": "back", **more}}

    one, two = "(0009,xx01) ACME", "(0009,XX02)  ACME"
    checks = [
        tags(equal="sent", only=[two]),
        tags(equal="sent"),
        tags(values={two: "OTHER"}),
        tags(equal="sent", only=[one]),
        tags(equal="sent", **{"except": [two]}),
        tags(values={one: "HELLO", two: "CHANGED"}),
    ]
    patients = copy.deepcopy(MARKED)
    patients[0]["studies"][0]["series"][0]["transfer_syntax"] = syntax
    entries = [SEND, {"retrieve": {"from": "pacs"}, "save_as": "back"}, {"assert": checks}]
    with server(store=kept.store, get=get) as service:
        found = run(tmp_path, service, entries, 1, patients=patients)["assert"]["checks"]
    assert [one["outcome"] for one in found] == ["failed"] * 3 + ["passed"] * 3
    for check in found[:3]:
        assert "(0009,xx02) ACME" in check["message"].replace("XX02)  ", "xx02) ")
        assert check["actual"]["differences"] == 2


def other_class(asked: Dataset, report: Dataset) -> None:
    report.ReferencedSOPSequence = copy.deepcopy(asked.ReferencedSOPSequence)
    for item in report.ReferencedSOPSequence:
        item.ReferencedSOPClassUID = "1.2.840.10008.5.1.4.1.1.7"


def another_more(asked: Dataset, report: Dataset) -> None:
    items = copy.deepcopy(asked.ReferencedSOPSequence)
    more = copy.deepcopy(items[0])
    more.ReferencedSOPInstanceUID = "1.2.3"
    report.ReferencedSOPSequence = [*items, more]


def other_transaction(asked: Dataset, report: Dataset) -> None:
    report.TransactionUID = "1.2.3.4"
    report.ReferencedSOPSequence = asked.ReferencedSOPSequence


def all_failed(asked: Dataset, report: Dataset) -> None:
    report.FailedSOPSequence = copy.deepcopy(asked.ReferencedSOPSequence)


def all_well(asked: Dataset, report: Dataset) -> None:
    report.ReferencedSOPSequence = copy.deepcopy(asked.ReferencedSOPSequence)


@pytest.mark.parametrize(
    ("make", "event_type", "said"),
    [
        (all_failed, 2, "first problem: no status: failed, without a FailureReason"),
        (all_well, 2, "though the report says that failures exist (event type 2) and names none"),
        (all_well, 7, "though the report is of event type 7, which there is not"),
    ],
)
def test_what_a_commitment_report_says_of_itself_is_heard(
    tmp_path: Path, make: Any, event_type: int, said: str
) -> None:
    entries = [SEND, {"commit": {"to": "pacs", "timeout": "5s"}}]
    with server(store=Keeping().store, action=reporting(make, event_type)) as service:
        assert said in run(tmp_path, service, entries, 1)["commit"]["message"]


@pytest.mark.parametrize(
    ("make", "code", "said"),
    [
        (other_class, 1, "committed as Secondary Capture Image Storage, not as CT Image Storage"),
        (another_more, 0, "1 reported that was not asked for"),
        (other_transaction, 4, "only one of transaction '1.2.3.4', which is not ours"),
    ],
)
def test_a_commitment_is_held_to_what_was_asked(
    tmp_path: Path, make: Any, code: int, said: str
) -> None:
    entries = [SEND, {"commit": {"to": "pacs", "timeout": "2s"}}]
    with server(store=Keeping().store, action=reporting(make)) as service:
        assert said in run(tmp_path, service, entries, code)["commit"]["message"]


def test_what_was_never_sent_had_no_answer_to_give(tmp_path: Path) -> None:
    """MR is refused when the association is made."""
    series = [{"modality": "MR", "images": 2, "size": [8, 8]}]
    with server(store=lambda _: 0x0000) as service:
        sent = run(
            tmp_path,
            service,
            [SEND],
            1,
            patients=[{"id": "SAID2", "studies": [{"series": series}]}],
        )["send"]
    assert (
        "first problem: not sent: no accepted presentation context: MR Image Storage"
        in sent["message"]
    )
    assert sent["facts"]["statuses"] == {"not sent": 2}
    [problem] = sent["facts"]["problems"]
    assert (problem["status"], problem["maybe_stored"]) == (None, False)


def test_who_has_stored_images_of_ours_knows_our_title(tmp_path: Path) -> None:
    came: list[int] = []

    def store(event: Any) -> int:
        came.append(1)
        if len(came) == 2:
            event.assoc.abort()
        return 0x0000

    with server(store=store) as service:
        sent = run(tmp_path, service, [SEND], 4)["send"]
    assert "aborted by the peer" in sent["message"]
    assert "calling AE title" not in sent["message"]
