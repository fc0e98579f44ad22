"""A gate in front of a web service that has none of its own: it asks who comes, and passes the rest on.

Basic authentication (RFC 7617) is compared; a bearer token (RFC 6750) is given, or a JSON Web Token of a provider
whose keys joserfc verifies it with.
"""

from __future__ import annotations

import base64
import contextlib
import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import TYPE_CHECKING

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from tests.network.dicomweb.services import Asked, Reply, service

if TYPE_CHECKING:
    from collections.abc import Iterator
    from urllib.parse import SplitResult

    from tests.peers.oauth2 import Provider

Doorman = Callable[[str], int]
"""Given an Authorization header, says 200, 401 or 403."""


def basic(user: str, password: str) -> Doorman:
    """Lets one user in."""
    wanted = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
    return lambda given: 200 if given == wanted else 401


def bearer(token: str) -> Doorman:
    """Lets one token in."""
    return lambda given: 200 if given == f"Bearer {token}" else 401


def tokens_of(provider: Provider, scope: str) -> Doorman:
    """Lets in whoever has a token of this provider that is good today and has the scope."""
    with urllib.request.urlopen(f"{provider.issuer}/jwks", timeout=10) as answer:
        keys = KeySet.import_key_set(json.load(answer))

    def judge(given: str) -> int:
        try:
            claims = jwt.decode(given.removeprefix("Bearer "), keys, algorithms=["RS256"]).claims
        except (JoseError, ValueError):
            return 401
        if claims.get("iss") != provider.issuer or not claims.get("exp", 0) > time.time():
            return 401
        return 200 if scope in str(claims.get("scope", "")).split() else 403

    return judge


@contextlib.contextmanager
def gate(behind: SplitResult, judge: Doorman) -> Iterator[tuple[int, list[Asked]]]:
    """Yields the port and everything that was asked. behind: the service's URL."""

    def one(asked: Asked) -> Reply:
        status = judge(asked.headers.get("authorization", ""))
        if status != 200:
            return Reply(status, b"", {"WWW-Authenticate": "Bearer, Basic"})
        kept = ("accept", "content-type", "if-none-exist", "prefer", "host")
        headers = {name: asked.headers[name] for name in kept if name in asked.headers}
        request = urllib.request.Request(
            f"http://{behind.netloc}{asked.path}", asked.body or None, headers, method=asked.method
        )
        try:
            answer = urllib.request.urlopen(request, timeout=30)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            passed = ("Content-Type", "Location", "ETag")
            named = {name: answer.headers[name] for name in passed if name in answer.headers}
            return Reply(answer.status, answer.read(), named)

    with service(one) as running:
        yield running.peer.port, running.asked
