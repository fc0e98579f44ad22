"""More connections than a port holds: the newest comes in as long as another only pretends to send."""

from __future__ import annotations

import contextlib
import hashlib
import socket
import time
from typing import TYPE_CHECKING

import httpx2
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from scenario_runner.pacs.http_port import HttpPort, PortOptions

if TYPE_CHECKING:
    from starlette.requests import Request


async def counted(request: Request) -> Response:
    return Response(str(len(await request.body())))


def test_bodies_that_do_not_come_make_room_and_the_one_that_comes_stays() -> None:
    app = Starlette(routes=[Route("/", counted, methods=["POST"])])
    port = HttpPort(PortOptions(host="127.0.0.1", port=0, requests=1), lambda _: app)
    port.start()
    head = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2000000\r\n\r\n"
    with contextlib.ExitStack() as stack:
        stack.callback(port.stop)
        busy, *silent = (
            stack.enter_context(socket.create_connection(("127.0.0.1", port.port), 60))
            for _ in range(4)
        )
        busy.sendall(head + bytes(1_000_000))
        for one in silent:
            one.sendall(head)
        for number in range(3):
            until = time.monotonic() + 60
            while True:
                with contextlib.suppress(httpx2.TransportError):
                    answer = httpx2.post(port.origin, content=bytes(number), timeout=60)
                    break
                assert time.monotonic() < until, "nobody makes room"
            assert answer.text == str(number)
        busy.sendall(bytes(1_000_000))
        assert busy.recv(12) == b"HTTP/1.1 200"


async def digested(request: Request) -> Response:
    return Response(hashlib.sha256(await request.body()).hexdigest())


def test_bodies_that_come_at_the_same_time_are_not_mixed_up() -> None:
    app = Starlette(routes=[Route("/", digested, methods=["POST"])])
    port = HttpPort(PortOptions(host="127.0.0.1", port=0), lambda _: app)
    port.start()
    bodies = [bytes([number]) * 3_000_001 for number in range(1, 5)]
    with contextlib.ExitStack() as stack:
        stack.callback(port.stop)
        connections = [
            stack.enter_context(socket.create_connection(("127.0.0.1", port.port), 60))
            for _ in bodies
        ]
        for one, body in zip(connections, bodies, strict=True):
            one.sendall(
                f"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n".encode()
            )
        for at in range(0, len(bodies[0]), 700_000):
            for one, body in zip(connections, bodies, strict=True):
                one.sendall(body[at : at + 700_000])
        for one, body in zip(connections, bodies, strict=True):
            answer = b""
            while not answer.endswith(hashlib.sha256(body).hexdigest().encode()):
                answer += one.recv(1000) or b"closed"
                assert b"closed" not in answer
