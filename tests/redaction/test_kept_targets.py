"""A PACS behind `fabricate serve --pacs` that says its password back is repeated to nobody."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from scenario_runner.api import FindRequest, StoreOptions, Target
from scenario_runner.app.discreet import kept_target
from scenario_runner.app.load import Surroundings
from scenario_runner.deadline import Deadline
from scenario_runner.errors import TargetError
from tests.archive.samples import CT_IMAGE, EXPLICIT, sample
from tests.pacs.test_many import Encoded
from tests.redaction.encodings import SECRET
from tests.redaction.test_said_back import _GROUPS, _assert_quiet, site

__all__ = ["site"]
NUMBERS = range(len(_GROUPS))


@pytest.fixture(params=["web", "pacs"])
def target(request: pytest.FixtureRequest, site: Path) -> Iterator[Target]:
    around = Surroundings(folder=site.parent, environ={"FAB_SECRET": SECRET})
    with kept_target(request.param, site, around) as found:
        yield found


def asked(target: Target, patient: str, number: int) -> str:
    """All that came of a query: its answers, or everything that the error carries."""
    keys = {"PatientID": patient, "AccessionNumber": str(number)}
    keys |= {"PatientName": "", "StudyDescription": "", "StudyInstanceUID": ""}
    try:
        return repr(target.find(FindRequest(level="study", match=keys), Deadline(30)))
    except TargetError as error:
        return repr((error, vars(error), error.__cause__, error.__context__))


@pytest.mark.parametrize("patient", ["matches", "fails"])
def test_no_answer_and_no_error_says_it(target: Target, patient: str) -> None:
    said = [(f"{patient} {number}", asked(target, patient, number)) for number in NUMBERS]
    # Of a refusal over HTTP nothing is repeated.
    assert (target.name, patient) == ("web", "fails") or any("•••" in text for _, text in said)
    _assert_quiet(said)


def test_no_status_of_a_storage_says_it(target: Target) -> None:
    options = StoreOptions(contexts=[(CT_IMAGE, EXPLICIT)])
    said = []
    for number in NUMBERS:
        try:
            told = list(target.store(iter([Encoded(sample())]), options, Deadline(30)))
            said.append((str(number), repr(told)))
        except TargetError as error:
            said.append((str(number), repr((error, vars(error), error.__cause__))))
    assert target.name == "web" or any("•••" in text for _, text in said)
    _assert_quiet(said)


def test_it_is_a_target_in_all_that_is_asked_of_it(target: Target) -> None:
    assert target.name in ("web", "pacs")
    assert "find" in target.capabilities
