"""The URL of the service as a client reached it: directly, or through a proxy that is trusted."""

from __future__ import annotations

import ipaddress
import re
import socket
from functools import cache
from typing import TYPE_CHECKING, Final

from scenario_runner.authority import authority
from scenario_runner.pacs.dicomweb.desk import WebError

if TYPE_CHECKING:
    from starlette.requests import Request

    from scenario_runner.pacs.options import WebOptions

_HOST: Final = re.compile(
    r"[A-Za-z0-9.\-_]{1,253}(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](:[0-9]{1,5})?"
)
_PATH: Final = re.compile(r"(/[A-Za-z0-9\-._~]{1,100}){1,10}")
_PAIR: Final = re.compile(r'([!#$%&\'*+.^_`|~0-9A-Za-z-]+)=("(?:[^"\\]|\\.)*"|[^\s;,"]*)')
_ELEMENTS: Final = re.compile(r'(?:"(?:[^"\\]|\\.)*"|[^",])+')
_NODE: Final = re.compile(
    r"(?:\[(?P<six>[0-9A-Fa-f:.]{2,45})\]|(?P<other>[A-Za-z0-9._\-]{1,80}))(?::[A-Za-z0-9._\-]{1,16})?"
)
_PORT: Final = re.compile("[0-9]{1,5}")
_MOST_FORWARDED: Final = 1_000
"""Characters of a ``Forwarded`` header that is read; a longer one says nothing."""
_SCHEMES: Final = ("http", "https")


def root_of(request: Request, web: WebOptions) -> str:
    """Scheme, host and port, and what a proxy puts before our paths; without a slash at the end.

    ``Forwarded`` (RFC 7239) counts, else ``X-Forwarded-Proto``, ``-Host``, ``-Port`` and ``-Prefix``, when
    the connection is from a proxy that is trusted; of several hops the last one, which is that
    proxy's word. Raises WebError 421 for a host that is no name of ours: a page of a stranger, whose
    name was made to lead here, could read what it asks for (DNS rebinding).
    """
    trusted = is_trusted(request, web)
    given = request.headers.get("host", "")
    own = _own_host(request, given)
    # Browsers and DNS take names with '!' or '$' in them: what is no host as we know them is a stranger's, too.
    is_host = not given or _HOST.fullmatch(given) is not None
    if not trusted and not (is_host and _is_ours(own, request, web)):
        raise WebError(
            421,
            f"'{(given or own)[:80]}' is no name of this service; 'allow_hosts' of it names those that are",
        )
    if not trusted:
        return f"{request.url.scheme}://{own}"
    told = _forwarded(request)
    scheme = told.get("proto", "").lower()
    host, prefix = told.get("host", ""), told.get("prefix", "")
    scheme = scheme if scheme in _SCHEMES else request.url.scheme
    host = host if _HOST.fullmatch(host) else own
    return f"{scheme}://{host}{prefix if _PATH.fullmatch(prefix) else ''}"


def _forwarded(request: Request) -> dict[str, str]:
    standard = request.headers.getlist("forwarded")
    if standard:
        words = ",".join(standard)
        # Looking for the ends of quoted texts takes the square of their length.
        element = _ELEMENTS.findall(words)[-1:] if len(words) <= _MOST_FORWARDED else []
        pairs = _PAIR.findall(element[0]) if element else []
        return {name.lower(): _unquoted(text) for name, text in pairs}
    told = {
        name: request.headers.getlist(f"x-forwarded-{name}")[-1].rpartition(",")[2].strip()
        for name in ("proto", "host", "port", "prefix")
        if request.headers.getlist(f"x-forwarded-{name}")
    }
    told["prefix"] = told.get("prefix", "").rstrip("/")
    host, port = told.get("host", ""), told.get("port", "")
    usual = {"http": "80", "https": "443"}.get(told.get("proto", ""))
    if (
        _HOST.fullmatch(host)
        and _PORT.fullmatch(port)
        and port != usual
        and not _PORT.fullmatch(host.rpartition(":")[2])
    ):
        told["host"] = f"{host}:{port}"
    return told


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1]) if text.startswith('"') else text


def client_of(request: Request, web: WebOptions) -> str:
    """The address of whoever asks, as far as it is known; a trusted proxy says it (``for``, RFC 7239 6).

    Of several hops the last one counts; an obfuscated name (``_hidden``) is given back as it is.
    """
    own = request.client.host if request.client is not None else ""
    if not is_trusted(request, web):
        return own
    told = _forwarded(request).get("for", "")
    if not request.headers.getlist("forwarded"):
        given = request.headers.getlist("x-forwarded-for")
        told = given[-1].rpartition(",")[2].strip() if given else ""
    match = _NODE.fullmatch(told)
    return (match["six"] or match["other"]) if match else own


def is_trusted(request: Request, web: WebOptions) -> bool:
    """Whether the connection comes from a proxy that is believed."""
    if not web.trusted_proxies or request.client is None:
        return False
    try:
        came_from = ipaddress.ip_address(request.client.host)
    except ValueError:
        return False
    return any(came_from in ipaddress.ip_network(one) for one in web.trusted_proxies)


def _own_host(request: Request, host: str) -> str:
    """Host and port as the client gave them, or as we know them."""
    name, port = request.scope["server"]
    if not _HOST.fullmatch(host):
        return authority(name, port)
    # A client that speaks to us directly has to name the port, and some do not.
    return f"{host}:{port}" if host in (name, "localhost") else host


def _is_ours(host: str, request: Request, web: WebOptions) -> bool:
    """Whether a name can lead here without anybody's doing: an address, this machine, or allowed."""
    name = host.lower()
    name = (
        name[1:].partition("]")[0] if name.startswith("[") else name.partition(":")[0].rstrip(".")
    )
    try:
        ipaddress.ip_address(name)
    except ValueError:
        allowed = {one.lower() for one in web.allow_hosts}
        own = {"localhost", str(request.scope["server"][0]).lower(), _machine()}
        return "*" in allowed or name in allowed | own or name.endswith(".localhost")
    return True


@cache
def _machine() -> str:
    return socket.gethostname().lower()
