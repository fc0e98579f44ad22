"""Messages of HL7 v2 that come in, each kept in a file before it is acknowledged."""

from __future__ import annotations

import dataclasses
import os
import threading
import time
from collections.abc import Callable
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from scenario_runner.authority import authority
from scenario_runner.errors import of_the_machine
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.orders.hl7 import Hl7Error, Message
from scenario_runner.orders.mllp.acknowledging import acknowledgement, unreadable
from scenario_runner.orders.mllp.listener import Answer, ListenerOptions, MllpListener

if TYPE_CHECKING:
    from scenario_runner.ul.tls import Tls

AnswerCode = Literal["AA", "AE", "AR", "none"]
_PAUSE: Final = 0.2
_NAME: Final = 40
"""Characters of a control ID that are in the name of its file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listening:
    """What ``fabricate hl7 listen`` was asked. count, seconds: when it stops by itself."""

    folder: Path | None
    host: str = "127.0.0.1"
    port: int = 2575
    answer: AnswerCode = "AA"
    count: int | None = None
    seconds: float | None = None
    tls: Tls | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """One message that came. kind, control_id: empty where it cannot be read. code: what it was answered."""

    address: str
    kind: str
    control_id: str
    file: Path | None
    code: str
    remark: str = ""


def listen(
    request: Listening,
    tell: Callable[[Taken], object],
    say: Callable[[str], object],
    stop: threading.Event,
) -> int:
    """Take messages until ``stop``, or what the request bounds; returns how many came.

    tell: called with each, from one thread at a time. say: what else there is to be told, in words.
    Raises MachineError for a port that is taken and a folder that cannot be written.
    """
    folder = request.folder
    if folder is not None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise of_the_machine(f"cannot make '{folder}'", error) from error
    taking = _Taking(request, tell, _highest(folder))
    options = ListenerOptions(tls=request.tls, noticed=say)
    end = None if request.seconds is None else time.monotonic() + request.seconds
    with MllpListener(taking, request.host, request.port, options) as listener:
        say(f"listening on {authority(request.host, listener.port)}; Ctrl-C stops")
        while not (stop.is_set() or taking.done.wait(_PAUSE)):
            if end is not None and time.monotonic() >= end:
                break
    if taking.trouble is not None:
        raise of_the_machine(f"a message cannot be kept in '{folder}'", taking.trouble)
    return taking.came


@dataclass(slots=True)
class _Taking:
    """Answers messages. number: of the last file in the folder."""

    request: Listening
    tell: Callable[[Taken], object]
    number: int
    came: int = 0
    done: threading.Event = field(default_factory=threading.Event)
    trouble: OSError | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, data: bytes, address: str) -> Answer:
        with self._lock:
            if self.done.is_set():
                return Answer(hang_up=True)  # beyond what was asked for: not kept, so not answered
            try:
                return self._taken(data, address)
            except OSError as error:
                self.trouble = error
                self.done.set()
                return Answer(hang_up=True)

    def _taken(self, data: bytes, address: str) -> Answer:
        try:
            message = Message.read(data, address)
            _ = message.segments
        except Hl7Error as error:
            remark = error.diagnostics[0].message
            return self._answered(
                data, Taken(address, "", "", None, "AR", remark), unreadable(remark)
            )
        code = self.request.answer
        said = "" if code == "AA" else "refused on purpose"
        taken = Taken(address, message.kind, message.control_id, None, code)
        return self._answered(data, taken, acknowledgement(message, code, said))

    def _answered(self, data: bytes, taken: Taken, block: bytes) -> Answer:
        silent = self.request.answer == "none"
        file = self._kept(data, taken.control_id)
        self.came += 1
        self.tell(dataclasses.replace(taken, file=file, code="none" if silent else taken.code))
        last = self.came == self.request.count
        if last:
            self.done.set()
        return Answer() if silent else Answer([block])

    def _kept(self, data: bytes, control: str) -> Path | None:
        folder = self.request.folder
        if folder is None:
            return None
        letters = (
            one if one.isascii() and (one.isalnum() or one in "-_") else "_" for one in control
        )
        name = "".join(letters)[:_NAME] or "message"
        self.number += 1
        path = folder / f"{self.number:06}_{name}.hl7"
        with path.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        return path


def _highest(folder: Path | None) -> int:
    """The number of the last file that is there from an earlier time."""
    names = [] if folder is None else [path.name[:6] for path in folder.glob("*.hl7")]
    return max((int(name) for name in names if name.isdecimal()), default=0)
