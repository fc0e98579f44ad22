"""The fields of a form of ours, as htmx sends it (application/x-www-form-urlencoded)."""

from __future__ import annotations

from typing import Annotated, Final
from urllib.parse import parse_qsl

from fastapi import Depends
from starlette.requests import Request

from scenario_runner.network.dicomweb.media_types import parse
from scenario_runner.service.errors import Malformed, TooLarge, WrongMediaType

_FORM: Final = "application/x-www-form-urlencoded"
_MOST_BYTES: Final = 1 << 20
_MOST_FIELDS: Final = 1_000


async def _read(request: Request) -> dict[str, str]:
    """Raises WrongMediaType, TooLarge, Malformed."""
    kind = parse(request.headers.get("content-type"))
    if kind is None or kind.essence != _FORM:
        raise WrongMediaType("no-form", f"send {_FORM}")
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > _MOST_BYTES:
            raise TooLarge("form-too-large", f"a form may have {_MOST_BYTES} bytes")
    try:
        found = parse_qsl(
            body.decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="strict"
        )
    except ValueError as error:
        raise Malformed("no-form", f"the form cannot be read: {error}") from error
    return {name: value.replace("\0", "\N{REPLACEMENT CHARACTER}") for name, value in found}


Fields = Annotated[dict[str, str], Depends(_read)]
"""Name to value; of several fields of a name the last one."""
