"""Several values of a key that is no UID are several questions, never one that servers read as they like."""

from __future__ import annotations

from typing import Any

import pytest

from scenario_runner.api import Deadline, FindRequest, Target
from scenario_runner.api.alternatives import alternatives
from scenario_runner.api.asking import ask
from scenario_runner.errors import UsageError


@pytest.mark.parametrize(
    ("match", "queries"),
    [
        (
            {"AccessionNumber": ["A", "B", "A"]},
            [{"AccessionNumber": "A"}, {"AccessionNumber": "B"}],
        ),
        ({"AccessionNumber": "A\\B"}, [{"AccessionNumber": "A"}, {"AccessionNumber": "B"}]),
        ({"AccessionNumber": []}, [{"AccessionNumber": ""}]),
        ({"AccessionNumber": {"raw": "A\\B"}}, [{"AccessionNumber": {"raw": "A\\B"}}]),
        ({"StudyInstanceUID": ["1.2", "1.3"]}, [{"StudyInstanceUID": ["1.2", "1.3"]}]),
        (
            {"Modality": ["CT", "MR"], "StudyInstanceUID": ["1", "2"], "PatientID": "P"},
            [
                {"Modality": "CT", "StudyInstanceUID": ["1", "2"], "PatientID": "P"},
                {"Modality": "MR", "StudyInstanceUID": ["1", "2"], "PatientID": "P"},
            ],
        ),
        (
            {"ScheduledProcedureStepSequence": [{"Modality": ["CT", "MR"]}]},
            [
                {"ScheduledProcedureStepSequence": [{"Modality": "CT"}]},
                {"ScheduledProcedureStepSequence": [{"Modality": "MR"}]},
            ],
        ),
        ({"00080050": ["A", "B"]}, [{"00080050": "A"}, {"00080050": "B"}]),
        ({}, [{}]),
    ],
)
def test_each_value_is_a_question_of_its_own(
    match: dict[str, Any], queries: list[dict[str, Any]]
) -> None:
    assert alternatives(match) == queries


def test_more_questions_than_a_server_can_be_asked_are_refused_in_words() -> None:
    values = [str(n) for n in range(40)]
    with pytest.raises(UsageError, match="make 1600 queries; 1000 is the limit"):
        alternatives({"PatientID": values, "AccessionNumber": values})


class Answering(Target):
    """Has three studies, one of which fits both values."""

    name = "pacs"

    def __init__(self) -> None:
        self.asked: list[Any] = []

    def find(self, request: FindRequest, deadline: Deadline) -> list[dict[str, Any]]:
        """What has that modality among its own."""
        self.asked.append(request.match["ModalitiesInStudy"])
        studies: list[dict[str, Any]] = [
            {"StudyInstanceUID": "1.1", "ModalitiesInStudy": "CT"},
            {"StudyInstanceUID": "1.2", "ModalitiesInStudy": ["CT", "MR"]},
            {"StudyInstanceUID": "1.3", "ModalitiesInStudy": "MR"},
        ]
        return [one for one in studies if self.asked[-1] in one["ModalitiesInStudy"]]


def test_what_fits_several_of_the_values_is_found_once() -> None:
    target = Answering()
    request = FindRequest(level="study", match={"ModalitiesInStudy": ["CT", "MR"]})
    answers = ask(target, request, Deadline(5))
    assert target.asked == ["CT", "MR"]
    assert [one["StudyInstanceUID"] for one in answers.matches] == ["1.1", "1.2", "1.3"]
    assert not answers.problem
    assert answers.facts()["queries"] == 2
