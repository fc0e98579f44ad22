"""What workers told is known in its order, and nobody works behind the back of whoever asked."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Connection, event

from scenario_runner import plan, run
from scenario_runner.app.cluster.given_out import Tasks
from scenario_runner.app.cluster.kept_plans import planned
from scenario_runner.app.cluster.known import Known
from scenario_runner.app.cluster.ledger import (
    BELOW,
    CLOSED,
    HALT,
    SUPERSEDED,
    Entry,
    NotBegun,
    RunLedger,
    Superseded,
)
from scenario_runner.app.cluster.left import LEDGER_FILE, left_in_ledger
from scenario_runner.app.cluster.relaying import Relay
from scenario_runner.app.cluster.request import Settings, packed
from scenario_runner.app.cluster.sharing import SharedParts
from scenario_runner.app.cluster.telling import Telling
from scenario_runner.app.services import now
from scenario_runner.database.location import location_of
from scenario_runner.deadline import Deadline
from scenario_runner.engine.bus import EventBus
from scenario_runner.engine.case import case_started
from scenario_runner.engine.services import Control
from scenario_runner.errors import MachineError
from scenario_runner.events import CaseFinished, Event, Stamped, TakenOver
from scenario_runner.evidence.log import EventLog, event_line
from scenario_runner.redaction import Redactor
from tests.peers.postgres import PostgreSQL
from tests.running import write_scenario

if TYPE_CHECKING:
    from scenario_runner.planning.plan import PlannedImage

PART = f"c{BELOW}send, part 1 of 2"


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[RunLedger]:
    """Of a run with two cases, of which one has its send shared out."""
    with RunLedger(tmp_path / LEDGER_FILE, "r") as made:
        made.begin(b"")
        made.offer({name: json.dumps({"case": name[0]}) for name in ("c", "d", PART)})
        yield made


@pytest.fixture
def image() -> PlannedImage:
    first: PlannedImage = next(plan("xray_smoke", seed=1).jobs[0].case.series()).images[0]
    return first


def told(event: str, **facts: Any) -> Entry:
    common = {"event": event, "case": "c", "target": "pacs"}
    return Entry("events", json.dumps([{**common, **facts}]).encode())


def stored(image: PlannedImage) -> Entry:
    return told(
        "instance_sent", id="send", image=image.id, uid=image.uid, status="0000", stored=True,
        maybe_stored=False, comment="", earlier=None, seq=1, time="2026-01-31T09:30:00.000Z",
    )  # fmt: skip


def answered(image: PlannedImage) -> Entry:
    """The same, for the step that it belongs to."""
    row = {
        "series": image.series.id, "index": 0, "earlier": None, "at": 0.0,
        "status": {"sop_instance_uid": image.uid, "sop_class_uid": "", "status": 0},
    }  # fmt: skip
    return Entry("stored", json.dumps([row]).encode())


def test_a_ledger_without_room_is_called_that_and_not_the_registry(ledger: RunLedger) -> None:
    def on_a_small_disk(connection: Connection) -> None:
        connection.exec_driver_sql("PRAGMA max_page_count = 1")  # which is: no more than there are

    event.listen(ledger._database.engine, "begin", on_a_small_disk)
    with pytest.raises(MachineError) as told_so:
        ledger.offer({"e": "x" * 1_000_000})
    assert told_so.value.message.startswith("the disk is full: the ledger of the run '")
    assert told_so.value.hint is not None
    assert "--out" in told_so.value.hint
    assert "--registry" not in told_so.value.hint


def test_where_no_further_case_begins_what_has_begun_is_done_in_all_its_parts(
    ledger: RunLedger,
) -> None:
    ledger.claim("c", "first")
    ledger.stop(HALT)
    assert ledger.claim(PART, "second").attempt == 1
    assert ledger.claim(PART, "third").attempt == 2
    with pytest.raises(NotBegun):
        ledger.claim("d", "second")
    ledger.stop(1)
    with pytest.raises(NotBegun):
        ledger.claim(PART, "fourth")


def test_what_was_deleted_after_a_shared_send_is_not_there(
    ledger: RunLedger, image: PlannedImage, tmp_path: Path
) -> None:
    for name in ("c", PART):
        ledger.claim(name, "first")
    ledger.tell(PART, 1, [stored(image)])
    known = Known(ledger, ["c", PART], "c").sends.of("c", {"pacs": True})
    found = known("send", image, "pacs")
    assert found is not None
    assert found.stored
    gone = told("deletion", id="delete", studies=[image.series.study.uid], done=True)
    ledger.tell("c", 1, [gone])
    known = Known(ledger, ["c", PART], "c").sends.of("c", {"pacs": True})
    assert known("send", image, "pacs") is None
    left = [one["event"] for one in left_in_ledger(tmp_path, "r", None)]
    assert left == ["instance_sent", "deletion"]


class NotDone:
    """A task that is under way."""

    def add_done_callback(self, _: object) -> None:
        """It is never done."""

    def done(self) -> bool:
        return False


def test_whoever_goes_on_without_a_shared_send_has_nobody_send_the_rest(
    ledger: RunLedger, image: PlannedImage, tmp_path: Path
) -> None:
    for name in ("c", PART):
        ledger.claim(name, "first")
    ledger.tell(PART, 1, [answered(image)])
    control = Control()
    telling = Telling(ledger, "c", 1, tmp_path, control, "first", digest=None)
    try:
        deadline = Deadline(None, control.stop)
        answers = iter(SharedParts(ledger, telling, [PART], deadline, lambda _, __: NotDone()))
        assert next(answers).index == 0
        answers.close()  # type: ignore[attr-defined]
    finally:
        telling.leave()
    assert ledger.endings([PART]) == {PART: SUPERSEDED}


def test_of_a_case_that_was_taken_over_all_of_its_time_counts(
    ledger: RunLedger, tmp_path: Path
) -> None:
    [job] = plan("xray_smoke", seed=1).jobs
    case = job.case.id
    over = CaseFinished(case=case, outcome="passed", duration_s=10.0, message="")
    again = TakenOver(
        case=case, part="", worker="b", before="a", attempt=2, acknowledged=0, unknown=[]
    )
    happened: list[tuple[int, str, Event]] = [
        (1, "00", case_started(job)), (2, "29", again), (2, "30", case_started(job)), (2, "40", over),
    ]  # fmt: skip
    ledger.offer({case: "{}"})
    for attempt in (1, 2):
        ledger.claim(case, "worker")
        lines = [
            event_line(Stamped(1, f"2026-01-31T09:30:{second}.000Z", event))
            for whose, second, event in happened
            if whose == attempt
        ]
        ledger.tell(case, attempt, [Entry("events", b"[" + b",".join(lines) + b"]")])
    bus = EventBus(EventLog(tmp_path / "events.ndjson"), (), Redactor(()), now)
    relay = Relay(ledger, bus, tmp_path, {case: job}, None, lambda _, __: None)
    relay.take()
    bus.close()
    assert relay.times == {case: ("2026-01-31T09:30:00.000Z", 40.0)}


@pytest.mark.parametrize("who", ["the client", "who has the case"])
def test_what_workers_go_on_telling_is_not_asked_for_note_by_note(
    ledger: RunLedger,
    image: PlannedImage,
    tmp_path: Path,
    who: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Else two processes read and write as fast as they can, and those who send wait for both."""
    entries = [stored(image), answered(image)]
    ledger.claim(PART, "first")
    ledger.tell(PART, 1, entries)
    reads = 0
    read = ledger._read

    def told_meanwhile(*wanted: Any) -> list[tuple[int, Entry]]:
        nonlocal reads
        reads += 1
        assert reads < 10
        found = read(*wanted)
        ledger.tell(PART, 1, entries, '{"outcome": "passed"}' if reads == 3 else "")
        return found

    monkeypatch.setattr(ledger, "_read", told_meanwhile)
    if who == "the client":
        bus = EventBus(EventLog(tmp_path / "events.ndjson"), (), Redactor(()), now)
        Relay(ledger, bus, tmp_path, {}, None, lambda _, __: None).take()
        bus.close()
        assert reads == 1
    else:
        ledger.claim("c", "first")
        telling = Telling(ledger, "c", 1, tmp_path, Control(), "first", digest=None)
        try:
            shared = SharedParts(ledger, telling, [PART], Deadline(60), lambda _, __: NotDone())
            assert [one.index for one in shared] == [0]
        finally:
            telling.leave()


def test_a_run_that_waits_for_others_keeps_its_files_when_its_worker_plans_another(
    tmp_path: Path,
) -> None:
    packets = []
    for name in ("one", "two"):
        entries = [{"log": {"message": "done"}}]
        file = write_scenario(tmp_path / f"{name}.yaml", entries, patients=[])
        folder = run(file, out=tmp_path / name).folder
        packets.append(packed(folder, Settings(folder=str(tmp_path), reserved={})))
    with planned("one", packets[0]) as waiting:
        with planned("two", packets[1]) as other:
            assert other.folder.is_dir()
        with planned("one", packets[0]) as again:
            assert again is waiting
        assert waiting.folder.is_dir()
    with planned("two", packets[1]):
        assert not waiting.folder.exists()


class SlowLedger:
    """One whose database takes as long as the test wants."""

    is_file = True

    def __init__(self) -> None:
        self.begun, self.goes_on = threading.Event(), threading.Event()
        self.told: list[Entry] = []

    def tell(self, part: str, attempt: int, entries: list[Entry], ending: str = "") -> int:
        self.begun.set()
        assert self.goes_on.wait(60)
        self.told += entries
        return 0

    def stopping(self) -> int:
        return 0


def test_who_sends_does_not_wait_while_what_was_told_is_being_written(tmp_path: Path) -> None:
    ledger = SlowLedger()
    telling = Telling(ledger, PART, 1, tmp_path, Control(), "w", digest=None)  # type: ignore[arg-type]
    telling.stored({"index": 0})
    assert ledger.begun.wait(60)
    told = threading.Event()

    def goes_on() -> None:
        telling.stored({"index": 1})
        telling.handle(
            Stamped(
                1,
                "2026-11-30T00:00:00.000Z",
                CaseFinished(case="c", outcome="passed", duration_s=0.0, message=""),
            )
        )
        told.set()

    sender = threading.Thread(target=goes_on)
    sender.start()
    went_on = told.wait(10)
    ledger.goes_on.set()
    sender.join(60)
    telling.finish("{}")
    assert went_on
    rows = [
        row["index"] for one in ledger.told if one.kind == "stored" for row in json.loads(one.data)
    ]
    assert rows == [0, 1]
    assert [one.kind for one in ledger.told][-1] == "events"


class FullLedger:
    """One that takes nothing, and can be read. held: what it says of who has the part."""

    is_file = True

    def __init__(self, error: BaseException, held: int | MachineError | None) -> None:
        self._error, self._held = error, held
        self.asked = threading.Event()

    def tell(self, *_: object) -> int:
        raise self._error

    def stopping(self) -> int:
        return 0

    def held(self, _: str, __: int) -> int | None:
        self.asked.set()
        if isinstance(self._held, MachineError):
            raise self._held
        return self._held


FULL = MachineError("the disk is full")


@pytest.mark.parametrize(
    ("error", "held", "tidies"),
    [
        (FULL, 0, True),
        (FULL, 1, True),
        (FULL, 2, False),  # the user stopped it twice
        (FULL, CLOSED, False),
        (FULL, None, False),
        (FULL, MachineError("no answer"), False),
        (MemoryError(), 0, True),
        (SystemExit(3), 0, True),
        (Superseded("it is somebody else's"), 0, False),
    ],
)
def test_a_worker_that_can_tell_nothing_more_tidies_up_what_is_its_own_for_sure(
    tmp_path: Path, error: BaseException, held: int | MachineError | None, *, tidies: bool
) -> None:
    ledger, control = FullLedger(error, held), Control()
    telling = Telling(ledger, PART, 1, tmp_path, control, "w", digest=None)  # type: ignore[arg-type]
    try:
        telling.stored({"index": 0})
        assert control.stop.wait(60)
        if tidies:
            for _ in range(3):
                ledger.asked.clear()
                assert ledger.asked.wait(60)
            assert not control.stop_finally.is_set()
        else:
            assert control.stop_finally.wait(60)
        with pytest.raises(MachineError) as told_so:
            telling.require()  # and nobody goes on as if it had been told
        assert told_so.value.message
    finally:
        telling.leave()


def test_a_part_is_held_by_its_last_attempt_until_it_has_ended(ledger: RunLedger) -> None:
    ledger.claim(PART, "first")
    assert ledger.held(PART, 1) == 0
    ledger.stop(1)
    assert ledger.held(PART, 1) == 1
    ledger.stop(0)
    ledger.claim(PART, "second")
    assert ledger.held(PART, 1) is None
    ledger.tell(PART, 2, [], '{"outcome": "passed"}')
    assert ledger.held(PART, 2) is None
    assert ledger.held("nobody's", 1) is None


def test_once_the_run_stops_what_nobody_has_taken_is_nobodys(ledger: RunLedger) -> None:
    ledger.claim("c", "first")
    ledger.stop(HALT)
    left = ledger.unclaimed(("c", "d", PART))
    assert left == {"d", PART}
    with pytest.raises(NotBegun):
        ledger.claim("d", "second")
    assert ledger.unclaimed(("c", "d", PART)) == left
    assert ledger.unclaimed(("c",)) == set()
    ledger.tell(PART, 0, [], SUPERSEDED)
    assert ledger.unclaimed(("d", PART)) == {"d"}


class Scheduler:
    """What a scheduler is asked for: tasks that fail at once, or wait for ever."""

    def __init__(self) -> None:
        self.fails = False

    def submit(self, *_: object, **__: object) -> NotDone:
        return Failed() if self.fails else NotDone()


class Failed(NotDone):
    """A task whose worker could not begin."""

    status = "error"

    def done(self) -> bool:
        return True

    def exception(self) -> BaseException:
        return MachineError("the worker has no such plugin")


def test_a_case_that_failed_before_it_was_begun_is_told_as_that_where_the_run_stops_just_then(
    tmp_path: Path,
) -> None:
    waits, fails = plan("compressed", seed=1).jobs[:2]
    where, scheduler = tmp_path / LEDGER_FILE, Scheduler()
    with RunLedger(where, "r") as ledger:
        ledger.begin(b"")
        tasks = Tasks(scheduler, ledger, where, "r", 2)
        tasks.give_out(waits)
        scheduler.fails = True
        tasks.give_out(fails)
        ledger.stop(1)
        assert tasks.taken_back() == [waits]
        [(job, ended)] = tasks.ended()
    assert job is fails
    assert (ended["outcome"], ended["message"]) == ("error", "the worker has no such plugin")


def test_what_somebody_is_just_taking_is_not_nobodys(
    server: PostgreSQL, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who looked whether the run goes on before it was told to stop does the case: it is not to be one that was not run."""
    looked, stopped = threading.Event(), threading.Event()
    location = location_of(server.create("claiming"))
    with RunLedger(location, "r") as theirs, RunLedger(location, "r") as ours:
        ours.begin(b"")
        ours.offer({"c": "{}", "d": "{}"})
        look = theirs._stop

        def slowly(connection: Connection) -> int:
            stop = look(connection)
            looked.set()
            assert stopped.wait(60)
            return stop

        def asks(connection: Connection, cursor: Any, statement: str, *_: Any) -> None:
            if statement.startswith("SELECT") and "attempt =" in statement:
                stopped.set()

        monkeypatch.setattr(theirs, "_stop", slowly)
        with ThreadPoolExecutor(1) as pool:
            claim = pool.submit(theirs.claim, "c", "first")
            try:
                assert looked.wait(60)
                ours.stop(HALT)
                event.listen(ours._database.engine, "before_cursor_execute", asks)
                assert ours.unclaimed(("c", "d")) == {"d"}
            finally:
                stopped.set()
            assert claim.result().attempt == 1
