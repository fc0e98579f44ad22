"""Passwords that addresses have in them, such as those on a command line: no list of secrets knows them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

_IPV6 = r"\[[0-9A-Fa-f:.]+(?:%\w+)?\](?::[0-9]+)?[/?#]"
"""The host of a URI that is such an address, in which colons stand (RFC 3986 3.2.2), and what ends it."""
_LOGIN = re.compile(rf"://(?!{_IPV6})[^/?#\s:@]*:(?![0-9]+[/?#])")
"""The user information of a URI (RFC 3986 3.2.1), up to what is behind the first colon and shall be shown to nobody, also
where that has a slash, a question mark or a number sign which should be escaped. Digits before one of these are a port."""
_MOST = 4096
"""Characters of a password that is looked for."""
_SPACE = re.compile(r"\s|\Z")
_QUERY = re.compile(
    r"""([?&](?:[\w.-]{0,40}[_.-])?(?:(?:ssl)?passw\w{0,20}|pwd|secret|token|api[_-]?key|sig(?:nature)?)=)([^&#\s'"]*)""",
    re.IGNORECASE,
)
"""A password in the query of an address (libpq 34.1.1.2), or what else lets somebody in: a token, the key of an API, the
signature of an address that was signed."""


def without_passwords(text: str) -> str:
    """The same text, in which each address keeps its user and loses the password."""
    return _QUERY.sub(r"\1•••", _logins_replaced(text, lambda _: "•••"))


def starred(text: str) -> str:
    """The same text, in which each such password is as many stars, so that all columns stay."""
    found = _logins_replaced(text, lambda password: "*" * len(password))
    return _QUERY.sub(lambda one: one[1] + "*" * len(one[2]), found)


def _logins_replaced(text: str, by: Callable[[str], str]) -> str:
    pieces, done = [], 0
    for start, end in _logins(text):
        pieces += [text[done:start], by(text[start:end])]
        done = end
    return "".join([*pieces, text[done:]])


def _logins(text: str) -> Iterator[tuple[int, int]]:
    """Where passwords stand before an at sign. Each sign is looked for once, for a text may have an address every five letters."""
    at = space = position = 0
    while found := _LOGIN.search(text, position):
        start = found.end()
        position = start - 1  # the colon may begin the next address
        at = text.find("@", start) if at < start else at
        if at < 0:
            return
        if space < start and (next_one := _SPACE.search(text, start)):
            space = next_one.start()
        if at <= min(start + _MOST, space):
            at = text.rfind("@", start, min(start + _MOST + 1, space))
            yield start, at
            position = at + 1
