"""What every answer tells a browser: run nothing of others, show nothing in pages of others, guess no types."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_NOTHING: Final = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
_OURS: Final = (
    "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'self'"
)


def with_style_nonce(nonce: str) -> dict[str, str]:
    """The policy of a page whose script brings style sheets of its own, each with that number."""
    return {"Content-Security-Policy": f"{_OURS}; style-src 'self' 'nonce-{nonce}'"}


_VIEWER: Final = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval' 'unsafe-eval'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
    "worker-src 'self' blob:; connect-src 'self' data: blob:; object-src 'self' blob:; frame-src 'self' blob:; "
    "media-src 'self' blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
"""OHIF's decoders write functions at run time (embind), its workers start from blobs, its parts bring their styles
as elements, and a PDF is an object. No script stands within its page, and nothing comes from elsewhere."""
_LIGHT: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
    "frame-src blob:; object-src blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
"""Pictures come with a token in a header, so as blobs; a PDF is one, too."""
_DOCS: Final = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
"""Swagger UI writes styles into what it draws."""
_POLICIES: Final = (
    ("/api/", _NOTHING),
    ("/dicom-web", _NOTHING),
    ("/viewer/light", _LIGHT),
    ("/viewer", _VIEWER),
    ("/docs", _DOCS),
)
"""By the beginning of the path; pages of the console and whatever else is ours are held to ``_OURS``."""
_ALWAYS: Final = (
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    ("X-Permitted-Cross-Domain-Policies", "none"),
)
_TLS: Final = ("Strict-Transport-Security", "max-age=31536000")


class SecurityHeaders:
    """Adds them to every answer, errors too; what an answer says itself stays."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and its answer with more headers."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = list(message.get("headers", ()))
                said = {name.lower() for name, _ in headers}
                headers += [one for one in _for(scope) if one[0] not in said]
                message = {**message, "headers": headers}
            await send(message)

        await self._app(scope, receive, with_headers)


def _for(scope: Scope) -> tuple[tuple[bytes, bytes], ...]:
    path = scope["path"]
    return _named(
        next((policy for start, policy in _POLICIES if path.startswith(start)), _OURS),
        is_secure=str(scope.get("state", {}).get("root", "")).startswith("https:"),
        # Who a patient is must not stay in a cache that others look into.
        is_private=path.startswith(("/api/", "/dicom-web")),
    )


@cache
def _named(policy: str, *, is_secure: bool, is_private: bool) -> tuple[tuple[bytes, bytes], ...]:
    """As they are sent, with names in small letters."""
    named = [*_ALWAYS, ("Content-Security-Policy", policy)]
    if is_secure:
        named.append(_TLS)
    if is_private:
        named.append(("Cache-Control", "private, no-cache"))
    return tuple((name.lower().encode("ascii"), value.encode("ascii")) for name, value in named)
