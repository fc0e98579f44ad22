"""TLS in front of a plain service, as a reverse proxy has it; Debian's Orthanc cannot do it itself.

(Orthanc 1.10.1 with OpenSSL 3 ends with a fault at the first HTTPS request.)
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.network.test_tls import Identity


@contextlib.contextmanager
def tls_front(behind: int, server: Identity, client: Identity | None = None) -> Iterator[int]:
    """Yields the port. behind: the service's. client: the one certificate that is let in."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(server.certificate, server.key)
    if client is not None:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(client.certificate)
    stop = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.05)
    threads: list[threading.Thread] = []

    def one(connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            connection.settimeout(5)
            with (
                context.wrap_socket(connection, server_side=True) as inside,
                socket.create_connection(("127.0.0.1", behind)) as outside,
            ):
                _pass_on(inside, outside, stop)

    def serve() -> None:
        while not stop.is_set():
            with contextlib.suppress(TimeoutError):
                connection, _ = listener.accept()
                thread = threading.Thread(target=one, args=(connection,))
                threads.append(thread)
                thread.start()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        stop.set()
        thread.join()
        listener.close()
        for other in threads:
            other.join()


def _pass_on(inside: ssl.SSLSocket, outside: socket.socket, stop: threading.Event) -> None:
    """Both ways, a moment at a time, until either side ends."""
    inside.settimeout(0.01)
    outside.settimeout(0.01)
    while not stop.is_set():
        for source, sink in ((inside, outside), (outside, inside)):
            try:
                data = source.recv(0x10000)
            except TimeoutError:
                continue
            if not data:
                return
            sink.settimeout(5)
            sink.sendall(data)
            sink.settimeout(0.01)
