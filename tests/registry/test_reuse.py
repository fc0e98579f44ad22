"""Patients that a run kept are met again by later ones, as they were."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydicom import dcmread
from sqlalchemy import Connection

from scenario_runner.app.load import Sources, Surroundings
from scenario_runner.app.plan import PlanRequest, preview
from scenario_runner.app.rerun import RerunRequest, rerun
from scenario_runner.app.run import RunRequest, RunResult, run
from scenario_runner.app.validate import validate
from scenario_runner.database.engine import Database
from scenario_runner.database.location import Location, location_of
from scenario_runner.engine.services import Control
from scenario_runner.errors import InvalidInput, MachineError, UsageError
from scenario_runner.events import EventHandler, InstanceSent, Stamped
from scenario_runner.registry.patient import Patient
from scenario_runner.registry.people import People
from tests.peers.postgres import postgresql
from tests.registry.people import person

JANE = {"name": "CITIZEN^JANE", "sex": "F", "birth_date": "1970-01-31"}
CR = {"modality": "CR", "date": "1990-01-30", "series": [{"images": 1, "size": [16, 16]}]}
CT = {"modality": "CT", "date": "2020-02-01", "series": [{"images": 2, "size": [16, 16]}]}
SEND = {"send": {"to": "pacs"}}


def written(
    folder: Path, patients: Sequence[dict[str, Any]], steps: Sequence[Any] = (SEND,)
) -> Path:
    number = len(list(folder.glob("s*.yaml")))
    file = folder / f"s{number}.yaml"
    scenario = {
        "schema": "scenario/v1",
        "name": f"s{number}",
        "seed": 7,
        "patients": list(patients),
        "steps": list(steps),
    }
    file.write_text(yaml.safe_dump(scenario, allow_unicode=True), encoding="utf-8")
    return file


def carried_out(
    file: Path, where: Location, handlers: Sequence[EventHandler] = (), **more: Any
) -> RunResult:
    request = RunRequest(
        sources=Sources(paths=[file], around=Surroundings({}, file.parent)),
        registry=where,
        out=file.with_suffix(""),
        **more,
    )
    return run(request, handlers, Control())


def known(where: Location) -> list[Patient]:
    with Database(where) as database:
        return People(database).search()


def test_a_prior_and_a_current_study_are_of_one_person(location: Location, tmp_path: Path) -> None:
    first = carried_out(written(tmp_path, [{**JANE, "keep": True, "studies": [CR]}]), location)
    (kept,) = known(location)
    assert (kept.name, kept.sex, kept.studies) == ("CITIZEN^JANE", "F", 1)
    again = {"from": {"registry": {"search": "citizen", "sex": "F"}}, "studies": [CT]}
    steps = [{"generate": {"to": "objects"}}, SEND]
    second = carried_out(written(tmp_path, [again], steps), location)
    objects = [dcmread(path) for path in second.folder.rglob("objects/**/*.dcm")]
    assert len(objects) == 2
    for one in objects:
        assert one.PatientID == kept.id
        assert str(one.PatientName) == "CITIZEN^JANE"
        assert one.PatientBirthDate == "19700131"
        assert one.PatientAge == "050Y", "on the day of this study; it was 019Y at the other"
        assert one.get("PatientAddress", "") in (kept.address, "")
    with Database(location) as database:
        people = People(database)
        (now,) = people.search(modality="CT")
        made = people.made_for(now)
    assert [(one.modalities, one.date.year) for one in made] == [(("CT",), 2020), (("CR",), 1990)]
    assert made[0].uid == objects[0].StudyInstanceUID
    assert {uid for uid, _ in made[0].series} == {objects[0].SeriesInstanceUID}
    assert made[0].accession == objects[0].AccessionNumber
    assert [(name, count) for name, count, _ in made[0].targets] == [("pacs", 2)]
    assert [one.run for one in made] == [second.record.id, first.record.id]
    assert now.last_used is not None


def test_what_was_deleted_from_a_pacs_is_noted_so(location: Location, tmp_path: Path) -> None:
    steps = [SEND, {"delete": {"from": "pacs"}}]
    carried_out(written(tmp_path, [{**JANE, "keep": True, "studies": [CR]}], steps), location)
    with Database(location) as database:
        people = People(database)
        ((study,),) = [people.made_for(one) for one in people.search()]
    ((target, count, gone),) = study.targets
    assert (target, count) == ("pacs", 1)
    assert gone is not None


def test_nobody_is_kept_of_whom_no_pacs_has_anything(tmp_path: Path) -> None:
    where = tmp_path / "r.sqlite3"
    file = written(tmp_path, [{**JANE, "keep": True, "studies": [CR]}], [{"generate": {}}])
    carried_out(file, where)
    assert known(where) == []


def test_a_run_that_is_killed_in_mid_step_leaves_nobody_unknown(
    location: Location, tmp_path: Path
) -> None:
    """What the registry knows when the first image is acknowledged outlives a ``kill -9``."""
    seen: list[list[tuple[str, int]]] = []

    class Looks:
        def handle(self, stamped: Stamped) -> None:
            if isinstance(stamped.event, InstanceSent):
                seen.append([(one.name, one.studies) for one in known(location)])

        def close(self) -> None:
            pass

    entry = {**JANE, "keep": True, "studies": [CR, CT]}
    carried_out(written(tmp_path, [entry]), location, [Looks()])
    assert seen[0][0][0] == "CITIZEN^JANE", "known before anything is sent"
    assert seen[1] == [("CITIZEN^JANE", 1)], (
        "and what was acknowledged is noted while the step goes on"
    )


def test_who_was_noted_before_a_send_that_stored_nothing_is_forgotten(tmp_path: Path) -> None:
    where = tmp_path / "r.sqlite3"
    with Database(where) as database:
        People(database).add([person("P1")])
    met = {"from": {"registry": {"id": "P1"}}, "keep": True, "studies": [CR]}
    entries = [{**JANE, "keep": True, "studies": [CR]}, met]
    steps = [{"misbehave": {"on": "pacs", "faults": [{"answer": {"status": "A700"}}]}}, SEND]
    result = carried_out(written(tmp_path, entries, steps), where)
    assert result.outcome == "failed"
    assert [one.id for one in known(where)] == ["P1"], "who was there before stays"


def test_a_run_that_keeps_nobody_leaves_counters_alone(tmp_path: Path) -> None:
    where = tmp_path / "r.sqlite3"
    carried_out(written(tmp_path, [{**JANE, "studies": [CR]}]), where)
    with closing(sqlite3.connect(where)) as connection:
        assert connection.execute("SELECT name FROM sqlite_schema").fetchall() == [("counter",)]


def test_every_patient_is_kept_when_the_command_says_so(tmp_path: Path) -> None:
    where = tmp_path / "r.sqlite3"
    file = written(tmp_path, [{"count": 3, "studies": [CR]}])
    carried_out(file, where, keep_patients=True)
    assert len({one.id for one in known(where)}) == 3


def test_a_rerun_asks_nobody_and_makes_the_same(tmp_path: Path) -> None:
    where = tmp_path / "r.sqlite3"
    with Database(where) as database:
        people = People(database)
        people.add([person(f"P{number}", f"CITIZEN^{number}") for number in range(30)])
        file = written(tmp_path, [{"from": {"registry": {"count": 4}}, "studies": [CR]}])
        first = carried_out(file, where)
        for one in people.search():
            people.delete(one)
    kept = list((first.folder / "inputs").glob("read-*"))
    assert len(json.loads(kept[0].read_text("utf-8"))) == 4
    request = RerunRequest(folder=first.folder, out=tmp_path / "again")
    second = rerun(request, [], Control())
    assert second.outcome == "passed"

    def ids(result: RunResult) -> list[str]:
        plan = json.loads((result.folder / "inputs" / "plan.json").read_text("utf-8"))
        return [one["id"] for one in plan["cases"][0]["patients"]]

    assert ids(second) == ids(first)
    assert len(set(ids(first))) == 4


def test_who_is_drawn_depends_on_the_seed_alone(tmp_path: Path) -> None:
    where = tmp_path / "r.sqlite3"
    with Database(where) as database:
        People(database).add([person(f"P{number}") for number in range(50)])
    file = written(tmp_path, [{"from": {"registry": {"count": 5}}, "studies": [CR]}])

    def drawn(seed: int) -> list[str]:
        sources = Sources(paths=[file], around=Surroundings({}, tmp_path))
        (job,) = preview(PlanRequest(sources=sources, registry=where, seed=seed)).jobs
        return [one.patient_id for one in job.case.patients]

    assert drawn(1) == drawn(1)
    assert drawn(1) != drawn(2)


def test_validating_looks_into_no_registry(tmp_path: Path) -> None:
    again = {"from": {"registry": "nobody at all"}, "studies": [CT]}
    file = written(tmp_path, [again])
    assert validate(Sources(paths=[file], around=Surroundings({}, tmp_path))).errors == 0
    wrong = written(tmp_path, [{**again, "studies": [{**CT, "colour": "red"}]}])
    found, *_ = validate(Sources(paths=[wrong], around=Surroundings({}, tmp_path))).diagnostics
    assert "colour" in found.message


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"search": "nobody at all"}, "0 patients that fit, and 1"),
        ({"id": "P99"}, "no patient 'P99'"),
        ({"count": 3}, "1 patient that fit, and 3"),
        ({"serach": "x"}, "unknown key 'serach'"),
    ],
)
def test_who_is_not_there_is_told_at_the_entry(asked: Any, says: str, tmp_path: Path) -> None:
    where = tmp_path / "r.sqlite3"
    with Database(where) as database:
        People(database).add([person("P1")])
    file = written(tmp_path, [{"from": {"registry": asked}, "studies": [CT]}])
    with pytest.raises(InvalidInput) as caught:
        carried_out(file, where)
    assert says in caught.value.diagnostics[0].message
    assert caught.value.diagnostics[0].where.file == str(file)
    assert not file.with_suffix("").exists(), "no run began"


def test_patients_are_met_by_their_ids_and_what_the_entry_says_wins(tmp_path: Path) -> None:
    where = tmp_path / "r.sqlite3"
    with Database(where) as database:
        People(database).add([person("P1"), person("P2"), person("P3")])
    entry = {"from": {"registry": {"id": ["P3", "P1"]}}, "name": "DOE^JANE", "studies": [CT]}
    carried_out(written(tmp_path, [entry]), where)
    assert [(one.id, one.studies, one.name) for one in known(where)] == [
        ("P1", 1, "CITIZEN^JANE"),
        ("P2", 0, "CITIZEN^JANE"),
        ("P3", 1, "CITIZEN^JANE"),
    ]


def test_an_id_that_somebody_has_is_refused_before_anything_is_sent(
    location: Location, tmp_path: Path
) -> None:
    with Database(location) as database:
        People(database).add([person("P1", "DOE^JOHN")])
    file = written(tmp_path, [{**JANE, "id": "P1", "keep": True, "studies": [CT]}])
    sent: list[str] = []

    class Listener:
        def handle(self, stamped: Stamped) -> None:
            sent.append(stamped.event.kind)

        def close(self) -> None:
            pass

    with pytest.raises(UsageError, match="is in the registry already: DOE\\^JOHN"):
        carried_out(file, location, [Listener()])
    assert sent == []
    assert not file.with_suffix("").exists()


@pytest.mark.peer
def test_a_server_that_goes_down_in_mid_run_stops_nothing_and_is_told_later(
    tmp_path: Path,
) -> None:
    with postgresql() as server:
        where = location_of(server.create("down"))

        class PullsThePlug:
            def handle(self, stamped: Stamped) -> None:
                if isinstance(stamped.event, InstanceSent) and not self.done:
                    self.done = True
                    server.stop("immediate")

            done = False

            def close(self) -> None:
                pass

        file = written(tmp_path, [{**JANE, "keep": True, "studies": [CT]}])
        result = carried_out(file, where, [PullsThePlug()])
        assert result.outcome == "passed"
        (told,) = result.untold
        assert "was not told of 1 of the studies" in told
        assert "does not answer" in told
        server.start()
        assert [one.studies for one in known(where)] == [0], (
            "the patient was noted before it was sent"
        )
        request = RerunRequest(folder=result.folder, out=tmp_path / "again", registry=where)
        assert rerun(request, [], Control()).untold == []
        ((kept, studies),) = [(one.name, one.studies) for one in known(where)]
        assert (kept, studies) == ("CITIZEN^JANE", 1)


def test_two_entries_never_draw_the_same_patient(tmp_path: Path) -> None:
    where = tmp_path / "r.sqlite3"
    with Database(where) as database:
        People(database).add([person(f"P{number}") for number in range(5)])
    entries = [{"from": {"registry": {"count": count}}, "studies": [CR]} for count in (2, 3)]
    file = written(tmp_path, entries)
    sources = Sources(paths=[file], around=Surroundings({}, tmp_path))
    for seed in range(10):
        (job,) = preview(PlanRequest(sources=sources, registry=where, seed=seed)).jobs
        assert len({one.patient_id for one in job.case.patients}) == 5
    file = written(tmp_path, [*entries, {"from": {"registry": {"search": "P"}}, "studies": [CR]}])
    sources = Sources(paths=[file], around=Surroundings({}, tmp_path))
    with pytest.raises(InvalidInput, match="0 patients that fit beside the 5 that entries above"):
        preview(PlanRequest(sources=sources, registry=where, seed=1))


def test_a_registry_that_is_locked_is_waited_for_before_what_sends_and_between_steps_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each try may take a minute."""
    tries: list[str] = []
    latest: list[str] = ["nothing"]

    @contextmanager
    def locked(_: Database) -> Iterator[Connection]:
        tries.append(latest[0])
        raise MachineError("it is locked")
        yield

    class Listener:
        def handle(self, stamped: Stamped) -> None:
            latest[0] = stamped.event.kind

        def close(self) -> None:
            pass

    steps = [SEND, *[{"echo": {"to": "pacs"}}] * 4]
    file = written(tmp_path, [{**JANE, "keep": True, "studies": [CT]}], steps)
    with Database(tmp_path / "r.sqlite3") as database:
        People(database).add([person("P1")])
    monkeypatch.setattr(Database, "writing", locked)
    carried_out(file, tmp_path / "r.sqlite3", [Listener()])
    begun = [kind for kind in tries if kind in ("step_started", "case_started")]
    assert len(begun) <= 2, tries


def test_a_registry_that_is_locked_is_not_waited_for_with_each_image(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each try may take a minute."""
    monkeypatch.setattr("scenario_runner.registry.usage._NOTED_EVERY", 0.0)
    sent: list[str] = []
    tries: list[int] = []
    writing = Database.writing

    @contextmanager
    def locked(database: Database) -> Iterator[Connection]:
        if sent:
            tries.append(len(sent))
            raise MachineError("it is locked")
        with writing(database) as connection:
            yield connection

    class Listener:
        def handle(self, stamped: Stamped) -> None:
            if isinstance(stamped.event, InstanceSent):
                sent.append(stamped.event.image)

        def close(self) -> None:
            pass

    monkeypatch.setattr(Database, "writing", locked)
    many = {**CT, "series": [{"images": 20, "size": [16, 16]}]}
    file = written(tmp_path, [{**JANE, "keep": True, "studies": [many]}])
    result = carried_out(file, tmp_path / "r.sqlite3", [Listener()])
    assert len(sent) == 20
    assert len([count for count in tries if count < 20]) <= 1, tries
    assert "was not told of 1 of the studies" in result.untold[0]
