"""What ``fabricate pacs serve`` does."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from scenario_runner.deadline import Deadline
from scenario_runner.pacs.server import EmbeddedPacs
from scenario_runner.pacs.server import serve as serve_pacs


def serve(
    folder: Path, *, ae_title: str, host: str, port: int, ready: Callable[[str], object]
) -> int:
    """Serve until Ctrl-C or SIGTERM. Raises MachineError when the port or folder cannot be had."""
    stop = threading.Event()

    def end(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the signature of a handler
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    pacs = EmbeddedPacs(folder, ae_title=ae_title, host=host, port=port)

    def tell(running: EmbeddedPacs) -> None:
        ready(f"{ae_title} listens on {host}:{running.port}, studies in {folder}")

    serve_pacs(pacs, Deadline(None, stop), tell)
    return 0
