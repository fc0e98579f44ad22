"""The part of a run's page that says who signed it and whether that holds, and signs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from starlette.requests import Request
from starlette.responses import Response

from scenario_runner.app.signing import HouseKeys, Words, is_of_a_token, key_of_token, sign
from scenario_runner.errors import FabricatorError
from scenario_runner.evidence.manifest import MANIFEST
from scenario_runner.evidence.signing.keys import read_private_key
from scenario_runner.evidence.signing.statement import MEANINGS
from scenario_runner.evidence.signing.tokens import MODULE
from scenario_runner.evidence.signing.verify import signature_files, verify
from scenario_runner.service.audit.activities import Activity, Outcome
from scenario_runner.service.errors import Conflicting, Unacceptable
from scenario_runner.service.permissions import Arrival, Permission
from scenario_runner.web.console.asking import Viewer
from scenario_runner.web.console.fields import Fields
from scenario_runner.web.runs.asking import RunId, Runner

if TYPE_CHECKING:
    from pathlib import Path

    from cryptography import x509
    from fastapi import APIRouter

    from scenario_runner.evidence.signing.keys import KeyElsewhere, PrivateKey
    from scenario_runner.service.asking import Asking
    from scenario_runner.web.console.page import Desk

PATH: Final = "/runs/{run_id}"
_HOUSE, _OWN, _TOKEN = "house", "own", "token"
"""With which key."""
_LONGEST_KEY: Final = 1 << 16
"""Characters of a private key: RSA of 16,384 bits has a fifth of that."""


def signing_routes(router: APIRouter, desk: Desk) -> None:
    """Add them to a router."""
    house = house_keys(desk)

    def show(request: Request, asking: Asking, run_id: str, *, look: bool) -> Response:
        folder = _folder(desk, run_id)
        trust = house.trusted()
        may = Permission.RUN in asking.caller.permissions
        return desk.show(
            request,
            "runs/signatures.html.j2",
            run=run_id,
            # Every file is read for a verdict: of what nobody signed only when it is asked for.
            verdict=verify(folder, trust) if look or signature_files(folder) else None,
            trusts=trust is not None,
            can_sign=may and (folder / MANIFEST).is_file(),
            has_house=house.key is not None,
            has_tokens=MODULE in desk.around.environ,
            name="" if asking.caller.arrival is Arrival.LOOPBACK else asking.caller.name,
        )

    @router.get(f"{PATH}/signatures")
    def signatures(
        request: Request, asking: Viewer, run_id: RunId, look: Literal["yes", "no"] = "no"
    ) -> Response:
        return show(request, asking, run_id, look=look == "yes")

    @router.post(f"{PATH}/sign")
    def signed(request: Request, asking: Runner, run_id: RunId, fields: Fields) -> Response:
        folder = _folder(desk, run_id)
        kind = fields.get("with", _OWN)
        with_house = kind == _HOUSE
        words = _words(asking, fields, with_house=with_house)
        detail = {"run": run_id, "meaning": words.meaning, "name": words.name}
        detail["key"] = kind if kind in (_HOUSE, _TOKEN) else _OWN
        try:
            key, certificates = _key(house, fields, kind)
            path = sign(folder, key, words, certificates, house.timestamp)
        except FabricatorError as error:
            _note(desk, asking, Outcome.FAILED, detail | {"why": error.message})
            raise
        _note(desk, asking, Outcome.SUCCESS, detail | {"file": path.name})
        return show(request, asking, run_id, look=True)


def house_keys(desk: Desk) -> HouseKeys:
    """What the settings name."""
    told, folder = desk.settings.signing, desk.settings_folder
    return HouseKeys(
        key=told.key if told.key is None or is_of_a_token(told.key) else folder / told.key,
        certificate=None if told.certificate is None else folder / told.certificate,
        timestamp=told.timestamp,
        trust=[folder / one for one in told.trust],
        environ=desk.around.environ,
    )


def _folder(desk: Desk, run_id: str) -> Path:
    """Of a run that has ended: until then nothing of it is final. Raises NotThere, Conflicting."""
    run = desk.runs.runs.get(run_id)
    if run.state != "ended":
        raise Conflicting("run-goes-on", "the run has not ended", hint="sign it when it has")
    return desk.runs.runs.evidence(run.id)


def _words(asking: Asking, fields: dict[str, str], *, with_house: bool) -> Words:
    """Raises Unacceptable for a meaning that is none."""
    meaning = next((one for one in MEANINGS if one == fields.get("meaning")), None)
    if meaning is None:
        able = ", ".join(MEANINGS)
        raise Unacceptable("no-meaning", "the signature says nothing", hint=f"take one of {able}")
    name, account = fields.get("name", "").strip()[:200], asking.caller
    # The server's key says nothing of who held it: the account does, whatever name was typed.
    if with_house and account.arrival is not Arrival.LOOPBACK and name not in ("", account.name):
        name = f"{name} ({account.name})"
    return Words(
        name=name,
        meaning=meaning,
        role=fields.get("role", "")[:200],
        remark=fields.get("remark", "")[:1_000],
    )


def _key(
    house: HouseKeys, fields: dict[str, str], kind: str
) -> tuple[PrivateKey | KeyElsewhere, list[x509.Certificate]]:
    if kind == _HOUSE:
        return house.private_key(), house.certificates()
    if kind == _TOKEN:
        return _in_token(house, fields.get("uri", "").strip(), fields.get("pin", "")), []
    given, password = fields.get("key", ""), fields.get("password", "")
    if not given or len(given) > _LONGEST_KEY:
        raise Unacceptable(
            "no-key", "there is no private key", hint="choose a PEM file, or one of ssh-keygen"
        )
    return read_private_key(given.encode(), password.encode() or None), []


def _in_token(house: HouseKeys, uri: str, pin: str) -> KeyElsewhere:
    """Behind the library that this server was started with: one that a browser names would be run here."""
    if not is_of_a_token(uri) or "?" in uri:
        raise Unacceptable(
            "no-key", "this names no key of a token", hint="as in pkcs11:token=NAME;object=LABEL"
        )
    if not pin:
        raise Unacceptable("no-pin", "the token needs its PIN")
    return key_of_token(uri, pin, house.environ)


def _note(desk: Desk, asking: Asking, outcome: Outcome, detail: dict[str, str]) -> None:
    desk.service.trail.record(
        asking.caller, Activity.RUN_SIGNED, None, asking.from_where, outcome, detail
    )
