"""What cannot work is said before anything is sent, at the place where it is written."""

from __future__ import annotations

import pytest

from scenario_runner.errors import InvalidInput
from scenario_runner.language.loader import parse_document
from scenario_runner.planning import expand
from scenario_runner.registry.counters import SqliteCounters
from tests.planning.support import (
    options,
    plan,
    problems,
    scenario,
    site,
)

STUDY = "patients:\n  - studies:\n      - {modality: CT, %s}\n"  # the entry is line 5


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('patients: [{id: "PID{6digts}"}]', [("FAB301", 3, 21)]),
        ('patients: [{id: "PID}6digits}"}]', [("FAB301", 3, 21)]),
        (STUDY % 'accession: "{YYYY}{MM}{DD}{10digits}"', [("FAB302", 5, 35)]),
        (STUDY % 'accession: "A-LITERAL-TOO-LONG"', [("FAB302", 5, 35)]),
        (STUDY % 'accession: "{modality}{15digits}"', [("FAB302", 5, 35)]),
        ('patients: [{count: 10, id: "P{1digits}"}]', [("FAB303", 3, 28)]),
        ("patients: [{count: 2, id: P1}]", [("FAB304", 3, 27)]),
        ("patients: [{id: P1}, {id: P1}]", [("FAB304", 3, 27)]),
        ("patients: [{id: P1, issuer: A}, {id: P1, issuer: B}]", []),
        ('patients: [{count: 11, id: "R{1random}"}]', [("FAB304", 3, 28)]),
        ('patients: [{count: 10, id: "R{1random}"}]', []),
        ("matrix: {a: [1, 2]}\npatients: [{id: P1}]", []),
        (STUDY % "description: 'a\\b'", [("FAB305", 5, 37)]),
        (STUDY % 'accession: "A\\tB"', [("FAB305", 5, 35)]),
        ("patients: [{name: A^B^C^D^E^F}]", [("FAB305", 3, 19)]),
        ("patients: [{name: A=B=C=D}]", [("FAB305", 3, 19)]),
        ("patients: [{name: {family: A^B}}]", [("FAB305", 3, 28)]),
        ("patients: [{name: %s}]" % ("X" * 65), [("FAB302", 3, 19)]),
        ("patients: [{name: {family: %s, given: Y}}]" % ("X" * 63), [("FAB302", 3, 19)]),
        ("patients: [{phone: 0123456789012345678}]", [("FAB302", 3, 20)]),
        (STUDY % "series: [{body_part: chest}]", [("FAB305", 5, 45)]),
        ("patients: [{studies: [{modality: CTT}]}]", [("FAB306", 3, 34)]),
        ("patients: [{studies: [{description: x}]}]", [("FAB306", 3, 23)]),
        ("patients: [{studies: [{series: [{images: 1}]}]}]", [("FAB306", 3, 33)]),
        ("patients: [{birth_date: 2020-01-02, studies: [{modality: CT, date: 2020-01-01}]}]",
         [("FAB307", 3, 68)]),
        ("patients: [{birth_date: 1990-01-02, age: 20y, studies: [{modality: CT, date: 2020-01-03}]}]",
         [("FAB307", 3, 42)]),
        ("patients: [{age: 3d, studies: [{modality: CT, date: today}, {modality: CT, date: -9d}]}]",
         [("FAB307", 3, 82)]),
        ("patients: [{age: {min: 30y, max: 20y}}]", [("FAB307", 3, 18)]),
        ("patients: [{locale: xx_YY}]", [("FAB308", 3, 21)]),
        ("patients: [{name: {locale: acme:xx}}]", [("FAB308", 3, 28)]),
        ("matrix: {a: [1, 1]}", [("FAB309", 3, 17)]),
        ("matrix: {a: [1, true, '1']}", []),
        ("matrix: {a: []}", [("FAB309", 3, 13)]),
        ("matrix: {a: [1], exclude: [{b: 1}]}", [("FAB309", 3, 32)]),
        ("matrix: {a: [1], exclude: [{a: 1}]}", [("FAB309", 3, 1)]),
        ("matrix: {a: [1, 2], b: 3}", [("FAB309", 3, 24)]),
        (STUDY % "series: [{transfer_syntax: rle}]", []),
        (STUDY % "series: [{transfer_syntax: zip}]", [("FAB310", 5, 51)]),
        (STUDY % "series: [{transfer_syntax: 1.2.840.10008.1.2}]", []),
        (STUDY % "series: [{sop_class: CTImageStorag}]", [("FAB310", 5, 45)]),
        (STUDY % "series: [{sop_class: 1.2.840.10008.5.1.4.1.1.2}]", []),
        (STUDY % "tags: {StationNam: x}", [("FAB311", 5, 31)]),
        ('patients: [{count: 1000000, id: "{9digits}", studies: [{modality: CT, accession: "{9digits}"}]}]', [("FAB312", 3, 1)]),
    ],
)  # fmt: skip
def test_a_problem_is_found_at_its_place(text: str, expected: list[tuple[str, int, int]]) -> None:
    assert problems(text + "\n") == expected


@pytest.mark.parametrize(
    ("tag", "sound"),
    [
        ("StationName: ROOM 1", True),
        ("StationName: A-STATION-NAME-TOO-LONG", False),
        ("StationName: {raw: A-STATION-NAME-TOO-LONG}", True),
        ("StationName: null", True),
        ("Rows: {raw: 5}", True),
        ("Rows: {raw: '70000'}", True),
        ("Rows: {raw: 70000}", False),
        ("Rows: {raw: 1.5}", False),
        ("Rows: {raw: -1}", False),
        ("StationName: {raw: 'hex:FF0'}", False),
        ("StationName: {raw: 70000}", True),
        ('"(0009,xx01) MY COMPANY": {raw: 70000}', True),
        ("Modality: ct", False),
        ("ImageType: [DERIVED, SECONDARY]", True),
        ("ImageType: DERIVED\\SECONDARY", True),
        ("PatientID: [A, B]", False),
        ("AcquisitionDate: 20260230x", False),
        ("AcquisitionDate: 20260228", True),
        ("AcquisitionTime: 0960", False),
        ("AcquisitionTime: 093015.5", True),
        ("PatientAge: 40Y", False),
        ("PatientAge: 040Y", True),
        ("Exposure: 12", True),
        ("Exposure: twelve", False),
        ("KVP: 120.5", True),
        ("KVP: high", False),
        ("ReferringPhysicianName: A^B^C^D^E^F", False),
        ("FrameOfReferenceUID: 1.2.03", False),
        ("LossyImageCompressionRatio: 1.5", True),
        ("Rows: 65536", False),
        ("ProcedureCodeSequence: [{CodeValue: X1, CodeMeaning: Chest}]", True),
        ("ProcedureCodeSequence: [{CodeValue: A-CODE-VALUE-TOO-LONG}]", False),
        ("ProcedureCodeSequence: text", False),
        ("TransferSyntaxUID: 1.2.840.10008.1.2", False),
        ('"(0009,xx01) MY COMPANY": {vr: LO, value: x}', True),
        ('"(0009,xx01) MY COMPANY": {vr: US, value: 70000}', False),
        ('"(0009,xx01) MY COMPANY": {vr: ZZ, value: x}', False),
        ('"(0009,xx01) MY COMPANY": x', False),
        ('"(0010,xx01) MY COMPANY": {vr: LO, value: x}', False),
        ('"(0009,xx01)": {vr: LO, value: x}', False),
    ],
)
def test_tags_are_held_to_their_vr_unless_raw(tag: str, sound: bool) -> None:
    found = problems(f"patients:\n  - tags:\n      {tag}\n")
    assert (not found) == sound
    assert all(line == 5 and code in ("FAB302", "FAB305", "FAB311") for code, line, _ in found)


@pytest.mark.parametrize(
    "key",
    ["StationNam", "TransferSyntaxUID", '"(0009,xx01)"', '"(0010,xx01) A"', '"(0009,xx01) A\\\\B"'],
)
def test_a_wrong_key_of_tags_is_pointed_at_itself_and_not_at_its_value(key: str) -> None:
    found = problems(f"patients:\n  - tags:\n      {key}: {{vr: LO, value: x}}\n")
    assert [(line, column) for _, line, column in found] == [(5, 7)]


def test_several_problems_are_told_at_once_and_each_once_for_all_cases() -> None:
    text = "matrix: {a: [1, 2, 3]}\npatients:\n  - {locale: xx, studies: [{modality: QQ}]}\n  - {id: '{'}\n"
    assert problems(text) == [("FAB308", 5, 14), ("FAB306", 5, 39), ("FAB301", 6, 11)]


def test_a_problem_of_one_combination_is_found() -> None:
    text = 'matrix: {m: [CR, QQ]}\npatients: [{studies: [{modality: "{{ matrix.m }}"}]}]\n'
    assert problems(text) == [("FAB306", 4, 34)]


def test_a_template_that_fails_in_one_combination_is_told_with_the_others() -> None:
    text = 'matrix: {n: [1, 0]}\npatients: [{count: "{{ 1 // matrix.n }}"}, {locale: xx}]\n'
    codes = [code for code, _, _ in problems(text)]
    assert "FAB308" in codes
    assert len(codes) == 2


def test_nothing_is_reserved_for_a_plan_that_is_wrong() -> None:
    with SqliteCounters(":memory:") as counters:
        with pytest.raises(InvalidInput):
            plan("patients: [{}, {locale: xx}]\n", counters=counters)
        assert plan("patients: [{}]\n", counters=counters)[0].patients[0].patient_id == "PID000001"


def test_a_counter_that_runs_out_says_how_much_is_left() -> None:
    text = 'patients: [{count: 5, id: "{1digits}"}]\n'
    with SqliteCounters(":memory:") as counters:
        plan(text, counters=counters)
        with pytest.raises(InvalidInput) as caught:
            plan(text, counters=counters)
    (found,) = caught.value.diagnostics
    assert (found.code, found.where.line, found.where.column) == ("FAB303", 3, 27)
    assert "has 4 numbers left, and the plan needs 5" in found.message


def test_a_rule_of_the_site_is_shown_in_the_site_file() -> None:
    text = 'schema: site/v1\nname: north\nidentifiers: {patient_id: "P{digits}"}\ntargets: {pacs: {}}\n'
    found = expand.check(
        scenario("patients: [{}]\n"),
        site(patient_id="P{digits}"),
        options=options(),
        site_document=parse_document(text, "north.yaml"),
    )
    (one,) = found
    assert (one.where.file, one.where.line, one.where.column) == ("north.yaml", 3, 29)


def test_an_unknown_phantom_is_found_when_the_phantoms_are_known() -> None:
    text = STUDY % "series: [{phantom: ct/abdomn}]"
    assert problems(text) == []
    assert problems(text, phantoms={"ct/abdomen": None}) == [("FAB313", 5, 43)]


def test_the_matrix_is_a_product_less_exclude_plus_include() -> None:
    text = """\
vars: {sizes: [1, 2]}
matrix:
  modality: [CR, DX, CT]
  n: "{{ vars.sizes }}"
  exclude: [{modality: CR}, {modality: CT, n: 2}]
  include: [{modality: DX, extra: x}, {modality: US, n: 9}]
"""
    cases = plan(text)
    assert [case.id for case in cases] == [
        "trial[modality=DX,n=1,extra=x]",
        "trial[modality=DX,n=2,extra=x]",
        "trial[modality=CT,n=1]",
        "trial[modality=US,n=9]",
    ]
    assert [case.index for case in cases] == [0, 1, 2, 3]
    assert len({case.seed for case in cases}) == 4
    assert cases[0].vars == {"sizes": [1, 2]}


@pytest.mark.parametrize(
    ("matrix", "cases"),
    [
        (
            ("{fruit: [apple, pear], animal: [cat, dog], include: [{color: green}, "
            "{color: pink, animal: cat}, {fruit: apple, shape: circle}, {fruit: banana}, "
            "{fruit: banana, animal: cat}]}"),
            [
                "fruit=apple,animal=cat,color=pink,shape=circle",
                "fruit=apple,animal=dog,color=green,shape=circle",
                "fruit=pear,animal=cat,color=pink", "fruit=pear,animal=dog,color=green",
                "fruit=banana", "fruit=banana,animal=cat",
            ],
        ),  # the example of GitHub's page
        ("{m: [CT], include: [{m: US}, {m: US, size: 1}, {note: all}]}",
         ["m=CT,note=all", "m=US", "m=US,size=1"]),  # nothing is added to what include made
        ("{m: [CT, MR], exclude: [{m: CT}], include: [{m: CT, note: back}]}", ["m=MR", "m=CT,note=back"]),
        ("{m: [CT], exclude: [{m: CT}], include: [{note: alone}]}", ["note=alone"]),
        ("{include: [{a: 1}, {b: 2}]}", ["a=1", "b=2"]),
        ("{n: [1, 2], include: [{n: '1', x: text}]}", ["n=1", "n=2", "n=1,x=text"]),
        ('{of: [{a: 1, b: 1}, {a: 1, b: 2}, [1]], exclude: [{of: {b: 2}}, {of: [1]}]}', ['of={"a": 1, "b": 1}']),
    ],
)  # fmt: skip
def test_a_matrix_is_combined_as_github_actions_does(matrix: str, cases: list[str]) -> None:
    assert [case.id for case in plan(f"matrix: {matrix}\n")] == [f"trial[{case}]" for case in cases]


def test_an_entry_of_include_that_is_written_twice_is_two_cases() -> None:
    cases = plan("matrix: {include: [{a: 1}, {b: 2}, {a: 1}]}\n")
    assert [case.id for case in cases] == ["trial[a=1]", "trial[b=2]", "trial[a=1]#2"]


def test_a_matrix_of_too_many_cases_is_refused_without_being_made() -> None:
    axes = ", ".join(f"{name}: [{', '.join(map(str, range(100)))}]" for name in "abcdef")
    assert problems(f"matrix: {{{axes}}}\n") == [("FAB309", 3, 1)]


def test_case_ids_of_long_values_still_differ() -> None:
    text = f"matrix: {{a: [{'x' * 60}1, {'x' * 60}2]}}\n"
    assert len({case.id for case in plan(text)}) == 2
