"""Every fault that can be asked for is found by the rule it declares, and nothing else is wrong."""

from __future__ import annotations

import datetime as dt
import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from scenario_runner.conformance.rules.table import ELEMENTS, OBJECT, READING, STUDY
from scenario_runner.conformance.standard import Standard
from scenario_runner.dicom.syntaxes import SUPPORTED
from scenario_runner.errors import InvalidInput
from scenario_runner.imaging.api import Fault
from scenario_runner.imaging.factory import InstanceFactory
from scenario_runner.imaging.faults.registry import SUBJECTS
from scenario_runner.planning import expand
from scenario_runner.planning.plan import PlannedCase, PlannedStudy
from scenario_runner.plugins import Plugins
from scenario_runner.registry.counters import SqliteCounters
from tests.planning.support import scenario_of, site

RULES = {rule.id for rule in (*READING, *ELEMENTS, *OBJECT, *STUDY)}
DOCUMENTS = {"DOC", "KO", "PR", "SR"}
EXPLICIT, IMPLICIT = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2"


@cache
def plugins() -> Plugins:
    return Plugins(outside=False)


def known() -> dict[str, Fault]:
    return dict(plugins().named("fabricate_faults"))


def planned(
    series: list[dict[str, Any]], name: str | dict[str, str] = "CITIZEN^JANE"
) -> PlannedCase:
    """A case with a study for each series, and in each study a sound series beside it."""
    from scenario_runner.language.loader import parse_document

    plain = {"phantom": "qa/flat", "burn_in": False, "size": [32, 32]}  # quick to make
    sound = {"modality": "CR", **plain}
    # What is no image can need some before it.
    studies = [
        {"series": [sound, one] if one["modality"] in DOCUMENTS else [{**plain, **one}, sound]}
        for one in series
    ]
    text = json.dumps({"schema": "scenario/v1", "name": "trial", "patients": [
        {"name": name, "sex": "F", "studies": studies}
    ]})  # fmt: skip
    builders = plugins().named("fabricate_iod_builders")
    made = expand.plan(
        scenario_of(parse_document(text, "trial.yaml")),
        site(),
        options=expand.PlanOptions(
            seed=3,
            now=dt.datetime(2026, 3, 4, tzinfo=dt.UTC),
            modalities={key: builder.defaults for key, builder in builders.items()},
            pattern_fields=plugins().named("fabricate_pattern_fields"),
            demographics=plugins().named("fabricate_demographics"),
            faults={fault.name: fault.facts for fault in known().values()},
        ),
        counters=SqliteCounters(":memory:"),
    )
    return made[0]


def factory() -> InstanceFactory:
    return InstanceFactory(
        plugins().named("fabricate_iod_builders"),
        plugins().named("fabricate_phantoms"),
        known(),
    )


def write(study: PlannedStudy, folder: Path) -> list[Path]:
    files, make = [], factory()
    for series in study.series:
        for image in series.images:
            files.append(folder / f"{image.id}.dcm")
            make.instance(image).write(files[-1])
    return files


def broken_rules(files: list[Path]) -> set[str]:
    judge = Standard()
    found = [finding for file in files for finding in judge.check(file)]
    return {finding.rule for finding in (*found, *judge.check_study(files))}


def faults_of(shape: dict[str, Any]) -> list[str]:
    """Those that the plan lets a series have."""
    names = list(known())
    try:
        planned([{**shape, "faults": [name]} for name in names])
    except InvalidInput as error:
        for refused in error.diagnostics:
            names.remove(refused.message.split("the fault '")[1].split("'")[0])
    return names


@pytest.mark.parametrize(
    ("modality", "syntax"),
    [
        ("CT", EXPLICIT),
        ("CT", IMPLICIT),
        ("DX", EXPLICIT),
        ("CR", EXPLICIT),
        ("US", EXPLICIT),
        ("SR", EXPLICIT),
    ],
)
def test_each_fault_is_found_by_its_rule_and_nothing_else_is_wrong(
    modality: str, syntax: str, tmp_path: Path
) -> None:
    shape = {"modality": modality, "images": 4, "transfer_syntax": syntax}
    names = faults_of(shape)
    case = planned([{**shape, "faults": [name]} for name in names])
    assert len(names) > 40
    for name, study in zip(names, case.studies(), strict=True):
        facts = known()[name].facts
        folder = tmp_path / name
        folder.mkdir()
        found = broken_rules(write(study, folder))
        assert found & set(facts.rules), name
        assert found <= {*facts.rules, *facts.also}, name


@pytest.mark.parametrize("key", sorted(plugins().named("fabricate_iod_builders")))
def test_what_the_plan_allows_every_kind_of_object_can_have(key: str) -> None:
    kind = plugins().named("fabricate_iod_builders")[key].defaults
    shape: dict[str, Any] = {"modality": kind.modality, "images": 4}
    if kind.by_sop_class:
        shape["sop_class"] = kind.sop_class_uid
    if kind.functional_groups:
        shape["frames"] = 2
    names = faults_of(shape)
    make = factory()
    for image in planned([{**shape, "faults": [name]} for name in names]).images():
        assert make.instance(image).buffers


def test_the_same_series_without_faults_has_nothing_wrong(tmp_path: Path) -> None:
    case = planned([{"modality": name, "images": 4} for name in ("CT", "US")])
    for study in case.studies():
        folder = tmp_path / study.id
        folder.mkdir()
        assert broken_rules(write(study, folder)) == set()


@pytest.mark.parametrize("name", sorted(known()))
def test_a_fault_declares_rules_that_there_are(name: str) -> None:
    facts = known()[name].facts
    assert facts.rules
    assert {*facts.rules, *facts.also} <= RULES


def test_every_fault_has_a_subject_in_the_reference() -> None:
    grouped = [fault.name for group in SUBJECTS.values() for fault in group]
    assert sorted(grouped) == sorted(known())


@pytest.mark.parametrize("syntax", sorted(SUPPORTED))
@pytest.mark.parametrize("name", ["bad-date", "truncated-pixels", "odd-length", "bad-uid"])
def test_a_fault_comes_in_every_transfer_syntax(name: str, syntax: str, tmp_path: Path) -> None:
    shape = {"modality": "US", "phantom": "us/abdomen", "images": 2, "transfer_syntax": syntax}
    case = planned([{**shape, "faults": [name]}])
    (study,) = case.studies()
    assert broken_rules(write(study, tmp_path)) & set(known()[name].facts.rules)


@pytest.mark.parametrize(
    "name",
    ["Müller^Jürgen", "Yamada^Tarou=山田^太郎=やまだ^たろう", "محمد^علي", "Zhang^X=张^小东="],
)
@pytest.mark.parametrize("fault", ["undeclared-charset", "wrong-charset", "unknown-charset"])
def test_wrong_character_sets_are_found_whatever_the_script(
    fault: str, name: str, tmp_path: Path
) -> None:
    case = planned([{"modality": "CT", "images": 1, "faults": [fault]}], name)
    (study,) = case.studies()
    facts = known()[fault].facts
    found = broken_rules(write(study, tmp_path))
    assert found & set(facts.rules)
    assert found <= {*facts.rules, *facts.also}


def test_only_the_images_that_are_named_are_broken(tmp_path: Path) -> None:
    fault = {"fault": "bad-date", "images": [2]}
    case = planned([{"modality": "CT", "images": 3, "faults": [fault]}])
    (study,) = case.studies()
    judge = Standard()
    wrong = [file.name for file in write(study, tmp_path) if judge.check(file)]
    assert wrong == ["p1.s1.e1.i2.dcm"]


def test_a_broken_object_says_so_itself() -> None:
    case = planned([{"modality": "CT", "images": 1, "faults": ["bad-date"]}])
    made = factory().instance(next(case.images()))
    assert "Negative test: bad-date." in made.dataset().ImageComments
    assert made.clean is not None
    assert "Negative" not in made.clean.dataset().ImageComments


def test_the_plan_knows_the_uid_that_a_broken_object_has() -> None:
    shape = {"modality": "CT", "images": 3}
    case = planned([{**shape, "faults": ["duplicate-sop-uid"]}, {**shape, "faults": ["bad-uid"]}])
    twice, bad = (study.series[0] for study in case.studies())
    assert twice.images[2].uid == twice.images[0].uid != twice.images[1].uid
    assert [factory().instance(image).sop_instance_uid for image in bad.images] == [
        image.uid for image in bad.images
    ]
    assert all(image.uid.endswith(".012") for image in bad.images)
