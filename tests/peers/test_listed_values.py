"""A query with listed values finds what each of them finds, on servers that have no such matching."""

from __future__ import annotations

from pathlib import Path

import pytest

from scenario_runner.api.get_contexts import Held, known, portions
from tests.peers.languages import qrscp
from tests.peers.processes import Modality, dcmqrscp, free_port, orthanc, storescp
from tests.running import fabricate, record, steps, write_scenario, write_site

pytestmark = pytest.mark.peer


@pytest.mark.parametrize("server", [orthanc, dcmqrscp])
def test_both_accession_numbers_are_found_and_no_other(tmp_path: Path, server: object) -> None:
    study = {"series": [{"modality": "CT", "images": 1, "size": [16, 16]}]}
    patients = [{"studies": [{**study, "accession": one} for one in ("ACCA", "ACCB", "ACCC")]}]
    entries = [
        {"send": {"to": "pacs"}},
        {"query": {"on": "pacs", "level": "study", "match": {"AccessionNumber": ["ACCA", "ACCC", "NONE"]}}},
        {"wait": {"on": "pacs", "until": {
            "query": {"match": {"AccessionNumber": ["ACCA", "ACCC"]}}, "count": 2}, "timeout": "5s"}},
    ]  # fmt: skip
    with server(tmp_path) as running:  # type: ignore[operator]
        service = {"host": running.host, "port": running.port, "ae_title": running.ae_title}
        site = write_site(tmp_path / "site.yaml", {"pacs": {"dicom": service}})
        scenario = write_scenario(tmp_path / "s.yaml", entries, patients=patients)
        out = tmp_path / "run"
        fabricate("run", scenario, "--site", site, "--registry", ":memory:", "--out", out).check()
    facts = steps(record(out))["query"]["facts"]
    assert sorted(one["AccessionNumber"] for one in facts["matches"]) == ["ACCA", "ACCC"]
    assert facts["queries"] == 3


def test_a_request_for_what_fits_no_single_association_names_one_object_where_lists_fail() -> None:
    held = [Held("1", f"1.{n}", f"1.2.{n}", known(f"9.{n}")) for n in range(40)]
    keys: dict[str, str | list[str]] = {"StudyInstanceUID": "1"}
    for lists, several in ((True, True), (False, False)):
        asked = [one.request.keys for one in portions("study", keys, held, uid_lists=lists)]
        assert any(isinstance(uid, list) for each in asked for uid in each.values()) is several


def test_where_lists_of_uids_fail_they_are_asked_for_and_fetched_one_by_one(tmp_path: Path) -> None:
    study = {"series": [{"modality": "CT", "images": 2, "size": [16, 16]}]}
    uids = ["{{ studies[0].uid }}", "{{ studies[1].uid }}"]
    images = ["{{ images[0].uid }}", "{{ images[1].uid }}"]
    of_one = {"StudyInstanceUID": uids[0], "SeriesInstanceUID": "{{ series[0].uid }}"}
    entries = [
        {"send": {"to": "pacs"}},
        {"query": {"on": "pacs", "level": "study", "match": {"StudyInstanceUID": uids}}},
        {"retrieve": {"from": "pacs", "match": {"StudyInstanceUID": uids}}, "save_as": "both"},
        {"retrieve": {"from": "pacs", "level": "image",
                      "match": {**of_one, "SOPInstanceUID": images}}, "save_as": "of_one"},
        {"assert": [{check: {"of": of, "equal": "sent"}}
                    for of in ("both", "of_one") for check in ("tags", "pixels")]},
    ]  # fmt: skip
    with qrscp(tmp_path) as running:
        service = {"host": running.host, "port": running.port, "ae_title": running.ae_title}
        scenario = write_scenario(tmp_path / "s.yaml", entries, patients=[{"studies": [study] * 3}])
        for lists, code in ((False, 0), (True, 4)):
            expects = {"repeated_matches": True, "uid_lists": lists}
            site = write_site(
                tmp_path / "site.yaml", {"pacs": {"dicom": service, "expects": expects}}
            )
            out = tmp_path / f"run {code}"
            fabricate(
                "run", scenario, "--site", site, "--registry", ":memory:", "--out", out
            ).check(code)
    facts = steps(record(tmp_path / "run 0"))
    assert len(facts["query"]["facts"]["matches"]) == 2
    assert (facts["retrieve"]["facts"]["instances"], facts["retrieve-2"]["facts"]["instances"]) == (
        4,
        2,
    )


def test_what_orthanc_has_of_a_list_comes_where_it_is_asked_for_one_by_one(tmp_path: Path) -> None:
    study = {"series": [{"modality": "CT", "images": 2, "size": [16, 16]}]}
    of_one = {
        "StudyInstanceUID": "{{ studies[0].uid }}",
        "SeriesInstanceUID": "{{ series[0].uid }}",
    }
    uids = ["{{ images[0].uid }}", "1.2.3"]
    asked = {"level": "image", "match": {**of_one, "SOPInstanceUID": uids}}
    entries = [
        {"send": {"to": "pacs"}},
        {"retrieve": {"from": "pacs", "via": "c-get", **asked}},
    ]
    told = {}
    with orthanc(tmp_path) as running:
        service = {"host": running.host, "port": running.port, "ae_title": running.ae_title}
        scenario = write_scenario(tmp_path / "s.yaml", entries, patients=[{"studies": [study]}])
        for lists in (True, False):
            pacs = {"dicom": service, "expects": {"uid_lists": lists}}
            site = write_site(tmp_path / "site.yaml", {"pacs": pacs})
            run: list[str | Path] = ["run", scenario, "--site", site, "--registry", ":memory:"]
            fabricate(*run, "--out", tmp_path / f"run {lists}").check(1)
            told[lists] = steps(record(tmp_path / f"run {lists}"))["retrieve"]["message"]
    assert "0 instances retrieved, 0 failed; status C000" in told[True]
    assert "expects: {uid_lists: false}" in told[True]
    assert told[False] == (
        "1 instance retrieved, 0 failed; status C000; nothing of 1.2.3, which the step names"
    )


@pytest.mark.parametrize("via", ["c-get", "c-move"])
def test_a_study_that_is_named_beside_others_and_does_not_come_fails_the_retrieval(
    tmp_path: Path, via: str
) -> None:
    """dcmqrscp answers a list of UIDs with what it has of them, and with success."""
    ours, study = free_port(), {"series": [{"modality": "CT", "images": 1, "size": [16, 16]}]}
    both = ["{{ studies[0].uid }}", "{{ studies[1].uid }}"]
    retrieve = {"from": "pacs", "via": via}
    numbers = ["{{ studies[0].accession }}", "NOSUCH"]
    entries = [
        {"send": {"to": "pacs"}},
        {"retrieve": {**retrieve, "match": {"StudyInstanceUID": both}}, "id": "both"},
        {"retrieve": {**retrieve, "match": {"AccessionNumber": numbers}}, "id": "numbers"},
    ]
    last = [
        {"retrieve": {**retrieve, "match": {"StudyInstanceUID": [*both, "2.25.99"]}}, "id": "named"},
        {"retrieve": {**retrieve, "level": "patient", "match": {"PatientID": ["HERE", "GONE"]}}, "id": "people"},
    ]  # fmt: skip
    with dcmqrscp(tmp_path, peers=[Modality("FABRICATE", ours)]) as running:
        service = {"host": running.host, "port": running.port, "ae_title": running.ae_title}
        site = write_site(
            tmp_path / "site.yaml", {"pacs": {"dicom": service}}, receiver={"port": ours}
        )
        people = [{"id": "HERE", "studies": [study, study]}]
        file = write_scenario(tmp_path / "s.yaml", entries, patients=people, **{"finally": last})
        out = tmp_path / "run"
        fabricate("run", file, "--site", site, "--registry", ":memory:", "--out", out).check(1)
    told = {key: (one["outcome"], one["message"]) for key, one in steps(record(out)).items()}
    assert told["both"] == ("passed", "2 instances retrieved")
    assert told["numbers"][0] == "passed"
    assert "nothing fits AccessionNumber NOSUCH" in told["numbers"][1]
    assert told["named"] == (
        "failed", "2 instances retrieved; nothing of 2.25.99, which the step names",
    )  # fmt: skip
    assert told["people"][0] == "failed"
    assert "nothing of GONE, which the step names" in told["people"][1]


def test_what_is_named_and_not_sent_to_somebody_else_fails_the_move(tmp_path: Path) -> None:
    """The counts were all there was to judge by, and they do not tell what of a list was not there."""
    series = {"modality": "CT", "images": 1, "size": [16, 16]}
    moved = {"from": "pacs", "via": "c-move", "destination": "SINK"}
    there, above = "{{ series[0].uid }}", {"StudyInstanceUID": "{{ studies[0].uid }}"}
    entries = [
        {"send": {"to": "pacs"}},
        {"retrieve": {**moved, "level": "series", "match": {**above, "SeriesInstanceUID": [there, "{{ series[1].uid }}"]}}, "id": "both"},
    ]  # fmt: skip
    last = [
        {"retrieve": {**moved, "level": "series", "match": {**above, "SeriesInstanceUID": [there, "2.25.9"]}}, "id": "one"},
        {"retrieve": {**moved, "level": "patient", "match": {"PatientID": ["HERE", "GONE"]}}, "id": "people"},
    ]  # fmt: skip
    with (
        storescp(tmp_path, ae_title="SINK") as sink,
        dcmqrscp(tmp_path, peers=[Modality("FABRICATE", 11113), Modality("SINK", sink.port)]) as running,
    ):  # fmt: skip
        service = {"host": running.host, "port": running.port, "ae_title": running.ae_title}
        site = write_site(tmp_path / "site.yaml", {"pacs": {"dicom": service}})
        people = [{"id": "HERE", "studies": [{"series": [series, series]}]}]
        file = write_scenario(tmp_path / "s.yaml", entries, patients=people, **{"finally": last})
        out = tmp_path / "run"
        fabricate("run", file, "--site", site, "--registry", ":memory:", "--out", out).check(1)
        again = fabricate(
            "pacs", "retrieve", f"{running.ae_title}@{running.host}:{running.port}", "PatientID=HERE\\GONE",
            "--level", "patient", "--via", "c-move", "--destination", "SINK", "--calling", "FABRICATE",
        ).check(1)  # fmt: skip
    told = {key: (one["outcome"], one["message"]) for key, one in steps(record(out)).items()}
    assert told["both"][0] == "passed"
    assert told["one"][0] == "failed"
    assert told["one"][1].startswith(
        "1 instance sent to SINK; nothing of 2.25.9, which the step names"
    )
    assert told["people"][0] == "failed"
    assert "2 instances sent to SINK; nothing of GONE, which the step names" in told["people"][1]
    assert "nothing was sent to SINK of: GONE" in again.err
