"""``/users``: accounts, their roles, passwords and API keys."""

from __future__ import annotations

import datetime as dt
from typing import Final
from urllib.parse import quote

from fastapi import APIRouter, Request, Response

from scenario_runner.service.accounts.passwords import SHORTEST
from scenario_runner.service.errors import Unacceptable
from scenario_runner.service.permissions import Permission, Role
from scenario_runner.web.auth.allowed import gate_of
from scenario_runner.web.console.asking import Administrator
from scenario_runner.web.console.fields import Fields
from scenario_runner.web.console.page import Desk, Group, Page
from scenario_runner.web.text import Text

PATH: Final = "/users"
_LONGEST_DAYS: Final = 3_650


def place_of(name: str) -> str:
    """Where an account is shown."""
    return f"{PATH}/{quote(name, safe='')}"


def _routes(router: APIRouter, desk: Desk) -> None:
    show = desk.show

    @router.get(PATH)
    def users(request: Request, _: Administrator) -> Response:
        accounts = gate_of(request).accounts.all()
        return show(
            request,
            "users/list.html.j2",
            accounts=accounts,
            roles=list(Role),
            place_of=place_of,
            shortest=SHORTEST,
        )

    @router.post(PATH)
    def add(request: Request, asking: Administrator, fields: Fields) -> Response:
        accounts, roles = gate_of(request).accounts, _roles(fields)
        if Role.ADMIN not in roles and not accounts.has_administrator():
            raise Unacceptable(
                "administrator-first",
                "the first account has to be an administrator's",
                hint="with it everybody has to log in, and somebody has to be able to add others",
            )
        password = fields.get("password") or None
        made = accounts.add(fields.get("name", "").strip(), roles, password, asking.caller)
        return _to(place_of(made.name))

    @router.get(PATH + "/{name}")
    def user(request: Request, _: Administrator, name: Text) -> Response:
        return _shown(request, name)

    @router.post(PATH + "/{name}/roles")
    def set_roles(request: Request, asking: Administrator, name: Text, fields: Fields) -> Response:
        gate_of(request).accounts.set_roles(name, _roles(fields), asking.caller)
        return _to(place_of(name))

    @router.post(PATH + "/{name}/password")
    def set_password(
        request: Request, asking: Administrator, name: Text, fields: Fields
    ) -> Response:
        gate_of(request).accounts.set_password(name, fields.get("password", ""), asking.caller)
        return _to(place_of(name))

    @router.post(PATH + "/{name}/disabled")
    def set_disabled(
        request: Request, asking: Administrator, name: Text, fields: Fields
    ) -> Response:
        gate_of(request).accounts.set_disabled(name, fields.get("disabled") == "yes", asking.caller)
        return _to(place_of(name))

    @router.post(PATH + "/{name}/remove")
    def remove(request: Request, asking: Administrator, name: Text) -> Response:
        gate_of(request).accounts.remove(name, asking.caller)
        return _to(PATH)

    @router.post(PATH + "/{name}/keys")
    def make_key(request: Request, asking: Administrator, name: Text, fields: Fields) -> Response:
        label, days = fields.get("label", "").strip(), fields.get("days", "").strip()
        key = gate_of(request).keys.make(name, label, _lasting(days), asking.caller)
        return show(request, "users/key.html.j2", key=key, label=label)

    @router.post(PATH + "/{name}/keys/revoke")
    def revoke(request: Request, asking: Administrator, name: Text, fields: Fields) -> Response:
        gate_of(request).keys.revoke(name, fields.get("label", ""), asking.caller)
        return _to(place_of(name))

    def _shown(request: Request, name: str) -> Response:
        gate = gate_of(request)
        account = gate.accounts.named(name)
        return show(
            request,
            "users/user.html.j2",
            account=account,
            keys=gate.keys.of(account.name),
            roles=list(Role),
            place=place_of(account.name),
        )


def _roles(fields: dict[str, str]) -> frozenset[Role]:
    return frozenset(role for role in Role if fields.get(f"role-{role}") == "yes")


def _lasting(days: str) -> dt.timedelta | None:
    if not days:
        return None
    if not days.isdecimal() or not 1 <= int(days[:6]) <= _LONGEST_DAYS:
        raise Unacceptable(
            "invalid-days", f"a key lasts from 1 to {_LONGEST_DAYS} days, or for ever"
        )
    return dt.timedelta(days=int(days))


def _to(path: str) -> Response:
    return Response(status_code=204, headers={"HX-Redirect": path})


PAGE = Page(
    name="users",
    path=PATH,
    group=Group.ADMINISTRATION,
    needs=Permission.ADMINISTER,
    routes=_routes,
)
