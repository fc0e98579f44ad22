"""The event log: what a user would lose if a run is killed, a disk fills or a file is damaged."""

from __future__ import annotations

import errno
import json
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenario_runner.errors import MachineError
from scenario_runner.events import InstanceSent, Logged, Progress, Stamped
from scenario_runner.evidence.log import DAMAGED, EventLog, event_line, read_events
from tests.evidence import samples

if TYPE_CHECKING:
    from pathlib import Path


def _stamped(seq: int, message: str = "hello") -> Stamped:
    event = Logged(case="c", id="s", level="info", message=message)
    return Stamped(seq, "2026-01-31T09:30:00.000Z", event)


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    story = samples.failing()
    folder = story.write(tmp_path)
    assert list(read_events(folder / "events.ndjson")) == [
        json.loads(json.dumps(stamped.as_json())) for stamped in story.events
    ]


def test_a_killed_process_loses_no_event_it_had_reported(tmp_path: Path) -> None:
    log = tmp_path / "events.ndjson"
    program = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from scenario_runner.events import Logged, Stamped\n"
        "from scenario_runner.evidence.log import EventLog\n"
        f"log = EventLog(Path({str(log)!r}))\n"
        "for n in range(1, 1001):\n"
        "    log.handle(Stamped(n, 't', Logged(case='c', id='s', level='info', message='x' * n)))\n"
        "print('ready', flush=True)\n"
        "time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == b"ready"
        process.kill()
    assert [event["seq"] for event in read_events(log)] == list(range(1, 1001))


def test_a_log_cut_at_any_byte_reads_to_the_last_whole_event(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "whole")
    for seq in range(1, 6):
        log.handle(_stamped(seq, "Ω\n\u2028" * seq))
    log.close()
    data = (tmp_path / "whole").read_bytes()
    cut = tmp_path / "cut"
    for length in range(len(data) + 1):
        cut.write_bytes(data[:length])
        events = list(read_events(cut))
        # An event is whole as soon as its last brace is there, with or without the line end.
        whole = data[:length].count(b"}\n") + (data[:length].endswith(b"}"))
        assert [event["seq"] for event in events] == list(range(1, whole + 1))


def test_a_damaged_line_is_reported_and_the_rest_is_read(tmp_path: Path) -> None:
    path = tmp_path / "events.ndjson"
    good = [json.dumps({"seq": n, "event": "x"}).encode() for n in (1, 2, 3)]
    path.write_bytes(
        b"\n".join([good[0], b'{"seq": 2, "ev\x00\xff', good[1], b"[1]", b"", good[2], b""])
    )
    events = list(read_events(path))
    assert [event.get("seq") for event in events] == [1, None, 2, None, 3]
    assert [event.get("line") for event in events if event["event"] == DAMAGED] == [2, 4]


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (float("nan"), "nan"),
        ({"deep": [float("-inf"), 1.5]}, {"deep": ["-inf", 1.5]}),
        ("lone \ud800 surrogate", "lone \ufffd surrogate"),
        ({"\udfff": b"bytes"}, {"\ufffd": "b'bytes'"}),
        ({1: {2}}, {"1": [2]}),
    ],
)
def test_odd_content_never_costs_an_event(tmp_path: Path, value: Any, read: Any) -> None:
    log = EventLog(tmp_path / "log")
    log.handle(_stamped(1, value))
    log.close()
    assert next(read_events(tmp_path / "log"))["message"] == read


def test_lone_surrogates_from_another_writer_do_not_reach_the_reports(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(b'{"message": "\\uD800 x", "event": "e"}\n')
    assert next(read_events(tmp_path / "log"))["message"] == "\ufffd x"


class _FullDisk:
    def write(self, _data: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    def close(self) -> None:
        pass


@given(st.text(), st.text(), st.text(), st.sampled_from(["0000", "A700", None]), st.booleans())
def test_a_line_of_an_instance_says_what_its_event_does(
    image: str, uid: str, comment: str, status: str | None, stored: bool
) -> None:
    for name in (image, "p1.s1.e1.i1"):
        sent = InstanceSent(
            case=comment, id="send", target="pacs", image=name, uid=uid or "2.25.1", status=status,
            stored=stored, maybe_stored=not stored, comment=comment,
        )  # fmt: skip
        stamped = Stamped(7, "2026-01-31T09:30:00.123Z", sent)
        line = event_line(stamped)
        assert list(json.loads(line).items()) == list(stamped.as_json().items())
        assert line.count(b"\n") == 1


def test_a_full_disk_is_said_in_clear_words(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "log")
    log.close()
    log._file = _FullDisk()  # type: ignore[assignment]
    with pytest.raises(MachineError, match="the disk is full") as caught:
        log.handle(_stamped(1))
    assert str(tmp_path / "log") in caught.value.message


class _Sluggish:
    """A raw file may take less than it is given."""

    def __init__(self) -> None:
        self.data = b""

    def write(self, data: memoryview) -> int:
        self.data += bytes(data[:7])
        return min(7, len(data))

    def close(self) -> None:
        pass


def test_a_short_write_is_finished(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "log")
    log.close()
    file = _Sluggish()
    log._file = file  # type: ignore[assignment]
    log.handle(_stamped(1))
    assert json.loads(file.data)["seq"] == 1


def test_a_log_that_cannot_be_opened_is_a_machine_error(tmp_path: Path) -> None:
    with pytest.raises(MachineError, match="cannot write the event log"):
        EventLog(tmp_path / "no" / "such" / "folder")
    with pytest.raises(MachineError, match="cannot read the event log"):
        list(read_events(tmp_path / "nothing"))


def test_twenty_thousand_events_take_less_than_a_second_of_processor_time(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "log")
    event = Progress(case="xray_smoke", id="send_1", done=1, total=2, unit="instances")
    begin = time.process_time()
    for seq in range(20_000):
        log.handle(Stamped(seq, "2026-01-31T09:30:00.000Z", event))
    spent = time.process_time() - begin
    log.close()
    assert spent < 1.0
