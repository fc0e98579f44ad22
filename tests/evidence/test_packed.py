"""Instances that share a line of the log: it says of each what a line of its own would."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenario_runner.errors import MachineError
from scenario_runner.events import Event, InstanceSent, Logged, Stamped
from scenario_runner.evidence import packed
from scenario_runner.evidence.fold import record_from_events
from scenario_runner.evidence.log import DAMAGED, EventLog, event_line, events_in, read_events
from scenario_runner.web.runs.events import _messages

NOW = "2026-01-31T09:30:00.123Z"
ROOT = "2.25.3104419352731454021133479014"


def sent(image: str, uid: str, **more: Any) -> InstanceSent:
    return InstanceSent(
        **{
            "case": "c", "id": "send_1", "target": "pacs", "image": image, "uid": uid,
            "status": "0000", "stored": True, "maybe_stored": False, "comment": "", **more,
        }
    )  # fmt: skip


def series(count: int, name: str = "p1.s1.e1") -> list[Event]:
    return [sent(f"{name}.i{number}", f"{ROOT}{number:07}") for number in range(1, count + 1)]


def written(folder: Path, events: Sequence[Event], times: Sequence[str] = ()) -> Path:
    log = EventLog(folder / "events.ndjson")
    for seq, event in enumerate(events, 1):
        log.handle(Stamped(seq, times[seq - 1] if times else NOW, event))
    log.close()
    return log.path


def alone(events: Sequence[Event]) -> list[dict[str, Any]]:
    return [json.loads(event_line(Stamped(seq, NOW, event))) for seq, event in enumerate(events, 1)]


@pytest.fixture(autouse=True)
def _from_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packed, "SINGLY", 0)


def test_a_million_instances_take_fifty_bytes_each(tmp_path: Path) -> None:
    told = Logged(case="c", id="send_1", level="info", message="")
    events = [one for number in range(100) for one in (*series(100, f"p1.s1.e{number}"), told)]
    path = written(tmp_path, events)
    logged = 100 * len(event_line(Stamped(10_000, NOW, told)))
    assert (path.stat().st_size - logged) / 10_000 <= 50
    assert list(read_events(path)) == alone(events)


def test_the_first_thousand_of_a_run_have_a_line_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    path = written(tmp_path, series(3000))
    lines = path.read_bytes().splitlines()
    assert [json.loads(line)["event"] for line in lines[:1000]] == ["instance_sent"] * 1000
    assert [len(json.loads(line)["sent"]) for line in lines[1000:]] == [1000, 1000]
    assert list(read_events(path)) == alone(series(3000))


KEYS = st.builds(
    "p1.s1.e{}.i{}".format, st.integers(1, 2), st.integers(1, 6)
) | st.sampled_from(["p1.s1.e1.i007", "17", "", "i1", "p1 s1.e1.i1", 'p1".e1.i1', "ä.i1", "a.i²"])  # fmt: skip
UIDS = st.sampled_from(
    [
        "1.2.1",
        "1.2.2",
        "1.2.33",
        "1.3.1",
        "1.2.",
        "1.2",
        "",
        "1.2.x",
        "1.2.²",
        "7",
        "•••",
        "1.2.1 2",
    ]
)
ONE = st.builds(
    sent,
    KEYS,
    UIDS,
    status=st.sampled_from(["0000", "0000", "A700", None]),
    comment=st.sampled_from(["", "", 'no "room"\u2028']),
    earlier=st.sampled_from([None, None, "an earlier run"]),
)
OTHER = st.just(Logged(case="c", id="send_1", level="info", message='"event":"instances_sent"'))


@given(st.lists(ONE | OTHER, max_size=30))
def test_whatever_is_told_is_read_back(events: list[Event]) -> None:
    with TemporaryDirectory() as folder:
        assert list(read_events(written(Path(folder), events))) == alone(events)


def test_those_of_a_line_were_told_in_the_same_tenth_of_a_second(tmp_path: Path) -> None:
    times = [f"2026-01-31T09:30:0{n // 100}.{n % 100:02}7Z" for n in range(0, 300, 7)]
    read = list(read_events(written(tmp_path, series(len(times)), times)))
    tenth = len("2026-01-31T09:30:00.1")
    assert [one["time"][:tenth] for one in read] == [time[:tenth] for time in times]


def test_a_log_that_is_cut_at_any_byte_says_every_instance_that_is_whole(tmp_path: Path) -> None:
    events = [*series(3), sent("p2.s1.e1.i4", f"{ROOT}9"), sent("p2.s1.e1.i9", f"{ROOT}77")]
    data = written(tmp_path, events).read_bytes()
    cut = tmp_path / "cut"
    whole = alone(events)
    first = data.index(b"\n") + 1
    for length in range(first, len(data) + 1):
        cut.write_bytes(data[:length])
        _, _, said = data[first:length].partition(b'"sent":[')
        assert list(read_events(cut)) == whole[: 1 + said.count(b'"') // 2]


@pytest.mark.skipif(sys.platform == "win32", reason="limits are a POSIX thing")
def test_what_no_longer_fits_takes_nothing_along_that_was_written(tmp_path: Path) -> None:
    import resource

    events, told = series(100), 0
    log = EventLog(tmp_path / "log")

    def write() -> None:
        nonlocal told
        for told, event in enumerate(events):
            log.handle(Stamped(told + 1, NOW, event))

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        with pytest.raises(MachineError):
            write()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    log.close()  # there is room again
    assert 10 < told < 100
    assert log.path.stat().st_size == 1000
    assert list(read_events(log.path)) == alone(events[:told])


def test_a_killed_process_loses_no_instance_that_it_had_told(tmp_path: Path) -> None:
    program = (
        "import sys\n"
        "from pathlib import Path\n"
        "from scenario_runner.evidence import packed\n"
        "packed.SINGLY = 0\n"
        "from tests.evidence.test_packed import NOW, series\n"
        "from scenario_runner.events import Stamped\n"
        "from scenario_runner.evidence.log import EventLog\n"
        f"log = EventLog(Path({str(tmp_path / 'log')!r}))\n"
        "for seq, event in enumerate(series(5000), 1):\n"
        "    log.handle(Stamped(seq, NOW, event))\n"
        "    sys.stdout.buffer.raw.write(b'%d\\n' % seq)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        told = 0
        for line in process.stdout:
            told = int(line)
            if told == 2500:
                process.kill()
                break
        told = max([told, *(int(line) for line in process.stdout if line.endswith(b"\n"))])
    read = list(read_events(tmp_path / "log"))
    assert len(read) >= told
    assert read == alone(series(len(read)))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('"sent":["p1.s1.e1.i2 ', '"sent":["'),
        ('"sent":[', '"sent":[7,'),
        ('"sent":[', '"sent":[],"more":['),
        ('"sent":["p1.s1.e1.i2 ', '"sent":["p1.s1.e1.i0x '),
        ('"uids":"2.25."', '"uids":7'),
        ('"uids":"2.25."', '"uid":"2.25."'),
        ('"seq":2', '"seq":1e999'),
        ('"seq":2', '"seq":"2"'),
    ],
)
def test_a_line_that_somebody_has_damaged_is_told(
    before: str, after: str, tmp_path: Path
) -> None:  # fmt: skip
    path = written(tmp_path, series(4))
    text = path.read_text("utf-8")
    assert before in text
    path.write_text(text.replace(before, after), "utf-8")
    assert [one["event"] for one in read_events(path)] == ["instance_sent", DAMAGED]
    assert (
        "line 2 of events.ndjson cannot be read" in record_from_events(read_events(path)).problems
    )
    assert events_in(path.read_bytes().splitlines()[1])  # whoever watches gets something, too


def test_whoever_watches_a_run_is_told_of_each(tmp_path: Path) -> None:
    events = [*series(4), Logged(case="c", id="send_1", level="info", message="done")]
    data = written(tmp_path, events).read_bytes()
    messages = _messages(data.splitlines(), 0).decode().split("\n\n")[:-1]
    told = [message.split("\n") for message in messages]
    assert [json.loads(said.removeprefix("data: ")) for _, said in told] == alone(events)
    first, second = data.index(b"\n") + 1, data.rindex(b"\n", 0, -1) + 1
    # Whoever was cut off within a line gets all of it again, and knows by the number what it had.
    assert [int(place.removeprefix("id: ")) for place, _ in told] == [
        first, first, first, second, len(data)
    ]  # fmt: skip
