"""A provider that changes its only key, whatever it calls the keys: tokens of the new one are believed soon, of the old one not."""

from __future__ import annotations

import http.server
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, Key, RSAKey

from scenario_runner.service.accounts.oidc import Oidc, OidcOptions
from scenario_runner.service.errors import NotLoggedIn

US = "fabricate"


@dataclass
class Keys:
    """What a provider has at the address of its keys."""

    url: str = ""
    now: list[Key] = field(default_factory=list)
    asked: int = 0

    def token(self, key: Key, kid: str | None) -> str:
        head = {"alg": "RS256" if isinstance(key, RSAKey) else "ES256"}
        if kid is not None:
            head["kid"] = kid
        said = {"iss": self.url, "aud": US, "sub": "joy", "exp": int(time.time()) + 600}
        return jwt.encode(head, said, key)


@contextmanager
def provider() -> Iterator[Keys]:
    keys = Keys()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            keys.asked += 1
            known = [one.as_dict(private=False) for one in keys.now]
            content = json.dumps({"keys": known}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        keys.url = f"http://127.0.0.1:{server.server_port}"
        serving = threading.Thread(target=server.serve_forever, daemon=True)
        serving.start()
        try:
            yield keys
        finally:
            server.shutdown()
            serving.join()


def made(kind: str, kid: str | None) -> Key:
    named: Any = {"kid": kid} if kid else {}
    if kind == "RSA":
        return RSAKey.generate_key(2048, named, auto_kid=False)
    return ECKey.generate_key("P-256", named, auto_kid=False)


@pytest.mark.parametrize(
    ("before", "after", "kid"),
    [
        ("RSA", "RSA", None),
        ("RSA", "EC", None),
        ("EC", "EC", None),
        ("EC", "EC", "the one"),
        ("EC", "RSA", "the one"),
    ],
)
def test_a_provider_that_changes_its_only_key_is_asked_for_the_new_one(
    before: str, after: str, kid: str | None
) -> None:
    moment = [0.0]
    old, new, strange = made(before, kid), made(after, kid), made(after, kid)
    with provider() as keys:
        keys.now = [old]
        options = OidcOptions(issuer=keys.url, audience=US, jwks_uri=f"{keys.url}/jwks")
        oidc = Oidc(options, clock=lambda: moment[0])
        assert oidc.caller(keys.token(old, kid)).name == "joy"
        keys.now = [new]
        moment[0] = 11.0
        assert oidc.caller(keys.token(new, kid)).name == "joy"
        assert keys.asked == 2
        for wrong in (old, strange, strange):  # and nobody makes us ask for each of theirs
            with pytest.raises(NotLoggedIn):
                oidc.caller(keys.token(wrong, kid))
        assert keys.asked == 2
