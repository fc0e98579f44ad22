"""Whose study it is: sure where it is sure, and never somebody else's."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from scenario_runner.registry.orders import SeenOrder, note_orders
from scenario_runner.registry.patient import Patient
from scenario_runner.registry.people import People
from scenario_runner.service.asking import Asking
from scenario_runner.service.homes.home import StudyFacts
from scenario_runner.service.matching import matching
from scenario_runner.service.matching.match import Match
from scenario_runner.service.matching.matching import choose, find_match
from scenario_runner.service.matching.score import THRESHOLD, score
from scenario_runner.service.permissions import LOCAL
from scenario_runner.service.service import open_service
from tests.service.matching.labelled import pairs, said

if TYPE_CHECKING:
    from pathlib import Path

    from scenario_runner.database.engine import Database

JANE = Patient(id="PID1", name="CITIZEN^JANE", sex="F", birth_date=dt.date(1970, 1, 31))


@pytest.mark.parametrize("seed", [1, 2])
def test_of_two_thousand_labelled_pairs_98_in_100_are_right_and_2_in_1000_wrong(seed: int) -> None:
    labelled = pairs(2_000, seed)
    assert len(labelled) == 2_000
    right, wrong = 0, []
    missed: Counter[str] = Counter()
    for pair in labelled:
        is_linked = score(pair.study, pair.patient).value >= THRESHOLD
        right += is_linked == pair.same
        if is_linked and not pair.same:
            wrong.append((pair.kind, pair.study.patient_name, pair.patient.name))
        if pair.same and not is_linked:
            missed[pair.kind] += 1
    assert right >= 1_960, (missed, wrong)
    assert len(wrong) <= 4, wrong


def test_a_number_is_enough_unless_everything_else_is_somebody_elses(database: Database) -> None:
    People(database).add([JANE])
    assert find_match(database, said(JANE, number="PID1")).patient == "PID1"
    other = replace(JANE, name="OTHER^PERSON", birth_date=dt.date(1950, 5, 5))
    found = find_match(database, said(other, number="PID1"))
    assert found.patient == ""
    assert "a person has to choose" in found.reasons[-1]


def test_of_two_that_are_alike_neither_is_chosen(database: Database) -> None:
    People(database).add([JANE, replace(JANE, id="PID2")])
    found = find_match(database, said(JANE))
    assert (found.patient, found.score > THRESHOLD) == ("", True)
    assert "several patients" in found.reasons[-1]


def test_what_a_person_chooses_while_it_is_looked_for_a_match_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    facts = said(JANE)
    with open_service(tmp_path, tmp_path / "registry.sqlite3") as service:
        People(service.database).add([JANE, replace(JANE, id="PID2")])

        def chosen_meanwhile(database: Database, asked: StudyFacts) -> Match:
            study, person = facts.study_instance_uid, Asking(LOCAL)
            choose(service.database, person, study, patient_id="PID2", issuer=None, order_id="")
            return find_match(database, asked)

        monkeypatch.setattr(matching, "find_match", chosen_meanwhile)
        told = matching.match_study(service.database, facts)
        assert (told.patient, told.chosen_by) == ("PID2", LOCAL.name)
        kept = matching.match_of(service.database, [facts.study_instance_uid])
        assert kept[facts.study_instance_uid].patient == "PID2"


def test_nothing_is_linked_where_the_registry_knows_nobody(database: Database) -> None:
    found = find_match(database, said(JANE))
    assert (found.patient, found.score) == ("", 0.0)


def test_an_order_is_found_by_its_accession_number_else_by_patient_modality_and_date(
    database: Database,
) -> None:
    People(database).add([JANE])
    day = dt.date(2026, 1, 31)
    asked = [("O1", "A1", "PID1", "CT"), ("O2", "A2", "PID1", "MR"), ("O3", "A3", "PID9", "CT")]
    note_orders(
        database,
        [
            SeenOrder(id=id_, accession=accession, patient_id=patient, modality=modality, date=day)
            for id_, accession, patient, modality in asked
        ],
    )

    def order(**more: object) -> str:
        asked: dict[str, object] = {"study_date": "20260131", "modalities": ("CT",), **more}
        facts: StudyFacts = replace(said(JANE), **asked)  # type: ignore[arg-type]
        return find_match(database, facts).order

    assert order(accession_number="A2") == "O2"
    assert order() == "O1"
    assert order(study_date="20260201") == "O1"
    assert order(study_date="20260301") == ""
    assert order(accession_number="A3") == ""
    assert order(modalities=("US",)) == ""
