"""A peer that does what a test tells it to: for everything no real PACS can be made to do."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from typing import TYPE_CHECKING

from pynetdicom.pdu import A_ASSOCIATE_AC, A_ASSOCIATE_RQ

from scenario_runner.ul import commands
from scenario_runner.ul.commands import Element
from scenario_runner.ul.peer import Peer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Wire:
    """The hostile side of one connection."""

    def __init__(self, connection: socket.socket, stop: threading.Event) -> None:
        self.connection = connection
        self.stop = stop
        self.data = b""
        """The data set of the message read last."""

    def read(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            more = self.connection.recv(size - len(data))
            if not more:
                raise ConnectionError
            data += more
        return data

    def read_pdu(self) -> bytes:
        header = self.read(6)
        return header + self.read(struct.unpack(">I", header[2:])[0])

    def send(self, data: bytes) -> None:
        self.connection.sendall(data)

    def accept(self, max_pdu: int = 16384, *, only: frozenset[int] | None = None) -> None:
        """Answer the association request: every context (or only these ids), its first syntax."""
        request = A_ASSOCIATE_RQ()
        request.decode(self.read_pdu())
        primitive = request.to_primitive()
        contexts = primitive.presentation_context_definition_list
        for context in contexts:
            refused = only is not None and context.context_id not in only
            context.result = 3 if refused else 0
            context.transfer_syntax = list(context.transfer_syntax[:1])
        primitive.presentation_context_definition_results_list = contexts
        primitive.result = 0
        for item in primitive.user_information:
            if hasattr(item, "maximum_length_received"):
                item.maximum_length_received = max_pdu
        answer = A_ASSOCIATE_AC()
        answer.from_primitive(primitive)
        self.send(answer.encode())

    def read_message(self) -> tuple[int, dict[int, int | str], int]:
        """The next message: context id, command, bytes of its data set."""
        command: dict[int, int | str] | None = None
        part, size = b"", 0
        self.data = b""
        while True:
            pdu = self.read_pdu()
            if pdu[0] != 4:
                raise ConnectionError
            context_id, control = pdu[10], pdu[11]
            if command is None:
                part += pdu[12:]
                if control & 2:
                    command = commands.decode(part)
                    if command[Element.COMMAND_DATA_SET_TYPE] == commands.NO_DATA_SET:
                        return context_id, command, 0
            else:
                size += len(pdu) - 12
                self.data += pdu[12:]
                if control & 2:
                    return context_id, command, size

    def answer(
        self,
        context_id: int,
        request: commands.Command,
        status: int = 0,
        data: bytes | None = None,
        **other: int | str,
    ) -> None:
        """A well-formed response, but for what ``other`` changes (names of Element, lower case)."""
        response: dict[int, int | str] = {
            Element.COMMAND_FIELD: int(request[Element.COMMAND_FIELD]) | 0x8000,
            Element.MESSAGE_ID_BEING_RESPONDED_TO: request[Element.MESSAGE_ID],
            Element.COMMAND_DATA_SET_TYPE: 1 if data is not None else commands.NO_DATA_SET,
            Element.STATUS: status,
        }
        response.update({Element[name.upper()]: value for name, value in other.items()})
        self.send(pdv(context_id, commands.encode(response), 3))
        if data is not None:
            self.send(pdv(context_id, data, 2))

    def hang(self) -> None:
        """Say nothing until the test is over."""
        self.stop.wait(30)


def pdv(context_id: int, value: bytes, control: int) -> bytes:
    """A P-DATA-TF with one PDV."""
    size = len(value)
    return struct.pack(">BxIIBB", 4, size + 6, size + 2, context_id, control) + value


@contextlib.contextmanager
def hostile(behave: Callable[[Wire], None], *, response_timeout: float = 2.0) -> Iterator[Peer]:
    """A listening peer; each connection is handed to ``behave`` and closed after it."""
    stop = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.05)
    threads: list[threading.Thread] = []

    def one(connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            connection.settimeout(20)
            behave(Wire(connection, stop))

    def serve() -> None:
        while not stop.is_set():
            with contextlib.suppress(TimeoutError):
                connection, _ = listener.accept()
                thread = threading.Thread(target=one, args=(connection,))
                threads.append(thread)
                thread.start()

    server = threading.Thread(target=serve)
    server.start()
    try:
        yield Peer(
            host="127.0.0.1",
            port=listener.getsockname()[1],
            ae_title="HOSTILE",
            connect_timeout=2.0,
            response_timeout=response_timeout,
        )
    finally:
        stop.set()
        server.join()
        listener.close()
        for thread in threads:
            thread.join()


def drip(wire: Wire, data: bytes, gap: float) -> None:
    """Send byte by byte, slowly, until the test is over."""
    for value in data:
        if wire.stop.is_set():
            return
        wire.send(bytes([value]))
        time.sleep(gap)
