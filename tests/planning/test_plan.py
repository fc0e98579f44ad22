"""A scenario becomes identities: complete, consistent, the same again, and never all in memory."""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenario_runner.errors import InvalidInput, UsageError
from scenario_runner.language.shapes import Shape, planned_shapes
from scenario_runner.language.templates import render_text
from scenario_runner.planning.number_ranges import ReplayCounters
from scenario_runner.planning.views import names
from scenario_runner.registry.counters import PeekCounters, SqliteCounters
from tests.planning.support import as_json, plan, site

if TYPE_CHECKING:
    from scenario_runner.planning.plan import PlannedStudy

WHOLE = """\
matrix: {modality: [CR, CT]}
vars: {images: 3}
patients:
  - count: 2
    id: "PID{6digits}"
    name: {locale: ja_JP}
    studies:
      - count: 2
        accession: "YYYY{two letters}{seven digits starting from 0000001}"
        series:
          - {modality: "{{ matrix.modality }}", count: 2, images: "{{ vars.images }}", body_part: HAND}
          - {modality: DX}
      - {modality: DX, date: -3d, tags: {StationName: ROOM1}}
"""


def all_uids(made: Any) -> list[str]:
    return [
        uid
        for case in made
        for image in case.images()
        for uid in (image.uid, image.series.uid, image.series.study.uid)
    ]


def test_counts_multiply_and_every_case_has_its_own_numbers() -> None:
    made = plan(WHOLE)
    assert [case.id for case in made] == ["trial[modality=CR]", "trial[modality=CT]"]
    assert made[0].counts() == {"patients": 2, "studies": 6, "series": 14, "images": 30}
    studies = [study for case in made for study in case.studies()]
    counted = [int(study.accession[-7:]) for study in studies]
    assert sorted(counted[:2] + counted[3:5]) == [1, 2, 3, 4]
    accessions = [study.accession for study in studies]
    assert len(set(accessions)) == len(accessions)
    assert all(re.fullmatch(r"20\d\d[A-Z]{2}\d{7}", accession) for accession in accessions)
    assert [p.patient_id for case in made for p in case.patients] == [
        "PID000001", "PID000002", "PID000003", "PID000004",
    ]  # fmt: skip


def test_counts_agree_with_what_is_there() -> None:
    for case in plan(WHOLE):
        found = {
            "patients": len(list(case.patients)),
            "studies": len(list(case.studies())),
            "series": len(list(case.series())),
            "images": len(list(case.images())),
        }
        assert found == case.counts()


def test_an_entity_is_the_same_however_it_is_reached() -> None:
    case = plan(WHOLE)[1]
    walked = [image.uid for image in case.images()]
    indexed = [
        case.patients[p].studies[s].series[e].images[i].uid
        for p in range(2)
        for s in range(3)
        for e in range(len(case.patients[p].studies[s].series))
        for i in range(len(case.patients[p].studies[s].series[e].images))
    ]
    assert walked == indexed
    assert case.patients[-1] == case.patients[1]
    assert [one.id for one in case.patients[::-1]] == ["p2", "p1"]
    with pytest.raises(IndexError):
        case.patients[2]


def test_uids_are_unique_and_valid() -> None:
    made = plan(WHOLE)
    uids = [image.uid for case in made for image in case.images()]
    uids += [series.uid for case in made for series in case.series()]
    uids += [series.frame_of_reference_uid for case in made for series in case.series()]
    uids += [study.uid for case in made for study in case.studies()]
    assert len(set(uids)) == len(uids)
    for uid in uids:
        assert re.fullmatch(r"2\.25\.[1-9]\d*", uid)
        number = int(uid[5:])
        assert number < 2**128
        assert number >> 76 & 0xF == 8, "UUID version 8"
        assert number >> 62 & 0x3 == 2, "UUID variant of RFC 9562"


def test_a_sites_own_root_is_used_within_64_characters() -> None:
    root = "1.2.826.0.1.3680043.10.1234567"
    for uid in all_uids(plan(WHOLE, where=site(uid_root=root))):
        assert uid.startswith(root + ".")
        assert len(uid) <= 64
        assert not uid[len(root) + 1 :].startswith("0")


def test_the_same_seed_with_a_fresh_registry_is_the_same_plan() -> None:
    assert as_json(plan(WHOLE, seed=3)) == as_json(plan(WHOLE, seed=3))
    assert set(all_uids(plan(WHOLE, seed=3))).isdisjoint(all_uids(plan(WHOLE, seed=4)))


def test_the_same_seed_on_the_same_registry_makes_new_studies() -> None:
    with SqliteCounters(":memory:") as counters:
        first = plan(WHOLE, counters=counters)
        second = plan(WHOLE, counters=counters)
    assert set(all_uids(first)).isdisjoint(all_uids(second))


def test_two_interpreters_make_byte_identical_plans() -> None:
    program = (
        "import sys; from tests.planning.support import as_json, plan\n"
        "from tests.planning.test_plan import WHOLE\n"
        "sys.stdout.buffer.write(as_json(plan(WHOLE)).encode())"
    )
    made = [
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=Path(__file__).parents[2],
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "77")
    ]
    assert made[0] == made[1] == as_json(plan(WHOLE)).encode()


def test_a_plan_that_peeks_shows_what_the_run_will_have(tmp_path: Path) -> None:
    path = tmp_path / "registry.sqlite3"
    plan(WHOLE, counters=SqliteCounters(path))
    shown = as_json(plan(WHOLE, counters=PeekCounters(path)))
    assert shown == as_json(plan(WHOLE, counters=SqliteCounters(path)))


def test_a_rerun_has_the_numbers_the_run_recorded() -> None:
    with SqliteCounters(":memory:") as counters:
        plan(WHOLE, counters=counters)
        run = plan(WHOLE, counters=counters)
    record = json.loads(json.dumps(run.reserved))
    assert as_json(plan(WHOLE, counters=ReplayCounters(record))) == as_json(run)
    with pytest.raises(UsageError, match="recorded no numbers"):
        plan(WHOLE.replace("count: 2\n    id", "count: 9\n    id"), counters=ReplayCounters(record))


def test_specs_that_share_a_rule_share_one_range() -> None:
    text = 'patients:\n  - {id: "A{4digits}", count: 2}\n  - {id: "B{4digits}"}\n  - {id: "A{4digits}", count: 2}\n'
    assert [p.patient_id for p in plan(text)[0].patients] == [
        "A0001", "A0002", "B0001", "A0003", "A0004",
    ]  # fmt: skip


def test_start_and_step_and_several_counters_in_one_pattern() -> None:
    text = 'patients:\n  - {id: "{4digits:start=100,step=5}-{2digits}{mod10}", count: 3}\n'
    ids = [p.patient_id for p in plan(text)[0].patients]
    assert [one[:-1] for one in ids] == ["0100-01", "0105-02", "0110-03"]


def test_random_identifiers_of_a_run_are_all_different() -> None:
    made = plan('matrix: {n: [1, 2, 3]}\npatients:\n  - {id: "R{2random}", count: 30}\n')
    ids = [patient.patient_id for case in made for patient in case.patients]
    assert len(set(ids)) == 90
    assert ids != sorted(ids)


def test_dates_in_a_pattern_are_the_studys_and_for_a_patient_the_runs() -> None:
    text = """\
patients:
  - id: "{YYYY}{MM}{DD}-{3digits}"
    studies:
      - {modality: CT, date: 1999-12-31, time: 0930, accession: "{YY}{MM}{DD}{HH}{mm}{modality}"}
"""
    patient = plan(text)[0].patients[0]
    assert patient.patient_id == "20260304-001"
    assert patient.studies[0].accession == "9912310930CT"


def test_a_plugins_field_is_used_and_its_values_are_checked() -> None:
    class Ward:
        name = "ward"

        def render(self, width: int | None, context: Any) -> str:
            return str(context.random.choice("AB")) * (width or 1)

    text = 'patients:\n  - {studies: [{modality: CT, accession: "{%dward}"}]}\n'
    made = plan(text % 3, fields={"ward": Ward()})
    assert made[0].patients[0].studies[0].accession in ("AAA", "BBB")
    with pytest.raises(InvalidInput) as caught:
        list(plan(text % 17, fields={"ward": Ward()})[0].studies())
    assert caught.value.diagnostics[0].code == "FAB302"
    assert caught.value.diagnostics[0].where.line == 4


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("'093015.250'", "09:30:15.250"),
        ("093015.250", "09:30:15.250"),
        ("143015.25", "14:30:15.250"),
        ("'09:30:15.000001'", "09:30:15.000001"),
        ("'093015.000'", "09:30:15"),
    ],
)
def test_a_time_keeps_its_fraction(written: str, text: str) -> None:
    case = plan(f"patients: [{{studies: [{{modality: CT, time: {written}}}]}}]\n")[0]
    (study,) = case.studies()
    assert str(names(case)["studies"][0]["time"]) == text
    assert study.time == dt.time.fromisoformat(text)


def test_what_is_given_is_used_as_written() -> None:
    text = """\
patients:
  - id: 0012
    issuer: NORTH
    name: {family: CITIZEN, given: JANE, prefix: DR}
    sex: F
    birth_date: 1970-01-31
    address: 1 Main St
    phone: 555-1234
    character_set: [ISO_IR 100]
    tags: {PatientComments: x, StationName: far}
    studies:
      - accession: ""
        description: D
        date: 20200102
        time: "10:11"
        referring_physician: WHO^DOCTOR
        institution: I
        procedure: P
        modality: XR
        tags: {StationName: near}
        series:
          - {description: S, number: 5, count: 2, protocol: Q, body_part: KNEE, laterality: L, view: AP,
             size: [10, 20], frames: 1, images: 4, burn_in: [PatientName], transfer_syntax: implicit-le,
             sop_class: DigitalXRayImageStorageForPresentation, tags: {PatientComments: null}}
"""
    patient = plan(text)[0].patients[0]
    assert patient.patient_id == "0012"
    assert (patient.issuer, patient.name, patient.sex) == ("NORTH", "CITIZEN^JANE^^DR", "F")
    assert patient.birth_date == dt.date(1970, 1, 31)
    assert (patient.address, patient.phone) == ("1 Main St", "555-1234")
    assert patient.character_set == ("ISO_IR 100",)
    study = patient.studies[0]
    assert (study.accession, study.description, study.procedure) == ("", "D", "P")
    assert (study.date, study.time) == (dt.date(2020, 1, 2), dt.time(10, 11))
    assert (study.referring_physician, study.institution) == ("WHO^DOCTOR", "I")
    series = study.series[1]
    assert (series.number, series.modality, series.protocol) == (6, "DX", "Q")
    assert (series.body_part, series.laterality, series.view) == ("KNEE", "L", "AP")
    assert (series.rows, series.columns, series.frames, series.image_count) == (10, 20, 1, 4)
    assert series.burn_in == ("PatientName",)
    assert series.transfer_syntax_uid == "1.2.840.10008.1.2"
    assert series.sop_class_uid == "1.2.840.10008.5.1.4.1.1.1.1"
    assert series.tags == {"PatientComments": None, "StationName": "near"}


def test_a_study_with_only_a_modality_has_one_series_of_it() -> None:
    case = plan("patients: [{studies: [{modality: CT}]}]\n")[0]
    assert case.counts() == {"patients": 1, "studies": 1, "series": 1, "images": 30}
    series = case.patients[0].studies[0].series[0]
    assert (series.modality, series.rows) == ("CT", 64)


def test_a_study_whose_series_are_none_on_purpose_has_its_identifiers_all_the_same() -> None:
    text = "patients: [{studies: [{modality: MR, accession: '{modality}{4digits}', series: []}]}]\n"
    case = plan(text)[0]
    assert case.counts() == {"patients": 1, "studies": 1, "series": 0, "images": 0}
    (study,) = case.studies()
    assert (study.modality, study.accession, len(study.series)) == ("MR", "MR0001", 0)
    assert case.uid_root is None


def test_paired_body_parts_have_one_side_throughout_a_study() -> None:
    text = "patients:\n  - {count: 20, studies: [{series: [{modality: DX, body_part: HAND, count: 3}, {modality: DX}, {modality: DX, body_part: CHEST}]}]}\n"
    sides = set()
    for study in plan(text)[0].studies():
        hands = {(series.body_part, series.laterality) for series in study.series[:4]}
        assert len(hands) == 1, "what is not said is of the hand that the study is of"
        assert study.series[4].laterality is None, "a chest has no side"
        sides |= hands
    assert sides == {("HAND", "L"), ("HAND", "R")}


def test_templates_see_the_names_that_validate_promises() -> None:
    def keys(shape: Shape) -> dict[str, Any]:
        assert shape.item is not None
        assert shape.item.attributes is not None
        return {k: keys(v) if v.item else None for k, v in shape.item.attributes.items()}

    def seen(value: Any) -> dict[str, Any]:
        lists = ("studies", "series", "images")
        return {k: seen(v) if k in lists else None for k, v in value[0].items()}

    views = names(plan(WHOLE)[0])
    assert {name: seen(view) for name, view in views.items()} == {
        name: keys(shape) for name, shape in planned_shapes().items()
    }


def test_flat_names_run_through_all_parents() -> None:
    case = plan(WHOLE)[0]
    views = names(case)
    assert [len(views[name]) for name in views] == list(case.counts().values())
    assert [v["uid"] for v in views["images"]] == [i.uid for i in case.images()]
    assert views["images"][-1]["uid"] == views["series"][-1]["images"][-1]["uid"]
    assert views["studies"][4]["accession"] == [s.accession for s in case.studies()][4]
    with pytest.raises(IndexError):
        views["studies"][6]


def test_json_has_the_whole_plan_with_the_plans_own_ids() -> None:
    made = plan(WHOLE)
    cases = json.loads(as_json(made))
    assert [case["id"] for case in cases] == [case.id for case in made]
    patient = cases[0]["patients"][1]
    assert (patient["key"], patient["id"]) == ("p2", "PID000002")
    image = patient["studies"][2]["series"][0]["images"][0]
    assert image["key"] == "p2.s3.e1.i1"
    assert image["uid"] == made[0].patients[1].studies[2].series[0].images[0].uid


def test_json_is_formed_as_templates_see_it_character_for_character() -> None:
    text = WHOLE.replace("count: 2\n    id", 'count: 2\n    issuer: "A \\"é\\" \\u2028"\n    id')
    made = plan(text)
    expected = []
    for case in made:
        for patient in names(case)["patients"]:
            expected.append(_record(patient, "studies"))
            for study in patient["studies"]:
                expected.append(_record(study, "series"))
                for series in study["series"]:
                    expected.append(_record(series, "images"))
                    for image in series["images"]:
                        own = {key: image[key] for key in ("uid", "sop_class", "number")}
                        expected.append(json.dumps(own, ensure_ascii=False))
    found = []
    for line in as_json(made).split("\n"):
        if line.strip().startswith('{"key"'):
            record = re.sub(r'"key": "[^"]*", ', "", line.strip())
            found.append(re.sub(r', "(studies|series|images)": \[$|[\]},]*$', "", record))
    assert found == [each[:-1] for each in expected]
    assert json.loads(as_json(made))[0]["patients"][0]["issuer"] == 'A "é" \u2028'


def _record(view: dict[str, Any], below: str) -> str:
    return json.dumps({k: v for k, v in view.items() if k != below}, ensure_ascii=False)


@settings(max_examples=30, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(0, 2**32))
def test_images_read_in_any_order_are_the_same_images(random: Any, seed: int) -> None:
    text = """\
patients:
  - {count: 3, id: "R{4random}", studies: [{count: 2, modality: CT, series: [{images: 3}, {count: 2, images: 1}]}]}
"""
    walked = {image.id: image for image in plan(text, seed=seed)[0].images()}
    case = plan(text, seed=seed)[0]
    places = [
        (p, s, e, i)
        for p in range(3)
        for s in range(2)
        for e in range(3)
        for i in range(3 if e == 0 else 1)
    ]
    random.shuffle(places)
    for p, s, e, i in places:
        image = case.patients[p].studies[s].series[e].images[i]
        assert image == walked[image.id]
        assert image.series == walked[image.id].series
        assert image.series.study == walked[image.id].series.study
        assert image.series.study.patient == walked[image.id].series.study.patient


def test_ids_and_paths_say_where_an_entity_was_asked_for() -> None:
    study = plan(WHOLE)[0].patients[1].studies[2]
    assert (study.id, study.path) == ("p2.s3", ("patients", 0, "studies", 1))
    assert study.series[0].path == ("patients", 0, "studies", 1)
    assert study.series[0].tags == {"StationName": "ROOM1"}


def _dates_of(study: PlannedStudy) -> tuple[dt.date, dt.date]:
    return study.patient.birth_date, study.date


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 2**40),
    st.sampled_from(["age: 40y", "age: {min: 20y, max: 60y}", "age: 3d", "birth_date: 2025-11-03",
                     "birth_date: 2031-05-05", "age: 7y\n    birth_date: 2016-02-29", "sex: O"]),
)  # fmt: skip
def test_nobody_is_examined_before_birth_and_every_age_is_kept(seed: int, given_: str) -> None:
    text = f"patients:\n  - {given_}\n    studies: [{{modality: CT}}, {{modality: CT, count: 3}}]\n"
    studies = list(plan(text, seed=seed)[0].studies())
    first = studies[0].date
    for study in studies:
        birth, date = _dates_of(study)
        assert birth <= date
        assert date >= first
        assert date.weekday() < 5
        assert dt.time(7) <= study.time <= dt.time(18, 59, 59)
        assert study.series[0].date >= date
    birth = studies[0].patient.birth_date
    years = first.year - birth.year - ((first.month, first.day) < (birth.month, birth.day))
    if "40y" in given_:
        assert years == 40
    if "7y" in given_:
        assert years == 7
    if "min" in given_:
        assert 20 <= years <= 60
    if "3d" in given_:
        assert (first - birth).days == 3
    if "sex" in given_:
        # Of the table's CT, the least age is 16.
        assert 16 <= years <= 95
        assert dt.date(2025, 1, 1) <= first <= dt.date(2025, 12, 31)


def test_only_today_and_days_before_it_follow_the_clock() -> None:
    text = "patients: [{studies: [{modality: CT, date: today}, {modality: CT, date: -3d}]}]\n"
    assert [study.date for study in plan(text)[0].studies()] == [
        dt.date(2026, 3, 4), dt.date(2026, 3, 1),
    ]  # fmt: skip


def test_a_series_late_in_the_evening_may_begin_the_next_day() -> None:
    text = "patients: [{studies: [{modality: CT, date: 2026-01-31, time: '23:59', series: [{count: 2}]}]}]\n"
    first, second = plan(text)[0].series()
    assert (first.date, first.time) == (dt.date(2026, 1, 31), dt.time(23, 59))
    assert (second.date, second.time) == (dt.date(2026, 2, 1), dt.time(0, 1))


def test_planning_a_hundred_thousand_images_keeps_none_of_them() -> None:
    import tracemalloc

    made = plan("patients: [{studies: [{modality: CT, series: [{images: 100000}]}]}]\n")
    tracemalloc.start()
    last = None
    for image in made[0].images():
        last = image
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert last is not None
    assert last.number == 100_000
    assert peak < 5_000_000


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("{{ images | length }}", 30),
        ("{{ studies[1].series[0].images[2].number }}", 3),
        ("{{ studies | map(attribute='patient_id') | unique | list | length }}", 2),
        ("{{ patients[-1].id }} of {{ patients[-1].studies | length }}", "PID000002 of 3"),
        ("{{ (series | selectattr('modality', 'equalto', 'DX') | list) | length }}", 6),
    ],
)
def test_templates_work_on_the_lazy_plan(expression: str, value: Any) -> None:
    assert render_text(expression, names(plan(WHOLE)[0])) == value
