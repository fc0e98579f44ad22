"""Studies of a real FHIR server: HAPI, in R4 and R5."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from pydicom import dcmread

from scenario_runner.pacs.server import EmbeddedPacs
from tests.peers.fhir_samples import (
    KNEE,
    PAIN,
    PRACTITIONER,
    everything,
    patient,
    request,
    study,
    typed,
    uid_of,
)
from tests.peers.hapi import FhirServer, hapi
from tests.registry.test_orders_of_runs import noted
from tests.running import fabricate, record, write_scenario, write_site
from tests.running import steps as steps_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.peer
COUNT = {"R4": 25, "R5": 6}
HERE = {"FABRICATE_REGISTRY": ":memory:"}


@pytest.fixture(scope="module", params=["R4", "R5"])
def server(request: pytest.FixtureRequest) -> Iterator[FhirServer]:
    with hapi(request.param) as running:
        running.load(everything(COUNT[running.release], running.release))
        yield running


def site(folder: Path, server: FhirServer) -> Path:
    targets = {"pacs": {"embedded": {}}, "ehr": {"fhir": {"url": server.base}}}
    return write_site(folder / "site.yaml", targets)


@pytest.mark.timeout(600)
def test_all_studies_become_what_they_say_and_dciodvfy_finds_no_error(
    tmp_path: Path, server: FhirServer
) -> None:
    conforms = {"conformant": {"with": ["standard", "dciodvfy"]}}
    path = write_scenario(
        tmp_path / "from_fhir.yaml",
        [{"generate": {"to": "made"}}, {"send": {"to": "pacs"}}, {"assert": [{"stored": {"on": "pacs"}}, conforms]}],
        patients=[{"from": {"fhir": "ehr", "max_studies": COUNT[server.release]}}],
    )  # fmt: skip
    fabricate("run", path, "--site", site(tmp_path, server), "--out", tmp_path / "out", env=HERE,
              patience=500).check()  # fmt: skip
    made = [dcmread(file, stop_before_pixels=True) for file in (tmp_path / "out").rglob("*.dcm")]
    wanted = {
        (uid_of(study), uid_of(study, series), uid_of(study, series, image))
        for study in range(1, COUNT[server.release] + 1)
        for series in (1, 2)
        for image in range(1, 4 - series)
    }
    assert {
        (one.StudyInstanceUID, one.SeriesInstanceUID, one.SOPInstanceUID) for one in made
    } == wanted
    assert len(made) == len(wanted)
    for one in made:
        number = int(one.AccessionNumber.removeprefix("ACC"))
        who = 1 + (number - 1) % 20
        assert one.StudyInstanceUID == uid_of(number)
        assert str(one.PatientName) == f"Test{who}^Anna^Maria"
        assert (one.PatientID, one.IssuerOfPatientID) == (f"MRN{who:04}", "1.2.36.146")
        assert str(one.RequestingPhysician) == "Referrer^Rita^^Dr."
        assert one.RequestAttributesSequence[0].RequestedProcedureDescription == "As ordered"
        assert one.TimezoneOffsetFromUTC == "+0200"
    # The server is asked once: its answers are in the run folder.
    folder = tmp_path / "out" / "inputs"
    assert len(list(folder.glob("read-*"))) == 1
    assert any(target["name"] == "ehr" for target in record(tmp_path / "out")["targets"])


def test_a_query_finds_the_studies_of_one_patient_and_modality(
    tmp_path: Path, server: FhirServer
) -> None:
    source = {"fhir": "ehr", "query": {"patient": "Patient/p3", "modality": "CR"}}
    path = write_scenario(
        tmp_path / "one.yaml", [{"log": {"message": "x"}}], patients=[{"from": source}]
    )
    done = fabricate("plan", path, "--site", site(tmp_path, server), env=HERE).check()
    assert "1 patient, 1 study, 2 series, 3 images" in done.out
    assert "MRN0003  Test3^Anna^Maria" in done.out


def test_what_the_server_refuses_is_told_in_its_words(tmp_path: Path, server: FhirServer) -> None:
    source = {"fhir": "ehr", "query": {"colour": "red"}}
    path = write_scenario(
        tmp_path / "bad.yaml", [{"log": {"message": "x"}}], patients=[{"from": source}]
    )
    done = fabricate("plan", path, "--site", site(tmp_path, server), env=HERE).check(4)
    assert "HTTP 400" in done.err
    assert "colour" in done.err


def test_a_rerun_asks_nobody(tmp_path: Path) -> None:
    with hapi("R4") as running:
        resources = everything(2)
        for one in resources:
            if one["resourceType"] == "Patient":
                one["birthDate"] = "1951"
        running.load(resources)
        path = write_scenario(
            tmp_path / "two.yaml", [{"generate": {}}], patients=[{"from": {"fhir": "ehr"}}]
        )
        where = site(tmp_path, running)
        done = fabricate("run", path, "--site", where, "--out", tmp_path / "out", env=HERE).check()
    assert "birthDate is left out: '1951' is known to the year only" in done.err
    fabricate("rerun", tmp_path / "out", "--out", tmp_path / "again", env=HERE).check()
    first, again = record(tmp_path / "out"), record(tmp_path / "again")
    assert first["cases"][0]["patients"] == again["cases"][0]["patients"]
    assert first["remarks"] == again["remarks"] != []


@pytest.mark.parametrize("source", [{"fhir": "ehr"}, {"on": "ehr", "fhir": {"modality": "CT"}}])
def test_production_is_asked_only_when_that_is_said(tmp_path: Path, source: dict[str, Any]) -> None:
    targets = {"ehr": {"fhir": {"url": "http://127.0.0.1:9/fhir"}, "environment": "production"}}
    where = write_site(tmp_path / "site.yaml", targets)
    path = write_scenario(
        tmp_path / "s.yaml", [{"log": {"message": "x"}}], patients=[{"from": source}]
    )
    done = fabricate("run", path, "--site", where, "--out", tmp_path / "out", env=HERE).check(2)
    assert "which may be production" in done.err


def test_from_fhir_makes_sends_and_writes_back_and_one_bad_study_stops_no_other(
    tmp_path: Path,
) -> None:
    with hapi("R4") as running:
        resources = everything(6)
        for one in resources:
            if one["id"] == "s2":
                one["identifier"][1]["value"] = "LONGER-THAN-SIXTEEN"
            if one["id"] == "s3":
                one["series"][0]["modality"]["code"] = "RTDOSE"
            if one["id"] == "s4":
                one["subject"] = {"reference": "Patient/nobody"}
            if one["id"] == "s6":
                del one["identifier"][0]
        running.load([one for one in resources if one["id"] != "s5"])
        done = fabricate("from-fhir", running.base, "--query", "modality=CT", "--query", "_id=s6",
                         "--yes", "--dicom-dir", "one", "--out", "first", cwd=tmp_path, env=HERE).check()  # fmt: skip
        assert "in the PACS  yes: 3 of 3 images stored by pacs" in done.out
        file = tmp_path / "one" / "study_s6" / "series_010_CT" / "slice_0005.dcm"
        assert dcmread(file).SOPInstanceUID == uid_of(6, 1, 1)
        before = running.ask("GET", "ImagingStudy/s1")
        with EmbeddedPacs(tmp_path / "pacs") as pacs:
            web = pacs.open_web()
            targets = {"pacs": {"dicomweb": {"url": web}}}
            where = write_site(tmp_path / "site.yaml", targets)
            done = fabricate("from-fhir", running.base, "--site", where, "--yes", "--write-back",
                             "--out", "all", cwd=tmp_path, env=HERE).check(1)  # fmt: skip
        for words in (
            "ImagingStudy/s2, identifier[1].value: error FAB302",
            "ImagingStudy/s3, series[0].modality.code: error FAB306",
            "ImagingStudy/s4, subject.reference: error FAB502",
        ):
            assert words in done.err
        assert "2 resources: 2 updated" in done.out
        after = running.ask("GET", "ImagingStudy/s1")
        (endpoint,) = after.pop("endpoint")
        assert running.ask("GET", endpoint["reference"])["address"] == web
        # The one without a UID is no second study now: it has the one that its images have.
        file = next((tmp_path / "one" / "study_s6").rglob("*.dcm"))
        uid = {"system": "urn:dicom:uid", "value": f"urn:oid:{dcmread(file).StudyInstanceUID}"}
        assert uid in running.ask("GET", "ImagingStudy/s6")["identifier"]
        assert after == before  # all of it was stored as it stands there


@pytest.mark.parametrize("release", ["R4B", "R5"])
def test_what_a_study_refers_to_is_read_and_stays_when_it_is_written_back(
    tmp_path: Path, release: str
) -> None:
    s1, newer = study(1, "CT", release), release == "R5"
    pain = {"reference": "Condition/c1"}
    s1 |= {"reason": [{"reference": pain}]} if newer else {"reasonReference": [pain]}
    s1["basedOn"].insert(0, {"reference": "Task/t1"})
    s1["series"][0]["instance"][0]["title"] = "First"
    done = {"reference": "Procedure/x"}
    s1 |= {"procedure": [{"reference": done}]} if newer else {"procedureReference": done}
    who = {"system": "urn:oid:1.2.36.146", "value": "MRN0001"}
    s2 = study(2, "CR", release, subject={"identifier": who}, started="2026")
    s2["basedOn"] = [{"identifier": typed("ACSN", "OF-AN-ORDER")}]
    del s2["identifier"][1:]
    beside = [
        s2,
        {"resourceType": "Procedure", "id": "x", "status": "completed", "subject": s1["subject"],
         "code": {"text": "As done"}},
        {"resourceType": "Task", "id": "t1", "status": "requested", "intent": "order"},
        {"id": "c1", "subject": s1["subject"], **PAIN},
        PRACTITIONER, patient(1), request(1, release), s1,
    ]  # fmt: skip
    if newer:
        s1["series"][0]["bodySite"] = {"reference": {"reference": "BodyStructure/b1"}}
        beside.append({"id": "b1", "patient": s1["subject"], **KNEE})
    with hapi(release) as running:
        running.load(beside)
        before = running.ask("GET", "ImagingStudy/s1")
        fabricate("from-fhir", running.base, "--yes", "--dicom-dir", "made", "--out", "out",
                  "--write-back", cwd=tmp_path, env=HERE).check()  # fmt: skip
        after = running.ask("GET", "ImagingStudy/s1")
    image = dcmread(tmp_path / "made" / "study_s1" / "series_010_CT" / "slice_0005.dcm")
    (asked,) = image.RequestAttributesSequence
    assert image.BodyPartExamined == ("KNEE" if newer else "CHEST")
    assert asked.ReasonForTheRequestedProcedure == PAIN["code"]["text"]
    (other, *_) = (tmp_path / "made" / "study_s2").rglob("*.dcm")
    found = dcmread(other)
    assert (found.PatientID, found.PatientName) == ("MRN0001", "Test1^Anna^Maria")
    assert (found.AccessionNumber, found.StudyDate) == ("OF-AN-ORDER", "20260203")
    if newer:
        first = after["series"][0]
        site, side = first["bodySite"].pop("concept"), first.pop("laterality")
        said = KNEE["includedStructure"][0]
        assert site["coding"][0]["code"] == said["structure"]["coding"][0]["code"]
        assert side["coding"][0]["code"] == said["laterality"]["coding"][0]["code"]
    assert after == before


def test_steps_write_what_was_stored_once_and_find_it_again(
    tmp_path: Path, server: FhirServer
) -> None:
    steps = [
        {"send": {"to": "pacs"}},
        {"fhir_write": {"to": "ehr", "resource": "imaging_study"}, "save_as": "made"},
        {"fhir_write": {"to": "ehr", "resource": "imaging_study"}, "save_as": "again"},
        {"fhir_write": {"to": "ehr", "resource": "service_request"}},
        {"fhir_search": {"on": "ehr", "resource": "ImagingStudy",
                         "query": {"identifier": "urn:oid:{{ studies[0].uid }}"}}, "save_as": "found"},
        {"fhir_search": {"on": "ehr", "resource": "ImagingStudy",
                         "query": {"identifier": "urn:oid:1.2.3.4.5.6"}}, "id": "nobody"},
        {"fhir_read": {"on": "ehr", "url": "{{ found[0].subject.reference }}"}, "save_as": "who"},
        {"assert": [
            {"equal": {"actual": "{{ found | length }}", "expected": 1}},
            {"equal": {"actual": "{{ made[0].outcome }} {{ again[0].outcome }}", "expected": "created unchanged"}},
            {"equal": {"actual": "{{ found[0].numberOfInstances }}", "expected": 2}},
            {"equal": {"actual": "{{ who.name[0].family }}", "expected": "Citizen"}},
        ]},
        {"fhir_read": {"on": "ehr", "url": "Patient/none"}, "fails": "404"},
    ]  # fmt: skip
    path = write_scenario(
        tmp_path / "write.yaml",
        steps,
        patients=[
            {"id": f"W{server.release}", "name": "Citizen^Jane", "studies": [{"series": [
                {"modality": "CT", "images": 2, "size": [32, 32]}]}]}
        ],
    )  # fmt: skip
    fabricate(
        "run", path, "--site", site(tmp_path, server), "--out", tmp_path / "out", env=HERE
    ).check()


ONE_CT = [{"modality": "CT", "images": 1, "size": [16, 16]}]


def consistent(folder: Path, server: FhirServer, number: int, given: list[Any], code: int) -> str:
    """What the last step, a check of ``consistent``, says. number: tells patients apart."""
    patients = [
        {"id": f"C{server.release}{number}", "name": "Citizen^Jane", "studies": [
            {"accession": f"C{server.release}{number}", "series": ONE_CT}]}
    ]  # fmt: skip
    path = write_scenario(folder / "consistent.yaml", given, patients=patients)
    where = site(folder, server)
    fabricate("run", path, "--site", where, "--out", folder / "out", env=HERE).check(code)
    *_, last = steps_of(record(folder / "out")).values()
    message: str = last["message"]
    return message


def test_an_imaging_study_agrees_with_plan_images_and_report(
    tmp_path: Path, server: FhirServer
) -> None:
    given = [
        {"send": {"to": "pacs"}},
        {"fhir_write": {"to": "ehr", "resource": "imaging_study"}, "save_as": "made"},
        {"fhir_search": {"on": "ehr", "resource": "ImagingStudy",
                         "query": {"identifier": "urn:oid:{{ studies[0].uid }}"}}, "save_as": "found"},
        {"fhir_read": {"on": "ehr", "url": "{{ made[0].reference }}"}, "save_as": "one"},
        {"retrieve": {"from": "pacs"}, "save_as": "back"},
        {"hl7_send": {"to": "pacs", "message": "ORU"}, "save_as": "report"},
        {"assert": [{"consistent": {"with": ["made", "found", "one", "back", "report"]}}]},
    ]  # fmt: skip
    assert "1 check passed" in consistent(tmp_path, server, 1, given, 0)


def test_a_difference_of_an_imaging_study_or_its_patient_is_named(
    tmp_path: Path, server: FhirServer
) -> None:
    somebody = {
        "resourceType": "Patient", "id": f"other{server.release}",
        "identifier": [{"value": "P9"}], "name": [{"family": "Citizan", "given": ["Jane"]}],
    }  # fmt: skip
    modality: dict[str, Any] = {"code": "CT"}
    wrong = {
        "resourceType": "ImagingStudy", "id": f"wrong{server.release}", "status": "available",
        "identifier": [
            {"system": "urn:dicom:uid", "value": "urn:oid:1.2.3.4"},
            {"type": {"coding": [{"code": "ACSN"}]}, "value": "A9"},
        ],
        "subject": {"reference": f"Patient/other{server.release}"},
        "modality": [{"coding": [modality]} if server.release == "R5" else modality],
    }  # fmt: skip
    given = [
        {"fhir_write": {"to": "ehr", "body": somebody}},
        {"fhir_write": {"to": "ehr", "body": wrong}, "save_as": "made"},
        {"fhir_read": {"on": "ehr", "url": f"ImagingStudy/wrong{server.release}"}, "save_as": "one"},
        {"assert": [{"consistent": {"with": ["made", "one"]}}]},
    ]  # fmt: skip
    said = consistent(tmp_path, server, 2, given, 1)
    for words in (
        f"PatientID: plan 'C{server.release}2', made 'P9', one 'P9'",
        "PatientName: plan 'Citizen^Jane', made 'Citizan^Jane', one 'Citizan^Jane'",
        f"AccessionNumber: plan 'C{server.release}2', made 'A9', one 'A9'",
        "made '1.2.3.4', one '1.2.3.4'",
    ):
        assert words in said


def test_an_imaging_study_whose_patient_nobody_has_is_no_agreement(
    tmp_path: Path, server: FhirServer
) -> None:
    body = {
        "resourceType": "ImagingStudy", "id": f"lost{server.release}", "status": "available",
        "identifier": [{"system": "urn:dicom:uid", "value": "urn:oid:{{ studies[0].uid }}"}],
        "subject": {"reference": "Patient/nobody"},
    }  # fmt: skip
    given = [
        {"fhir_write": {"to": "ehr", "body": body}, "save_as": "made"},
        {"assert": [{"consistent": {"with": "made"}}]},
    ]
    said = consistent(tmp_path, server, 3, given, 1)
    assert f"ImagingStudy/lost{server.release}, subject.reference" in said
    assert "'Patient/nobody' is no patient: the server does not have it" in said


def test_the_order_that_a_study_refers_to_is_noted_in_the_registry(
    tmp_path: Path, server: FhirServer
) -> None:
    registry = tmp_path / "registry.sqlite3"
    fabricate("from-fhir", server.base, "--query", "_id=s6", "--yes", "--registry", registry,
              "--out", "out", cwd=tmp_path).check()  # fmt: skip
    assert noted(registry) == [("placer", "P6", "ACC00006", "MRN0006", "CT")]
