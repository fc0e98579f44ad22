"""How long a C-ECHO took is what the peer and the network took, not what this process had to do beforehand."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

from scenario_runner.deadline import Deadline
from scenario_runner.network.echo import echo
from scenario_runner.pacs.server import EmbeddedPacs
from scenario_runner.ul.association import Association
from scenario_runner.ul.peer import Peer

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

_BUSY = 0.05


def test_work_before_the_first_byte_is_not_the_peers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    send, response = Association.send, Association.response
    ours = threading.get_ident()
    handed: list[float] = []
    answered: list[float] = []

    def busy(self: Association, *given: Any, **more: Any) -> Any:
        if threading.get_ident() != ours:  # the PACS, which answers
            return send(self, *given, **more)
        end = time.monotonic() + _BUSY
        while time.monotonic() < end:
            pass
        handed.append(time.monotonic())
        return send(self, *given, **more)

    def noted(self: Association, *given: Any, **more: Any) -> Any:
        answer = response(self, *given, **more)
        answered.append(time.monotonic())
        return answer

    monkeypatch.setattr(Association, "send", busy)
    monkeypatch.setattr(Association, "response", noted)
    with EmbeddedPacs(tmp_path / "pacs", "PACS", "127.0.0.1") as pacs:
        answer = echo(Peer(host="127.0.0.1", port=pacs.port, ae_title="PACS"), Deadline(60))
    assert (len(handed), len(answered)) == (1, 1)
    assert 0 < answer.seconds <= answered[0] - handed[0]
