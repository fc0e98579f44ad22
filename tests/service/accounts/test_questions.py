"""A provider of identities that is silent, or answers nonsense, keeps nobody else from the service."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from scenario_runner.service.accounts.oidc import Oidc, OidcOptions
from scenario_runner.service.accounts.provider_login import LoginOptions, ProviderLogin
from scenario_runner.service.errors import Unavailable

TOKEN = "eyJhbGciOiJSUzI1NiIsImtpZCI6ImsifQ.e30.AA"


@contextmanager
def answering(answer: Callable[[str], bytes]) -> Iterator[str]:
    """A provider that says what it is told to. answer: from its own address to the body."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = answer(address)
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        address = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield address
        finally:
            server.shutdown()
            thread.join()


def asked(address: str, how: str) -> None:
    oidc = Oidc(OidcOptions(issuer=address, audience="us"))
    if how == "token":
        oidc.caller(TOKEN)
    else:
        ProviderLogin(oidc, LoginOptions(client_id="us")).begin("http://localhost/back")


@pytest.mark.parametrize("how", ["token", "login"])
def test_while_one_waits_for_a_silent_provider_the_next_is_told_and_does_not_wait_as_long(
    how: str,
) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def silent(_: str) -> bytes:
        begun.set()
        go_on.wait(60)
        return b"{}"

    def refused() -> None:
        with pytest.raises(Unavailable):
            ask()

    with answering(silent) as address:
        oidc = Oidc(OidcOptions(issuer=address, audience="us"))
        login = ProviderLogin(oidc, LoginOptions(client_id="us"))
        ask: Callable[[], object] = {
            "token": lambda: oidc.caller(TOKEN),
            "login": lambda: login.begin("http://localhost/back"),
        }[how]
        first = threading.Thread(target=refused)
        first.start()
        try:
            assert begun.wait(60)
            for _ in range(2):
                refused()
            assert first.is_alive()
        finally:
            go_on.set()
            first.join()
        begun.clear()
        refused()  # it was asked just now
        assert not begun.is_set()


@pytest.mark.parametrize("how", ["token", "login"])
@pytest.mark.parametrize(
    "answer",
    [
        lambda _: b"[" * 200_000,
        lambda me: json.dumps({"issuer": me, "jwks_uri": "https://\x01/"}).encode(),
        lambda me: json.dumps({"issuer": me, "jwks_uri": "https://a:0x1/"}).encode(),
        lambda me: json.dumps({"issuer": me, "jwks_uri": ["https://a"]}).encode(),
        lambda _: b"\xff\xfe",
        lambda _: b"",
    ],
)
def test_a_provider_that_answers_nonsense_is_away(how: str, answer: Callable[[str], bytes]) -> None:
    with answering(answer) as address, pytest.raises(Unavailable, match="does not answer"):
        asked(address, how)
