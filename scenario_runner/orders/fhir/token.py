"""A token by client credentials (RFC 6749 4.4)."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import field
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from scenario_runner.errors import OperationFailed
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.network.dicomweb.peer import Login, WebPeer
from scenario_runner.network.dicomweb.session import Session

if TYPE_CHECKING:
    from scenario_runner.deadline import Deadline


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """Who asks for a token, and where."""

    token_url: str
    client_id: str
    client_secret: str = field(repr=False)
    scope: str | None = None


def with_token(peer: WebPeer, credentials: Credentials, deadline: Deadline) -> WebPeer:
    """The same server with a token that was just given. Raises TargetError."""
    login = Login(user=credentials.client_id, password=credentials.client_secret)
    place = dataclasses.replace(
        peer, url=credentials.token_url, login=login, headers={}, label="token service"
    )
    form = {"grant_type": "client_credentials"}
    if credentials.scope:
        form["scope"] = credentials.scope
    body = urlencode(form).encode()
    with (
        Session(place, deadline) as session,
        session.exchange(
            "POST",
            (),
            accept="application/json",
            content=[body],
            headers={
                "Content-Type": "application/x-www-form-urlencoded",
                "Content-Length": str(len(body)),
            },
        ) as answer,
    ):
        said = answer.body()
        if answer.status != 200:
            raise place.error(
                OperationFailed,
                "no token was given",
                f"{answer.words}{answer.in_words(said)}",
                hint="check 'client_credentials' of the target's 'fhir' service in the site file",
            )
    try:
        token = json.loads(said)["access_token"]
    except (ValueError, TypeError, KeyError, RecursionError):
        token = None
    if not isinstance(token, str) or not token.isascii() or not token.isprintable():
        raise place.error(OperationFailed, "no token was given", "the answer holds no access_token")
    return dataclasses.replace(peer, login=Login(bearer=token))
