"""Every study that somebody hands in is in the audit trail once, whenever the process is killed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from scenario_runner.database.engine import Database
from scenario_runner.service.asking import Asking
from scenario_runner.service.audit.activities import Activity
from scenario_runner.service.audit.trail import Trail
from scenario_runner.service.permissions import Arrival, Caller, Role
from scenario_runner.service.validator.events import ASKED, REQUEST, UPLOADED, Event, now
from scenario_runner.service.validator.folder import StudyFolder, described
from scenario_runner.service.validator.journal import Journal
from scenario_runner.service.validator.noting import Noting
from scenario_runner.service.validator.service import JOURNAL
from tests.service.validator.studies import begun, file, running
from tests.service.validator.test_studies import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from scenario_runner.service.validator.service import ValidatorService

ASKING = Asking(Caller("ann", frozenset({Role.DOCTOR}), Arrival.SESSION), "10.1.1.7")
STUDY = "0f8fad5bd9cb469fa16570867728950e"


@pytest.fixture
def trail(tmp_path: Path) -> Iterator[Trail]:
    with Database(tmp_path / "registry.sqlite3") as database:
        yield Trail(database)


def handed_in(service: ValidatorService, noting: Noting, content: bytes) -> str:
    """A study whose way has ended, and whose entry nobody has written yet."""
    incoming = service.gateway.begin(noting.asked(ASKING))
    incoming.write(content)
    return incoming.finish().outcome.result(60).study


def entries(trail: Trail) -> list[tuple[str, str, str, Mapping[str, Any]]]:
    found = list(trail.entries())
    assert all(one.what is Activity.UPLOADED for one in found)
    return [(one.caller, one.from_where, str(one.outcome), one.detail) for one in found]


def settled(study: str, became: str, why: str) -> tuple[str, str, str, dict[str, Any]]:
    detail = {"validator": study, "became": became, "error": why, "asked_by": "ann"}
    return "service", "10.1.1.7", "success" if became == "stored" else "failed", detail


def test_what_was_stored_and_not_noted_when_the_process_was_killed_is_noted_at_the_start(
    tmp_path: Path, trail: Trail
) -> None:
    stopped = "the server stopped before the upload was answered"
    with running(tmp_path) as service:
        noting = Noting(trail, service.journal)
        good = handed_in(service, noting, file())
        bad = handed_in(service, noting, file()[:600])
        told = handed_in(service, noting, file(index=1))
        noting.note(ASKING, told, 201, ended=True)
    (by_ann,) = entries(trail)
    assert by_ann == ("ann", "10.1.1.7", "success", {"validator": told, "status": 201})
    for _ in range(2):  # and not once more at the next start
        with running(tmp_path) as service:
            Noting(trail, service.journal).settle()
            assert ASKED not in service.gateway.status(good)["events"][0]
    assert entries(trail) == [
        by_ann,
        settled(good, "stored", stopped),
        settled(bad, "invalid", stopped),
    ]


def test_an_entry_that_was_written_right_before_the_kill_is_not_written_twice(
    tmp_path: Path, trail: Trail, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running(tmp_path) as service:
        noting = Noting(trail, service.journal)
        study = handed_in(service, noting, file())
        monkeypatch.setattr(Journal, "number_of", lambda *_: None)
        noting.note(ASKING, study, 201, ended=True)
    with running(tmp_path) as service:
        Noting(trail, service.journal).settle()
    with running(tmp_path) as service:
        assert not service.journal.pending()
    assert len(entries(trail)) == 1


def test_a_study_that_was_on_its_way_when_the_process_was_killed_is_noted_when_it_is_stored(
    tmp_path: Path, trail: Trail
) -> None:
    content = file()
    begun(StudyFolder(tmp_path), STUDY, content)
    said = described(content)
    asked = {"by": "ann", "from": "10.1.1.7"}
    uploaded = Event(STUDY, UPLOADED, now(), data={**said, ASKED: asked})
    with Journal(tmp_path / JOURNAL) as journal:
        journal.write([uploaded, uploaded.then(REQUEST, **said)]).result(60)
    with running(tmp_path) as service:
        Noting(trail, service.journal).settle()
        wait_for(lambda: service.gateway.status(STUDY)["status"] == "stored")
    assert entries(trail) == [
        settled(STUDY, "stored", "the server stopped before the upload was answered")
    ]


def test_a_study_that_was_answered_before_it_was_stored_is_noted_again_when_it_is(
    tmp_path: Path, trail: Trail
) -> None:
    with running(tmp_path) as service:
        noting = Noting(trail, service.journal)
        study = handed_in(service, noting, file())
        noting.note(ASKING, study, 503, ended=False)
    early, late = entries(trail)
    assert early == ("ann", "10.1.1.7", "failed", {"validator": study, "status": 503})
    assert late == settled(study, "stored", "it was answered before its way had ended")
