"""A name that only women or only men have says who somebody is, where nothing else does."""

from __future__ import annotations

import pytest

from scenario_runner.imaging.modalities.defaults import ALL
from tests.planning.support import plan

KINDS = {kind.key: kind for kind in ALL}


@pytest.mark.parametrize(
    ("patient", "sex"),
    [
        ("{name: CITIZEN^JANE", "F"),
        ("{name: 'Citizen^Mary Ann^^^=市民^花子'", "F"),
        ("{name: CITIZEN^JOHN", "M"),
        ("{name: {family: CITIZEN, given: Joe}", "M"),
        ("{tags: {PatientName: CITIZEN^SUSAN}", "F"),
        ("{name: CITIZEN^JANE, sex: M", "M"),
        ("{name: CITIZEN^JANE, tags: {PatientSex: O}", "O"),
        ("{name: CITIZEN^JANE, age: 3y", "F"),
    ],
)
def test_a_given_name_of_one_sex_decides(patient: str, sex: str) -> None:
    for modality in ("DX", "US", "SR"):
        for seed in range(6):
            (case,) = plan(
                f"patients: [{patient}, studies: [{{modality: {modality}}}]}}]\n",
                seed=seed,
                modalities=KINDS,
            )
            assert [one.sex for one in case.patients] == [sex]


@pytest.mark.parametrize(
    "name", ["CITIZEN^KELLY", "CITIZEN", "CITIZEN^", "^", "JANE^X", "X^Q, locale: it_IT"]
)
def test_any_other_name_decides_nothing(name: str) -> None:
    text = f"patients: [{{count: 30, name: {name}, studies: [{{modality: CT}}]}}]\n"
    (case,) = plan(text, modalities=KINDS)
    assert {one.sex for one in case.patients} == {"M", "F"}


def test_a_name_of_another_language_decides_nothing() -> None:
    text = "patients: [{count: 30, name: ROSSI^ANDREA, locale: it_IT, studies: [{modality: CT}]}]\n"
    (case,) = plan(text, modalities=KINDS)
    assert {one.sex for one in case.patients} == {"M", "F"}


def test_whom_only_women_can_be_is_none_by_a_name() -> None:
    for seed in range(6):
        (case,) = plan(
            "patients: [{name: CITIZEN^JOHN, studies: [{modality: MG}]}]\n",
            seed=seed,
            modalities=KINDS,
        )
        assert [one.sex for one in case.patients] == ["F"]
