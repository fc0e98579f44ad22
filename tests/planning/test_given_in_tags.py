"""What ``tags`` set is what the plan says: steps, templates and ``stored`` look for what was sent."""

from __future__ import annotations

import datetime as dt
import json
import warnings
from typing import Any

import pytest

from scenario_runner.planning.tagged_fields import tagged_fields, text_of
from scenario_runner.planning.views import names
from tests.planning.support import as_json, diagnostics, plan, problems, site

ALL = """\
patients:
  - tags: {PatientID: P9, IssuerOfPatientID: WARD, PatientName: DOE^J, PatientSex: O,
           PatientBirthDate: 19700131, PatientAddress: null, PatientTelephoneNumbers: 0815}
    studies:
      - tags: {StudyInstanceUID: 1.2.3, AccessionNumber: A1, StudyID: 7, StudyDescription: Knee,
               StudyDate: 20200102, StudyTime: 101112.5, ReferringPhysicianName: WHO^D,
               InstitutionName: "", PerformedProcedureStepDescription: X}
        series:
          - modality: CT
            images: 1
            tags: {SeriesInstanceUID: 1.2.4, SOPInstanceUID: 1.2.5, SeriesNumber: 12, Modality: {raw: PT},
                   SOPClassUID: {raw: 1.2.840.10008.5.1.4.1.1.7}, FrameOfReferenceUID: 1.2.6,
                   SeriesDescription: S, ProtocolName: Q, BodyPartExamined: KNEE, SeriesTime: "1213"}
"""


def test_what_tags_say_is_what_the_plan_says() -> None:
    case = plan(ALL)[0]
    series = case.patients[0].studies[0].series[0]
    study, patient = series.study, series.study.patient
    assert (patient.patient_id, patient.issuer, patient.name) == ("P9", "WARD", "DOE^J")
    assert (patient.sex, patient.address, patient.phone) == ("O", None, "0815")
    assert patient.birth_date == dt.date(1970, 1, 31)
    assert (study.uid, study.accession, study.study_id) == ("1.2.3", "A1", "7")
    assert (study.description, study.institution, study.procedure) == ("Knee", "", "X")
    assert (study.date, study.time) == (dt.date(2020, 1, 2), dt.time(10, 11, 12, 500000))
    assert (series.uid, series.number, series.frame_of_reference_uid) == ("1.2.4", 12, "1.2.6")
    assert series.sop_class_uid == "1.2.840.10008.5.1.4.1.1.7"
    assert (series.description, series.protocol, series.body_part) == ("S", "Q", "KNEE")
    assert (series.date, series.time) == (dt.date(2020, 1, 2), dt.time(12, 13))
    assert series.images[0].uid == "1.2.5"


@pytest.mark.parametrize("where", ["character_set: ISO_IR 100", "tags: {}"])
def test_an_address_that_is_drawn_is_left_out_where_a_given_character_set_lacks_its_letters(
    where: str,
) -> None:
    told = "" if where.startswith("character_set") else "tags: {SpecificCharacterSet: ISO_IR 100}, "
    text = f"""\
patients:
  - locale: ja_JP
    name: DOE^JANE
    {where}
    studies: [{{{told}modality: CT}}]
  - {{locale: ja_JP, name: DOE^JANE, studies: [{{modality: CT}}]}}
"""
    assert not problems(text)
    lacking, whole = plan(text)[0].patients
    assert lacking.address == ""
    assert whole.address


def test_a_raw_name_is_planned_with_its_empty_groups_by_which_a_server_finds_it() -> None:
    text = """\
patients:
  - tags: {PatientName: {raw: "X="}}
    studies: [{modality: CT, tags: {ReferringPhysicianName: {raw: "WHO^D=="}}}]
"""
    [patient] = plan(text)[0].patients
    assert (patient.name, patient.studies[0].referring_physician) == ("X=", "WHO^D==")


def test_a_name_is_planned_as_objects_have_it_without_empty_groups_at_its_end() -> None:
    text = """\
patients:
  - name: Wang^XiaoDong=王^小东=
    studies: [{modality: CT, referring_physician: "WHO^D==", tags: {}}]
  - tags: {PatientName: "Wang^XiaoDong=王^小东="}
    studies: [{modality: CT, tags: {ReferringPhysicianName: "WHO^D="}}]
"""
    for patient in plan(text)[0].patients:
        [study] = patient.studies
        assert (patient.name, study.referring_physician) == ("Wang^XiaoDong=王^小东", "WHO^D")


def test_templates_and_the_json_say_the_same_as_the_object() -> None:
    made = plan(ALL)
    views = names(made[0])
    assert views["patients"][0]["id"] == views["studies"][0]["patient_id"] == "P9"
    assert views["studies"][0]["modality"] == views["series"][0]["modality"] == "PT"
    assert views["images"][0]["study_uid"] == "1.2.3"
    record = json.loads(as_json(made))[0]["patients"][0]["studies"][0]
    assert (record["uid"], record["series"][0]["modality"]) == ("1.2.3", "PT")


def test_what_an_object_is_made_as_does_not_follow_what_it_says() -> None:
    assert plan(ALL)[0].patients[0].studies[0].series[0].modality == "CT"


def test_the_objects_have_what_the_plan_has() -> None:
    from scenario_runner.imaging.factory import InstanceFactory
    from scenario_runner.plugins import Plugins

    plugins = Plugins(outside=False)
    factory = InstanceFactory(
        plugins.named("fabricate_iod_builders"), plugins.named("fabricate_phantoms")
    )
    case = plan(ALL.replace("modality: CT", "modality: CT\n            size: [64, 64]"))[0]
    for instance in factory.instances(case.images()):
        found = instance.dataset()
        image = instance.image
        assert image is not None
        series, study = image.series, image.series.study
        assert instance.sop_instance_uid == found.SOPInstanceUID == image.uid
        assert instance.sop_class_uid == found.SOPClassUID == series.sop_class_uid
        assert (found.SeriesInstanceUID, found.StudyInstanceUID) == (series.uid, study.uid)
        assert (found.PatientID, found.AccessionNumber) == (study.patient.patient_id, "A1")
        assert found.StudyDate == f"{study.date:%Y%m%d}"
        assert found.Modality == names(case)["series"][0]["modality"]


def test_raw_values_and_values_left_out() -> None:
    text = """\
patients:
  - tags: {PatientID: {raw: "a\\\\b"}, PatientBirthDate: {raw: yesterday}}
    birth_date: 1980-01-02
    studies:
      - {modality: CT, tags: {StudyInstanceUID: {raw: 1.02.3}, AccessionNumber: null}}
      - {modality: CT, tags: {StudyInstanceUID: {raw: 1.02.3}, SeriesInstanceUID: {raw: null}}}
"""
    patient = plan(text)[0].patients[0]
    assert patient.patient_id == "a\\b"
    assert patient.birth_date == dt.date(1980, 1, 2), "a date cannot hold it"
    assert [study.uid for study in patient.studies] == ["1.02.3", "1.02.3"]
    assert patient.studies[0].accession == ""
    assert patient.studies[1].series[0].uid.startswith("2.25.")


def test_nearer_tags_win_and_a_patients_attribute_on_a_series_contradicts_it() -> None:
    text = """\
patients:
  - id: P1
    tags: {StudyDescription: far}
    studies:
      - {modality: CT, tags: {StudyDescription: near}}
      - {series: [{modality: CT, tags: {PatientID: OTHER}}]}
"""
    patient = plan(text)[0].patients[0]
    assert [study.description for study in patient.studies] == ["near", "far"]
    assert patient.patient_id == "P1"
    assert patient.studies[1].series[0].tags["PatientID"] == "OTHER"


def test_a_study_under_a_given_uid_has_new_instances_in_each_run() -> None:
    text = "patients: [{studies: [{modality: CT, tags: {StudyInstanceUID: 1.2.3}}]}]\n"
    from scenario_runner.registry.counters import SqliteCounters

    with SqliteCounters(":memory:") as counters:
        first, second = plan(text, counters=counters)[0], plan(text, counters=counters)[0]
    one = {image.uid for image in first.images()} | {each.uid for each in first.series()}
    assert one.isdisjoint({image.uid for image in second.images()})
    assert one.isdisjoint({each.uid for each in second.series()})


@pytest.mark.parametrize(
    ("patients", "expected"),
    [
        ("[{studies: [{modality: CT, tags: {SOPInstanceUID: 1.2}}]}]", [("FAB304", 3, 66)]),
        ("[{studies: [{modality: CR, tags: {SOPInstanceUID: 1.2}}]}]", []),
        ("[{studies: [{modality: CT, tags: {SOPInstanceUID: {raw: 1.2}}}]}]", []),
        ("[{count: 2, studies: [{modality: CT, tags: {StudyInstanceUID: 1.2}}]}]", [("FAB304", 3, 78)]),
        ("[{tags: {SeriesInstanceUID: 1.2}, studies: [{series: [{modality: CT}, {modality: CT}]}]}]",
         [("FAB304", 3, 39)]),
        ("[{studies: [{series: [{modality: CT, tags: {StudyInstanceUID: 1.2}}]}]}]", [("FAB311", 3, 55)]),
        ("[{studies: [{series: [{modality: CT, tags: {StudyInstanceUID: {raw: 1.2}}}]}]}]", []),
    ],
)  # fmt: skip
def test_a_uid_names_one_thing_unless_it_is_wrong_on_purpose(
    patients: str, expected: list[tuple[str, int, int]]
) -> None:
    found = problems(f"patients: {patients}\n")
    assert [code for code, _, _ in found] == [code for code, _, _ in expected]
    assert {line for _, line, _ in found} <= {3}
    column = f"patients: {patients}".find("InstanceUID: ")
    assert all(at > column - 8 for _, _, at in found)


def test_each_case_of_a_matrix_may_send_the_same_uid() -> None:
    text = "matrix: {m: [CR, DX]}\npatients: [{studies: [{modality: '{{ matrix.m }}', tags: {StudyInstanceUID: 1.2}}]}]\n"
    assert problems(text) == []
    assert [study.uid for case in plan(text) for study in case.studies()] == ["1.2", "1.2"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("1.2", "1.2"), (12, "12"), (None, None), ({"raw": "x"}, "x"), (["a", "b"], "a\\b"),
        ({"raw": "hex:4142"}, "AB"), ({"raw": "hex:4"}, ""), ("", ""),
    ],
)  # fmt: skip
def test_a_tags_value_as_one_text(value: Any, text: str | None) -> None:
    assert text_of(value) == text
    assert tagged_fields({"Unknown": value}, {}) == {}


def test_an_unknown_sop_class_is_one_diagnostic_and_no_warning() -> None:
    text = "patients: [{studies: [{series: [{modality: CT, sop_class: CTImagStorage}, {modality: CT, sop_class: 1.02.3}]}]}]\n"
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert [code for code, _, _ in problems(text)] == ["FAB310", "FAB310"]
    assert caught == []


@pytest.mark.parametrize(
    ("patient", "code"),
    [
        ("character_set: ISO_IR 100, name: 'YAMADA^T=山田^太郎'", "FAB314"),
        ("character_set: ISO_IR 192, name: 'YAMADA^T=山田^太郎'", None),
        ("character_set: ['', ISO 2022 IR 87], name: 'YAMADA^T=山田^太郎'", None),
        ("character_set: ISO_IR 100, name: {family: Müller, given: J}", None),
        ("character_set: ISO_IR 6, name: {family: Müller, given: J}", "FAB314"),
        ("character_set: ISO_IR 100, name: {locale: ja_JP}", "FAB314"),
        ("character_set: ISO_IR 100, locale: en_US", None),
        ("character_set: ISO_IR 1000, name: A^B", "FAB314"),
        ("character_set: [GB18030, ISO 2022 IR 87], name: A^B", "FAB314"),
        ("tags: {SpecificCharacterSet: ISO_IR 100}, name: A^B, address: Łódź", "FAB314"),
        ("tags: {SpecificCharacterSet: {raw: NONSENSE}}, name: A^B, address: Łódź", None),
        ("character_set: ISO_IR 100, name: A^B, studies: [{modality: CT, description: 胸部}]", "FAB314"),
        ("character_set: ISO_IR 100, name: A^B, studies: [{modality: CT, tags: {StationName: Ω}}]", "FAB314"),
        ("character_set: ISO_IR 100, name: A^B, studies: [{series: [{modality: CT, protocol: Ω}]}]", "FAB314"),
        ("character_set: ISO_IR 100, name: A^B, tags: {RequestAttributesSequence: [{StudyID: Ω}]}", "FAB314"),
        ("character_set: ISO_IR 100, name: A^B, tags: {RequestAttributesSequence: [{SpecificCharacterSet: ISO_IR 126, StudyID: Ω}]}", None),
        ("character_set: ISO_IR 100, name: TESTŒUF^ZOË", "FAB314"),
        ("character_set: ISO_IR 203, name: TESTŒUF^ZOË", None),
        ("character_set: ['', ISO 2022 IR 58], name: 'WANG^XIAODONG=王^小东'", None),
        ("character_set: ISO_IR 126, name: A^B, address: 25 €", "FAB314"),
        ("character_set: ISO_IR 13, name: A^B, address: a~b", "FAB314"),
        ("character_set: ISO 2022 IR 87, name: A^B", "FAB314"),
        ("character_set: [ISO_IR 100, ISO 2022 IR 87], name: A^B", "FAB314"),
        ("character_set: ['', ''], name: A^B", "FAB314"),
        ("name: Zoë, studies: [{modality: CT, tags: {SpecificCharacterSet: ISO_IR 144}}]", "FAB314"),
        ("name: Zoë, studies: [{series: [{modality: CT, tags: {SpecificCharacterSet: ISO_IR 101}}]}]", None),
        ("name: Zoë, studies: [{series: [{modality: CT, tags: {SpecificCharacterSet: [ISO_IR 100, ISO_IR 101]}}]}]", "FAB314"),
    ],
)  # fmt: skip
def test_a_given_character_set_holds_the_texts_of_its_patient(
    patient: str, code: str | None
) -> None:
    assert [found for found, _, _ in problems(f"patients: [{{{patient}}}]\n")] == (
        [code] if code else []
    )


def test_a_given_body_part_takes_nothing_from_the_usual_one() -> None:
    text = "patients: [{studies: [{series: [{modality: DX, body_part: HAND}, {modality: DX, body_part: TONGUE}, {modality: DX, body_part: HAND, phantom: qa/flat}]}]}]\n"
    hand, tongue, flat = plan(text)[0].series()
    assert (hand.description, hand.view, hand.phantom) == ("PA", "PA", "")
    assert "and" in hand.protocol
    assert (tongue.description, tongue.protocol, tongue.phantom) == ("TONGUE AP", "TONGUE AP", "")
    assert flat.phantom == "qa/flat"


def test_a_date_of_a_series_that_is_wrong_on_purpose_moves_no_birth() -> None:
    text = "patients: [{{studies: [{{series: [{{modality: CT, images: 1, tags: {}}}]}}]}}]"
    plain, wrong = (
        plan(text.format(tags))[0].patients[0].birth_date
        for tags in ("{}", "{StudyDate: {raw: '18000101'}}")
    )
    assert wrong == plain


@pytest.mark.parametrize(
    ("study", "offset"),
    [
        ("date: 2026-03-28, time: '120000'", "+0100"),
        ("date: 2026-03-29, time: '120000'", "+0200"),
        # Half past two does not exist on that day, and comes twice on that one: the first is meant.
        ("date: 2026-03-29, time: '023000'", "+0100"),
        ("date: 2026-10-25, time: '023000'", "+0200"),
        ("date: 2026-10-25, time: '030000'", "+0100"),
        # What tags say of the moment counts, and what they say of its zone does so most.
        ("date: 2026-01-15, tags: {StudyDate: 20260715}", "+0200"),
        ("date: 2026-03-29, time: '120000', tags: {StudyTime: '0130'}", "+0100"),
        ("date: 2026-10-25, time: '023000', tags: {TimezoneOffsetFromUTC: '+0100'}", "+0100"),
        ("date: 2026-10-25, tags: {TimezoneOffsetFromUTC: {raw: null}}", None),
        (
            "date: 2026-10-25, time: '120000', tags: {TimezoneOffsetFromUTC: {raw: no offset}}",
            "+0100",
        ),
    ],
)
def test_the_offset_from_utc_is_that_of_the_study_on_days_when_clocks_change(
    study: str, offset: str | None
) -> None:
    """Objects, worklist items and performed procedure steps have it from the plan."""
    where = site().model_copy(update={"timezone": "Europe/Berlin"})
    case = plan(
        f"patients: [{{studies: [{{{study}, series: [{{modality: CT}}]}}]}}]\n", where=where
    )[0]
    assert case.patients[0].studies[0].timezone_offset == offset


WRITTEN = """\
patients:
  - tags: {PatientBirthDate: %s, "(0009,xx01) MY": {vr: DA, value: %s}}
    studies:
      - tags: {StudyDate: %s, StudyTime: "%s", RequestAttributesSequence: [{ScheduledProcedureStepStartDate: %s}]}
        series: [{modality: CT, images: 1, tags: {AcquisitionDateTime: "%s", ContentTime: {raw: "10:30"}}}]
"""


def test_days_and_times_are_planned_alike_whether_a_person_or_dicom_writes_them() -> None:
    day, other = "1970-01-31", "2026-01-31"
    iso = WRITTEN % (day, day, other, "10:30", other, "2026-01-31T10:30:00Z")
    days = [f"'{one.replace('-', '')}'" for one in (day, day, other)]
    dicom = WRITTEN % (*days, "1030", days[2], "20260131103000+0000")
    assert not problems(iso)
    series, same = (plan(text)[0].patients[0].studies[0].series[0] for text in (iso, dicom))
    assert series.tags == same.tags
    assert series.study.tags == same.study.tags
    assert (series.study.date, series.study.time) == (dt.date(2026, 1, 31), dt.time(10, 30))
    assert series.tags["ContentTime"] == {"raw": "10:30"}


@pytest.mark.parametrize(
    ("value", "form"),
    [
        ("StudyDate: 31.01.2026", "the form is YYYYMMDD"),
        ("StudyTime: half past ten in the morning", "the form is HHMMSS.FFFFFF"),
        ("PatientAge: 40 years", "the form is 040Y"),
    ],
)
def test_a_value_of_another_form_is_told_by_the_form_and_not_by_its_length(
    value: str, form: str
) -> None:
    (found,) = diagnostics(f"patients: [{{studies: [{{modality: CT, tags: {{{value}}}}}]}}]")
    assert found.code == "FAB311"
    assert str(found.hint).startswith(form)
