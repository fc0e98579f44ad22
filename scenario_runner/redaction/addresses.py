"""Passwords that addresses have in them, such as those on a command line: no list of secrets knows them."""

from __future__ import annotations

import re

_IPV6 = r"\[[0-9A-Fa-f:.]+(?:%\w+)?\](?::[0-9]+)?[/?#]"
"""The host of a URI that is such an address, in which colons stand (RFC 3986 3.2.2), and what ends it."""
_LOGIN = re.compile(rf"(://(?!{_IPV6})[^/?#\s:@]*:)(?![0-9]+[/?#])(\S{{0,4096}})@")
"""The user information of a URI (RFC 3986 3.2.1), of which what is behind the first colon shall be shown to nobody: also
where that has a slash, a question mark or a number sign which should be escaped. Digits before one of these are a port."""
_QUERY = re.compile(r"([?&](?:ssl)?password=)([^&#\s'\"]*)", re.IGNORECASE)
"""A password in the query of an address (libpq 34.1.1.2)."""


def without_passwords(text: str) -> str:
    """The same text, in which each address keeps its user and loses the password."""
    return _QUERY.sub(r"\1•••", _LOGIN.sub(r"\1•••@", text))


def starred(text: str) -> str:
    """The same text, in which each such password is as many stars, so that all columns stay."""
    found = _LOGIN.sub(lambda one: f"{one[1]}{'*' * len(one[2])}@", text)
    return _QUERY.sub(lambda one: one[1] + "*" * len(one[2]), found)
