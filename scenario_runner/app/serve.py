"""What ``fabricate pacs serve`` does."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from scenario_runner.deadline import Deadline
from scenario_runner.pacs.faults import parse_faults
from scenario_runner.pacs.options import PacsOptions, WebOptions
from scenario_runner.pacs.server import EmbeddedPacs
from scenario_runner.pacs.server import serve as serve_pacs


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """What to serve, and where. faults: as ``pacs.faults.parse_faults`` reads them."""

    folder: Path
    ae_title: str
    host: str
    port: int
    faults: Sequence[str] = ()
    dicomweb_port: int | None = None
    """HTTP port of DICOMweb, 0 for a free one; None does without."""
    dicomweb_token: str | None = None
    dicomweb_origins: Sequence[str] = ()


def serve(serving: Serving, ready: Callable[[str], object]) -> int:
    """Serve until Ctrl-C or SIGTERM. Raises MachineError when a port or the folder cannot be had.

    UsageError for a fault that is none. ready: told in a line where it listens, and in another where DICOMweb is.
    """
    web = WebOptions(
        port=serving.dicomweb_port or 0,
        token=serving.dicomweb_token,
        allow_origins=tuple(serving.dicomweb_origins),
    )
    options = PacsOptions(faults=parse_faults(list(serving.faults)), web=web)
    stop = threading.Event()

    def end(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the signature of a handler
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    pacs = EmbeddedPacs(
        serving.folder,
        ae_title=serving.ae_title,
        host=serving.host,
        port=serving.port,
        options=options,
    )

    def tell(running: EmbeddedPacs) -> None:
        url = None if serving.dicomweb_port is None else running.open_web()
        place = f"{serving.host}:{running.port}"
        ready(f"{serving.ae_title} listens on {place}, studies in {serving.folder}")
        if url is not None:
            ready(f"DICOMweb is at {url}")

    serve_pacs(pacs, Deadline(None, stop), tell)
    return 0
