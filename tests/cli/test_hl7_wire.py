"""`fabricate hl7 send` and `listen`: many messages, each accounted for."""

from __future__ import annotations

import json
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from scenario_runner.orders.hl7 import Message
from scenario_runner.orders.mllp.acknowledging import acknowledgement
from scenario_runner.orders.mllp.listener import Answer, MllpListener
from tests.orders.hl7.feeds import order
from tests.running import command, environment, fabricate, write_site


@contextmanager
def listening(*arguments: str, cwd: Path) -> Iterator[tuple[int, subprocess.Popen[str]]]:
    process = subprocess.Popen(
        command("hl7", "listen", "--port", "0", *arguments),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        cwd=cwd,
        env=environment(),
    )
    try:
        assert process.stderr is not None
        said = process.stderr.readline()
        match = re.fullmatch(r"listening on 127\.0\.0\.1:(\d+); Ctrl-C stops", said.strip())
        assert match, said
        yield int(match[1]), process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


@contextmanager
def refusing(*refused: str) -> Iterator[tuple[int, list[str]]]:
    taken: list[str] = []

    def take(data: bytes, _: str) -> Answer:
        message = Message.read(data)
        taken.append(message.control_id)
        wrong = message.control_id in refused
        return Answer([acknowledgement(message, "AE", "no such room") if wrong else
                       acknowledgement(message, "AA")])  # fmt: skip

    with MllpListener(take) as listener:
        yield listener.port, taken


def test_what_is_sent_is_kept_as_it_stands_and_acknowledged(tmp_path: Path) -> None:
    feed = [order(control="1"), order(control="A/2", pid="PID|1||P2||MÜLLER^EVA", charset="8859/1",
                                      codec="iso8859-1")]  # fmt: skip
    (tmp_path / "feed.hl7").write_bytes(b"".join(feed))
    with listening("--folder", "inbox", "--count", "2", cwd=tmp_path) as (port, process):
        to = f"127.0.0.1:{port}"
        sent = fabricate("hl7", "send", "feed.hl7", "--to", to, cwd=tmp_path).check()
        out, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert f"2 of 2 accepted by {to}" in sent.out
    kept = sorted((tmp_path / "inbox").iterdir())
    assert [path.name for path in kept] == ["000001_1.hl7", "000002_A_2.hl7"]
    assert [path.read_bytes() for path in kept] == feed
    assert "AA  ORM^O01  message 1  from 127.0.0.1  inbox/000001_1.hl7" in out


def test_bad_ones_among_many_are_named_and_stop_no_other(tmp_path: Path) -> None:
    feed = [order(control=str(number)) for number in range(300)]
    feed[99] = b"MSH|^~\\&|A\r"
    (tmp_path / "feed.hl7").write_bytes(b"".join(feed))
    with refusing("7") as (port, taken):
        sent = fabricate("hl7", "send", tmp_path / "feed.hl7", "--to", f"127.0.0.1:{port}").check(1)
    assert len(taken) == 299
    told = [line for line in sent.out.splitlines() if not line.startswith("AA")]
    assert told[0] == "AE  ORM^O01 message 7 no such room"
    assert "feed.hl7:496 MSH-9 is missing" in told[1]
    assert told[2].startswith("298 of 300 accepted by 127.0.0.1:")
    assert told[2].endswith(", 2 not")


def test_an_earlier_messages_file_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "inbox").mkdir()
    (tmp_path / "inbox" / "000041_x.hl7").write_bytes(b"kept")
    (tmp_path / "a.hl7").write_bytes(order(control="x"))
    with listening("--folder", "inbox", "--count", "1", cwd=tmp_path) as (port, process):
        to = f"127.0.0.1:{port}"
        fabricate("hl7", "send", "a.hl7", "--to", to, cwd=tmp_path).check()
        process.communicate(timeout=60)
    names = sorted(path.name for path in (tmp_path / "inbox").iterdir())
    assert names == ["000041_x.hl7", "000042_x.hl7"]


@pytest.mark.parametrize(("answer", "code"), [("AE", 1), ("AR", 1), ("none", 1)])
def test_a_listener_refuses_on_request(tmp_path: Path, answer: str, code: int) -> None:
    (tmp_path / "a.hl7").write_bytes(order())
    with listening("--answer", answer, "--format", "json", cwd=tmp_path) as (port, process):
        to = f"127.0.0.1:{port}"
        arguments = ("hl7", "send", "a.hl7", "--to", to, "--timeout", "1", "--format", "json")
        sent = fabricate(*arguments, cwd=tmp_path).check(code)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert json.loads(out)["answer"] == answer
    told = json.loads(sent.out)
    assert told["code"] == (None if answer == "none" else answer)
    assert ("no acknowledgement in time" in told["text"]) == (answer == "none")


def test_fewer_than_asked_for_is_exit_code_1(tmp_path: Path) -> None:
    done = fabricate(
        "hl7", "listen", "--port", "0", "--count", "1", "--seconds", "0.3", cwd=tmp_path
    )
    done.check(1)


def test_nobody_there_is_exit_code_4_and_nothing_is_called_sent(tmp_path: Path) -> None:
    (tmp_path / "a.hl7").write_bytes(order() * 5)
    with refusing() as (port, _):
        pass
    sent = fabricate("hl7", "send", tmp_path / "a.hl7", "--to", f"127.0.0.1:{port}").check(4)
    assert "refused" in sent.err
    assert "accepted" not in sent.out


def test_a_target_of_the_site_file_is_sent_to(tmp_path: Path) -> None:
    (tmp_path / "a.hl7").write_bytes(order())
    with refusing() as (port, taken):
        ris = {"environment": "production", "hl7": {"host": "127.0.0.1", "port": port}}
        site = write_site(tmp_path / "site.yaml", {"ris": ris})
        given = ("hl7", "send", tmp_path / "a.hl7", "--site", site, "--to", "ris")
        assert "production" in fabricate(*given).check(2).err
        assert taken == []
        fabricate(*given, "--allow-production").check()
    assert taken == ["4711"]
