"""An ImagingStudy becomes the study that it describes: each line of the table, in R4 and in R5."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenario_runner.dicom import forms
from scenario_runner.errors import InvalidInput
from scenario_runner.orders.fhir import mapping
from scenario_runner.orders.fhir.names import person_name
from scenario_runner.orders.fhir.studies import orders
from scenario_runner.orders.fhir.study_reader import Collected
from scenario_runner.orders.fhir.writing import merged, service_request
from scenario_runner.orders.order import Order
from scenario_runner.orders.sources.patients import patients
from tests.peers import fhir_samples as samples
from tests.peers.fhir_samples import KNEE, PAIN, REPRESENTATION, typed
from tests.planning.support import plan

BESIDE = {
    "Patient/p1": samples.patient(
        1,
        _birthDate={
            "extension": [
                {
                    "url": "http://hl7.org/fhir/StructureDefinition/patient-birthTime",
                    "valueDateTime": "1951-03-02T04:05:06Z",
                }
            ]
        },
        address=[{"use": "home", "line": ["1 Main Street"], "city": "Town", "postalCode": "1234"}],
        telecom=[
            {"system": "email", "value": "a@b"},
            {"system": "phone", "value": "+1 (555) 010-0123"},
        ],
    ),
    "Practitioner/d1": samples.PRACTITIONER,
    "Practitioner/d2": {**samples.PRACTITIONER, "name": [{"family": "Reader"}]},
    "Encounter/e1": {"resourceType": "Encounter", "identifier": [typed("VN", "V77")]},
}
NOW_WHAT = {
    "text": "Why",
    "coding": [{"system": "http://snomed.info/sct", "code": "1", "display": "W"}],
}


def read(study: dict[str, Any], release: str = "R4", beside: dict[str, Any] | None = None) -> Order:
    every = {**BESIDE, "ServiceRequest/r1": samples.request(1, release), **(beside or {})}
    (one,) = orders(Collected(release, [study], every))
    if isinstance(one, InvalidInput):
        raise one
    return one


def full(release: str) -> dict[str, Any]:
    newer = release == "R5"
    procedure = {"coding": [{"system": "urn:x", "code": "CTCHEST", "display": "CT chest"}]}
    study = samples.study(
        1,
        "CT",
        release,
        encounter={"reference": "Encounter/e1"},
        referrer={"reference": "Practitioner/d1"},
        location={"display": "Radiology 2"},
        **(
            {"procedure": [{"concept": procedure}], "reason": [{"concept": NOW_WHAT}]}
            if newer
            else {
                "procedureCode": [procedure],
                "reasonCode": [NOW_WHAT],
                "interpreter": [{"reference": "Practitioner/d2"}],
            }
        ),
    )
    left = {"system": "http://snomed.info/sct", "code": "7771000", "display": "Left"}
    study["series"][0]["laterality"] = {"coding": [left]} if newer else left
    study["series"][0]["performer"] = [{"actor": {"reference": "Practitioner/d1"}}]
    return study


EXPECTED = {
    "PatientID": "MRN0001",
    "IssuerOfPatientID": "1.2.36.146",
    "PatientName": "Test1^Anna^Maria",
    "PatientBirthDate": "19510302",
    "PatientBirthTime": "040506",
    "PatientSex": "M",
    "PatientAddress": "1 Main Street, Town, 1234",
    "PatientTelephoneNumbers": "+15550100123",
    "StudyInstanceUID": samples.uid_of(1),
    "AccessionNumber": "ACC00001",
    "StudyDescription": "CT of the chest",
    "StudyDate": "20260202",
    "StudyTime": "101015",
    "TimezoneOffsetFromUTC": "+0200",
    "ReferringPhysicianName": "Referrer^Rita^^Dr.",
    "NameOfPhysiciansReadingStudy": "Reader",
    "InstitutionalDepartmentName": "Radiology 2",
    "RequestedProcedureCodeSequence": [
        {"CodeValue": "CTCHEST", "CodingSchemeDesignator": "99LOCAL", "CodeMeaning": "CT chest"}
    ],
    "ReasonForTheRequestedProcedure": "Why",
    "ReasonForRequestedProcedureCodeSequence": [
        {"CodeValue": "1", "CodingSchemeDesignator": "SCT", "CodeMeaning": "W"}
    ],
    "PlacerOrderNumberImagingServiceRequest": "P1",
    "FillerOrderNumberImagingServiceRequest": "F1",
    "OrderPlacerIdentifierSequence": [
        {"UniversalEntityID": "1.2.36.7", "UniversalEntityIDType": "ISO"}
    ],
    "OrderFillerIdentifierSequence": [
        {
            "LocalNamespaceEntityID": "RIS",
            "UniversalEntityID": "http://ris/orders",
            "UniversalEntityIDType": "URI",
        }
    ],
    "RequestingPhysician": "Referrer^Rita^^Dr.",
    "IssueDateOfImagingServiceRequest": "20260201",
    "IssueTimeOfImagingServiceRequest": "100000",  # in the zone of the study's start
    "RequestedProcedureDescription": "As ordered",
    "RequestedProcedurePriority": "STAT",
    "AdmissionID": "V77",
}
SERIES = {
    "SeriesInstanceUID": samples.uid_of(1, 1), "SeriesNumber": 10, "Modality": "CT",
    "SeriesDescription": "Series 1", "BodyPartExamined": "CHEST", "Laterality": "L",
    "SeriesDate": "20260202", "SeriesTime": "101130", "PerformingPhysicianName": "Referrer^Rita^^Dr.",
}  # fmt: skip


@pytest.mark.parametrize("release", ["R4", "R4B", "R5"])
def test_every_line_of_the_table_gives_its_attribute(release: str) -> None:
    order = read(full(release), release)
    found = {keyword: said.value for keyword, said in order.said.items()}
    wanted = dict(EXPECTED)
    if release == "R5":
        del wanted["NameOfPhysiciansReadingStudy"]  # R5's ImagingStudy has no interpreter
    assert found == wanted
    first = order.series[0]
    keys = {**first["tags"], "SeriesNumber": first["number"], "Modality": first["modality"],
            "SeriesDescription": first["description"], "BodyPartExamined": first["body_part"],
            "Laterality": first["laterality"]}  # fmt: skip
    assert keys == SERIES
    assert first["sop_class"] == samples.CLASSES["CT"]
    assert first["instances"][1] == {"uid": samples.uid_of(1, 1, 2), "number": 6}
    instance = {"SOPInstanceUID", "SOPClassUID", "InstanceNumber"}
    assert {line.attribute for line in mapping.lines()} == {*EXPECTED, *SERIES, *instance}


def test_an_order_speaks_where_the_study_says_nothing() -> None:
    study = full("R4")
    for key in ("identifier", "referrer", "reasonCode", "procedureCode"):
        del study[key]
    request = samples.request(1) | {
        "identifier": [typed("ACSN", "FROMREQ")],
        "reasonCode": [{"text": "Cough"}],
    }
    order = read(study, beside={"ServiceRequest/r1": request})
    assert order.text("AccessionNumber") == "FROMREQ"
    assert order.text("ReferringPhysicianName") == "Referrer^Rita^^Dr."
    assert order.text("ReasonForTheRequestedProcedure") == "Cough"


@pytest.mark.parametrize("own", [True, False])
def test_the_visit_is_that_of_the_study_else_that_of_its_order(own: bool) -> None:
    study = full("R4") | {"encounter": {"reference": "Encounter/e1"}}
    if not own:
        del study["encounter"]
    beside = {
        "ServiceRequest/r1": samples.request(1) | {"encounter": {"reference": "Encounter/e2"}},
        **{
            f"Encounter/e{n}": {"resourceType": "Encounter", "identifier": [{"value": f"V{n}"}]}
            for n in (1, 2)
        },
    }
    assert read(study, beside=beside).text("AdmissionID") == ("V1" if own else "V2")
    del beside["Encounter/e1"]["identifier"]
    assert read(study, beside=beside).text("AdmissionID") == ("" if own else "V2")


@pytest.mark.parametrize(
    ("names", "written"),
    [
        ([{"family": "Chalmers", "given": ["Peter", "James"]}], "Chalmers^Peter^James"),
        ([{"family": "A^B=C\\D", "given": ["E\nF"]}], "A B C D^E F"),
        ([{"text": "Smith, Jane"}], "Smith^Jane"),
        ([{"use": "old", "family": "Old"}, {"family": "Now"}], "Now"),
        ([{"family": "X", "prefix": ["Dr."], "suffix": ["JR"]}], "X^^^Dr.^JR"),
        ([{"family": "山田", "given": ["太郎"]}, {"family": "Yamada", "given": ["Taro"]},
          {"family": "やまだ", "given": ["たろう"]}], "Yamada^Taro=山田^太郎=やまだ^たろう"),
        ([{"family": "Latin", "extension": [{"url": REPRESENTATION, "valueCode": "IDE"}]}], "=Latin"),
        ([{}], ""),
    ],
)  # fmt: skip
def test_names_are_family_and_given_with_their_groups(
    names: list[dict[str, Any]], written: str
) -> None:
    assert person_name(names)[0] == written


@pytest.mark.parametrize("birth", ["1970", "1970-05"])
def test_a_partial_date_leaves_the_attribute_empty_and_is_told(birth: str) -> None:
    order = read(full("R4"), beside={"Patient/p1": samples.patient(1, birthDate=birth)})
    assert order.said["PatientBirthDate"].text == ""
    assert any("Patient/p1, birthDate is left out" in one and birth in one for one in order.remarks)
    ((one),) = patients([order])
    assert one.tree["tags"]["PatientBirthDate"] is None
    assert one.tree["tags"]["PatientAge"] is None


@pytest.mark.parametrize(
    "given", ["urn:uuid:8f0d4e6c-4f5d-4b6e-9f61-1d5d0a1b2c3d", "1.02.3", "not a uid", "1." * 40]
)
def test_what_is_no_uid_is_replaced_by_one_that_follows_from_it_and_told(given: str) -> None:
    study = full("R4")
    study["series"][0]["uid"] = given
    first, again = read(study), read(study)
    uid = first.series[0]["tags"]["SeriesInstanceUID"]
    assert not forms.uid_fault(uid)
    assert uid == again.series[0]["tags"]["SeriesInstanceUID"]
    assert any("ImagingStudy/s1, series[0].uid" in one and uid in one for one in first.remarks)


def test_a_uuid_becomes_the_uid_that_stands_for_it() -> None:
    study = full("R4")
    study["series"][0]["uid"] = "urn:uuid:00000000-0000-0000-0000-0000000000ff"
    assert read(study).series[0]["tags"]["SeriesInstanceUID"] == "2.25.255"


def test_a_series_without_instances_is_what_is_usual_for_its_modality() -> None:
    study = full("R4")
    study["series"] = [
        {"uid": samples.uid_of(1, place), "modality": {"code": modality}}
        for place, modality in enumerate(("CT", "MR", "XR", "US", "MG", "PT"), 1)
    ]
    usual = [(one.get("images"), one.get("size")) for one in read(study).series]
    assert usual == [
        (30, [512, 512]), (25, [256, 256]), (1, [2048, 2048]), (None, [480, 640]),
        (None, [4096, 3328]), (None, None),
    ]  # fmt: skip
    study["series"][0]["numberOfInstances"] = 3
    assert read(study).series[0]["instances"] == [{}, {}, {}]


def test_instances_that_are_counted_and_not_listed_are_made_too() -> None:
    study = full("R4")
    study["series"][0]["numberOfInstances"] = 5
    assert len(read(study).series[0]["instances"]) == 5


def test_a_study_that_lists_no_series_has_one_of_each_modality() -> None:
    study = full("R4") | {"series": [], "modality": [{"code": "CT"}, {"code": "SR"}]}
    assert [one["modality"] for one in read(study).series] == ["CT", "SR"]


@pytest.mark.parametrize("count", ["numberOfSeries", "numberOfInstances"])
def test_a_study_that_counts_no_images_is_not_made(count: str) -> None:
    study = full("R4") | {"series": [], "modality": [{"code": "CT"}], count: 0}
    order = read(study)
    assert (order.status, order.series) == ("cancelled", [])
    assert "ImagingStudy/s1 has no images by what it counts: not made" in order.remarks


def test_a_series_that_counts_no_instances_is_not_made_unless_it_lists_some() -> None:
    study = full("R4")
    for one in study["series"]:
        one["numberOfInstances"] = 0
    study["series"][1]["instance"] = []
    order = read(study)
    assert [one["tags"]["SeriesInstanceUID"] for one in order.series] == [samples.uid_of(1, 1)]
    assert "ImagingStudy/s1, series[1].numberOfInstances is 0: the series is not made" in (
        order.remarks
    )
    study["series"] = study["series"][1:]
    assert read(study).status == "cancelled"


def test_instances_of_a_study_that_lists_no_series_are_as_many_as_it_counts() -> None:
    study = full("R4") | {"series": [], "numberOfSeries": 3, "numberOfInstances": 8}
    study["modality"] = [{"code": "CT"}, {"code": "SR"}]
    found = [(one["modality"], one["images"]) for one in read(study).series]
    assert found == [("CT", 3), ("SR", 3), ("SR", 2)]


def test_instances_of_two_classes_are_two_series_of_one_uid() -> None:
    study = full("R4")
    enhanced = "1.2.840.10008.5.1.4.1.1.2.1"
    study["series"][0]["instance"][1]["sopClass"]["code"] = f"urn:oid:{enhanced}"
    one, other, _ = read(study).series
    assert (one["sop_class"], other["sop_class"]) == (samples.CLASSES["CT"], enhanced)
    assert one["tags"]["SeriesInstanceUID"] == {"raw": samples.uid_of(1, 1)}
    assert other["tags"]["SeriesInstanceUID"] == {"raw": samples.uid_of(1, 1)}


@pytest.mark.parametrize(
    ("change", "place", "words"),
    [
        ({"subject": None}, "ImagingStudy/s1, subject", "nobody is named"),
        ({"subject": {"reference": "Patient/9"}}, "ImagingStudy/s1, subject.reference", "Patient/9"),
        ({"started": "last week"}, "ImagingStudy/s1, started", "no date"),
        ({"started": "2026-02-30"}, "ImagingStudy/s1, started", "no day of the calendar"),
        ({"procedure": [{}]}, "ImagingStudy/s1, procedure[0]", "element of R5"),
        ({"modality": [{"coding": [{"code": "CT"}]}]}, "ImagingStudy/s1, modality[0].coding[0]", "R5"),
        ({"series": [{"uid": 7}]}, "ImagingStudy/s1, series[0].uid", "no UID"),
        ({"series": [{"uid": "1.2", "instance": [{"sopClass": {"code": "CT"}}]}]},
         "ImagingStudy/s1, series[0].instance[0].sopClass.code", "no SOP class"),
        ({"series": [{"uid": "1.2", "number": -1}]}, "ImagingStudy/s1, series[0].number", "no number"),
        ({"series": ["x"]}, "ImagingStudy/s1, series[0]", "no series"),
    ],
)  # fmt: skip
def test_what_cannot_be_made_is_told_with_its_place(
    change: dict[str, Any], place: str, words: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        read(full("R4") | change)
    first = caught.value.diagnostics[0]
    assert first.where.named == place
    assert words in first.message


def test_studies_that_were_cancelled_are_not_made_and_told() -> None:
    order = read(full("R4") | {"status": "entered-in-error"})
    assert order.status == "cancelled"
    assert "ImagingStudy/s1 is entered-in-error: not made" in order.remarks


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=8,
)
KEYS = sorted({key for line in mapping.lines() for path in line.paths for key in path.replace("[", ".").split(".")[:1]})  # fmt: skip


@given(
    st.dictionaries(
        st.sampled_from([*KEYS, "series", "status", "basedOn", "contained"]), ANYTHING, max_size=6
    )
)
def test_no_resource_ends_in_anything_but_an_order_or_diagnostics(change: dict[str, Any]) -> None:
    for release in ("R4", "R5"):
        study = full(release) | change
        beside = {**BESIDE, "Patient/p1": samples.patient(1) | change, "ServiceRequest/r1": change}
        (one,) = orders(Collected(release, [study], beside))
        if isinstance(one, Order):
            json.dumps([made.tree for made in patients([one])])


def test_a_body_structure_says_part_and_side() -> None:
    study = samples.study(1, "CT", "R5")
    for one in study["series"]:
        one["bodySite"] = {"reference": {"reference": "BodyStructure/b1", "display": "Chest"}}
    found = read(study, "R5", {"BodyStructure/b1": KNEE}).series[0]
    assert (found["body_part"], found["laterality"]) == ("KNEE", "R")
    unread = read(study, "R5", {"BodyStructure/b1": None}).series[0]
    assert (unread["body_part"], unread.get("laterality")) == ("CHEST", None)


@pytest.mark.parametrize("release", ["R4", "R5"])
@pytest.mark.parametrize("of", ["ImagingStudy", "ServiceRequest"])
def test_a_reason_that_is_referred_to_is_read(release: str, of: str) -> None:
    reference = {"reference": "Condition/c1", "display": "as shown"}
    why: dict[str, Any] = (
        {"reason": [{"reference": reference}]}
        if release == "R5"
        else {"reasonReference": [reference]}
    )
    request = samples.request(1, release) | (why if of == "ServiceRequest" else {})
    study = samples.study(1, "CT", release, **(why if of == "ImagingStudy" else {}))
    for condition, text, codes in (
        (PAIN, "Pain in the knee", ["30989003"]),
        (None, "as shown", []),
    ):
        said = read(study, release, {"ServiceRequest/r1": request, "Condition/c1": condition}).said
        assert said["ReasonForTheRequestedProcedure"].text == text
        found = said.get("ReasonForRequestedProcedureCodeSequence")
        assert [one["CodeValue"] for one in (found.value if found else [])] == codes


def test_a_task_that_a_study_is_based_on_is_no_order() -> None:
    task = {
        "resourceType": "Task", "code": {"text": "fulfill"}, "authoredOn": "2020-01-01",
        "identifier": [typed("ACSN", "OFTASK")],
    }  # fmt: skip
    study = samples.study(1, "CT", basedOn=[{"reference": f"{one}1"} for one in ("Task/t", "ServiceRequest/r")])  # fmt: skip
    del study["identifier"][1]
    said = read(study, "R4", {"Task/t1": task}).said
    assert said["RequestedProcedureDescription"].text == "As ordered"
    assert "AccessionNumber" not in said


@pytest.mark.parametrize("release", ["R4", "R5"])
def test_what_a_server_says_of_a_study_beyond_the_plan_stays_when_it_is_written(
    release: str,
) -> None:
    before = samples.study(1, "CT", release)
    first = before["series"][0]
    first["instance"][0]["title"] = "Scout"
    if release == "R5":
        first["bodySite"]["reference"] = {"reference": "BodyStructure/b1"}
    now = copy.deepcopy(before)
    for series in now["series"]:
        del series["started"]
        for one in series["instance"]:
            one.pop("title", None)
    site = now["series"][0]["bodySite"]
    (coding,) = site["concept"]["coding"] if release == "R5" else [site]
    coding["display"] = "Thorax"
    site.pop("reference", None)
    assert merged(before, now) == before
    coding["code"] = "818981001"
    changed = merged(before, now)["series"][0]["bodySite"]
    assert changed == {**site, **({"reference": {"reference": "BodyStructure/b1"}} if release == "R5" else {})}  # fmt: skip


def test_why_a_value_was_lacking_is_not_said_beside_the_value_that_is_written() -> None:
    unknown = {"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}]}  # fmt: skip
    before = samples.study(1, "CT")
    del before["started"], before["series"][0]["started"]
    now = copy.deepcopy(before)
    before |= {"_started": unknown, "_description": unknown, "_status": {"id": "s1"}}
    before["series"][0] |= {"_started": unknown}
    before["series"][0]["instance"][0] |= {"_title": unknown}
    known = {"started": "2026-02-03T10:15:00+01:00"}
    now |= known
    now["series"][0] |= known
    written = merged(before, now)
    assert "_started" not in written
    assert "_started" not in written["series"][0]
    assert written["status"] == before["status"]
    assert written["_status"] == {"id": "s1"}
    assert written["series"][0]["instance"][0]["_title"] == unknown


def test_what_was_said_of_another_birth_date_is_not_said_of_the_one_that_is_written() -> None:
    before = BESIDE["Patient/p1"]
    assert merged(before, {"birthDate": before["birthDate"]}) == before
    assert "_birthDate" not in merged(before, {"birthDate": "1960-01-01"})


def test_what_is_written_keeps_the_fraction_of_a_time() -> None:
    written = '{modality: CT, date: 2026-02-03, time: "101500.25", tags: {TimezoneOffsetFromUTC: "+0100"}}'
    (case,) = plan(f"patients: [{{studies: [{written}]}}]")
    (study,) = case.studies()
    order = service_request(study, "R4", "Patient/1")
    assert order["authoredOn"] == "2026-02-03T10:15:00.250+01:00"


ONLY_AN_IDENTIFIER = {
    "identifier": {"system": "urn:oid:1.2.36.146", "value": "MRN|7"},
    "display": "Doe, Jane",
}


def test_a_patient_of_whom_only_an_identifier_is_said_is_that() -> None:
    order = read(samples.study(1, "CT", subject=ONLY_AN_IDENTIFIER))
    assert order.text("PatientID") == "MRN|7"
    assert order.text("IssuerOfPatientID") == "1.2.36.146"
    assert order.text("PatientName") == "Doe^Jane"
    assert any("subject" in one for one in order.remarks)
    with pytest.raises(InvalidInput):
        read(samples.study(1, "CT", subject={**ONLY_AN_IDENTIFIER, "type": "Group"}))


def test_an_accession_number_is_taken_from_an_order_that_has_no_address() -> None:
    one = {"type": "ServiceRequest", "identifier": typed("ACSN", "A77")}
    study = samples.study(1, "CT", basedOn=[one])
    study["identifier"] = study["identifier"][:1]
    order = read(study)
    assert order.text("AccessionNumber") == "A77"
    assert order.said["AccessionNumber"].where.label.startswith(
        "ImagingStudy/s1, ServiceRequest/?, identifier"
    )


@pytest.mark.parametrize("release", ["R4", "R5"])
def test_a_procedure_that_is_referred_to_is_read(release: str) -> None:
    done = {"reference": "Procedure/x"}
    study = samples.study(
        1,
        "CT",
        release,
        **(
            {"procedure": [{"reference": done}]}
            if release == "R5"
            else {"procedureReference": done}
        ),
    )
    del study["description"]
    coded = {"system": "http://loinc.org", "code": "24627-2", "display": "Chest CT"}
    order = read(
        study,
        release,
        {"Procedure/x": {"resourceType": "Procedure", "id": "x", "code": {"coding": [coded]}}},
    )
    assert order.text("StudyDescription") == "Chest CT"
    (item,) = order.said["RequestedProcedureCodeSequence"].items
    assert item["CodeValue"] == "24627-2"
    assert item["CodingSchemeDesignator"] == "LN"


@pytest.mark.parametrize(
    ("started", "date", "time"),
    [
        ("2026", "20260202", "101130"),
        ("2026-02", "20260202", "101130"),
        ("2026-02-02", "20260202", "101130"),
        ("2026-03", "", ""),
        ("2025", "", ""),
        ("2026-02-03", "20260203", None),
    ],
)
def test_a_start_that_is_known_in_part_is_that_of_a_series_of_that_time(
    started: str, date: str, time: str | None
) -> None:
    order = read(samples.study(1, "CT", started=started))
    assert order.text("StudyDate") == date
    assert (order.text("StudyTime") if "StudyTime" in order.said else None) == time
    (patient,) = patients([order])
    tags = patient.tree["studies"][0]["tags"]
    assert ("PatientAge" in tags) == (date == ""), "of a day that nobody knows"


def test_a_series_that_is_listed_twice_is_one_with_each_instance_once() -> None:
    study = samples.study(1, "CT")
    first = study["series"][0]
    further = {"uid": samples.uid_of(1, 1, 77), "sopClass": first["instance"][0]["sopClass"]}
    again = copy.deepcopy(first)
    again["uid"] = f"urn:oid:{first['uid']}"
    again["instance"] = [*first["instance"], further]
    again["numberOfInstances"] = 4
    study["series"].append(again)
    order = read(study)
    one, _ = order.series
    uids = [each.get("uid") for each in one["instances"]]
    assert uids == [samples.uid_of(1, 1, 1), samples.uid_of(1, 1, 2), further["uid"], None]
    assert sum("series[2]" in remark for remark in order.remarks) == 3
    (case,) = plan(f"patients: {json.dumps([p.tree for p in patients([order])])}\n")
    assert len(list(case.images())) == 5
