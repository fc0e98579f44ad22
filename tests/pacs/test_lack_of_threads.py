"""Where the system gives no more threads, whoever comes then is turned away, and whoever comes later is served."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from scenario_runner.deadline import Deadline
from scenario_runner.errors import TargetError
from scenario_runner.network.echo import echo
from scenario_runner.orders.mllp.client import Mllp
from scenario_runner.pacs.server import EmbeddedPacs
from scenario_runner.ul.peer import Peer
from tests.pacs.test_ris import ordered


def test_who_comes_while_there_are_no_threads_keeps_nobody_after_it_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = threading.Thread.start
    lacking = threading.Event()
    lacking.set()

    def starts(thread: threading.Thread) -> None:
        if lacking.is_set() and thread.name.startswith(("pacs-", "mllp-")):
            raise RuntimeError("can't start new thread")
        start(thread)

    with EmbeddedPacs(tmp_path) as pacs:
        hl7 = Peer(host="127.0.0.1", port=pacs.open_hl7(), ae_title="HL7", response_timeout=10)
        dicom = Peer(host="127.0.0.1", port=pacs.port, ae_title=pacs.ae_title)
        monkeypatch.setattr(threading.Thread, "start", starts)
        with pytest.raises(TargetError):
            echo(dicom, Deadline(30))
        with pytest.raises(TargetError), Mllp.open(hl7, Deadline(30)) as connection:
            connection.send(ordered(1), Deadline(30))
        lacking.clear()
        echo(dicom, Deadline(30))
        with Mllp.open(hl7, Deadline(30)) as connection:
            assert connection.send(ordered(1), Deadline(30)).code == "AA"
