"""Passwords of people: which are taken, and how they are kept (argon2id, RFC 9106)."""

from __future__ import annotations

import re
import threading
import unicodedata
from functools import cache
from typing import TYPE_CHECKING, Final

from scenario_runner.errors import UsageError

if TYPE_CHECKING:
    from argon2 import PasswordHasher

SHORTEST: Final = 10
LONGEST: Final = 256
"""Characters; hashing a megabyte would be a way to keep the server busy."""
_LEFT_OF_NAME: Final = 8
"""Characters that a password with the account's name in it must have besides."""
_FEWEST_KINDS: Final = 5
"""Different characters."""
_AT_ONCE: Final = threading.Semaphore(2)
"""Each takes 64 MiB: a crowd at the login must not take the memory of those who are in."""
_LEET: Final = str.maketrans("013457@$!", "oieastasi")
_COMMON: Final = frozenset(
    [
        "password",
        "passwort",
        "passwords",
        "passphrase",
        "letmein",
        "welcome",
        "willkommen",
        "qwerty",
        "qwertz",
        "qwertyuiop",
        "qwertzuiop",
        "asdfghjkl",
        "asdfghjkloe",
        "yxcvbnm",
        "zxcvbnm",
        "qazwsx",
        "qazwsxedc",
        "admin",
        "administrator",
        "root",
        "user",
        "guest",
        "test",
        "testing",
        "tester",
        "changeme",
        "changeit",
        "default",
        "secret",
        "geheim",
        "hospital",
        "krankenhaus",
        "klinik",
        "clinic",
        "radiology",
        "radiologie",
        "radiologist",
        "doctor",
        "nurse",
        "technician",
        "dicom",
        "orthanc",
        "pacs",
        "pacsadmin",
        "medical",
        "xray",
        "iloveyou",
        "monkey",
        "dragon",
        "football",
        "baseball",
        "basketball",
        "superman",
        "batman",
        "princess",
        "sunshine",
        "shadow",
        "master",
        "michael",
        "jennifer",
        "jordan",
        "harley",
        "ranger",
        "hunter",
        "summer",
        "winter",
        "spring",
        "autumn",
        "sommer",
        "fruehling",
        "herbst",
        "trustno",
        "whatever",
        "freedom",
        "computer",
        "internet",
        "service",
        "server",
        "login",
        "access",
        "passwd",
        "temp",
        "temporary",
        "november",
        "december",
        "january",
        "february",
        "august",
        "september",
        "october",
        "monday",
        "sunday",
        "friday",
        "fabricator",
        "fabricate",
    ]
)
"""What people choose, without what they put around it (``Passw0rd2026!`` is ``password``)."""
_ROWS: Final = (
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890",
    "qwertyuiop",
    "qwertzuiop",
    "asdfghjkl",
)


def require_good(password: str, name: str) -> None:
    """Raises UsageError for a password that is short, common, or the account's name."""
    folded = unicodedata.normalize("NFKC", password).casefold()
    if len(password) < SHORTEST:
        raise _bad(f"it has fewer than {SHORTEST} characters")
    if len(password) > LONGEST:
        raise _bad(f"it has more than {LONGEST} characters")
    if any(unicodedata.category(one) == "Cc" for one in password):
        raise _bad("it has a control character, which no keyboard gives again")
    if len(set(folded)) < _FEWEST_KINDS:
        raise _bad(f"it has fewer than {_FEWEST_KINDS} different characters")
    if name.casefold() in folded and len(folded) - len(name) < _LEFT_OF_NAME:
        raise _bad("it is the name with little around it")
    if _is_common(folded):
        raise _bad("it is among the first that are tried")


def _is_common(folded: str) -> bool:
    if any(_is_run(folded, row) for row in _ROWS):
        return True
    inner = re.sub(r"^[\W\d_]+|[\W\d_]+$", "", folded)
    for text in (folded, inner, folded.translate(_LEET), inner.translate(_LEET)):
        core = re.sub(r"[\W\d_]+", "", text)
        half = core[: len(core) // 2]
        if core in _COMMON or (core == half * 2 and half in _COMMON):
            return True
    return False


def _is_run(text: str, row: str) -> bool:
    """Whether it walks along a row of the keyboard or the alphabet, to and fro."""
    steps = row + row[-2::-1]
    walked = steps * (len(text) // len(steps) + 2)
    return text in walked or text[::-1] in walked


def _bad(reason: str) -> UsageError:
    return UsageError(
        f"this password is not taken: {reason}",
        hint="four words that have nothing in common are good",
    )


def password_hash(password: str) -> str:
    """As the database has it: parameters, salt and hash, in argon2's own form."""
    with _AT_ONCE:
        return _hasher().hash(_normal(password))


def is_right(password: str, hashed: str) -> bool:
    """Whether it is the one that was kept; for an account without one as slow, and no."""
    from argon2.exceptions import Argon2Error, InvalidHashError

    with _AT_ONCE:
        try:
            _hasher().verify(hashed or _nobodys(), _normal(password[: LONGEST + 1]))
        except (Argon2Error, InvalidHashError):
            return False
    return bool(hashed)


def is_outdated(hashed: str) -> bool:
    """Whether it was made with other parameters than today's, and should be made again."""
    return _hasher().check_needs_rehash(hashed)


def _normal(password: str) -> str:
    """Keyboards compose letters differently (RFC 8265 4.2.2)."""
    return unicodedata.normalize("NFC", password).encode("utf-8", "replace").decode("utf-8")


@cache
def _hasher() -> PasswordHasher:
    from argon2 import PasswordHasher

    return PasswordHasher()  # RFC 9106's second choice: 64 MiB, 3 passes, 4 lanes


@cache
def _nobodys() -> str:
    return _hasher().hash("a password that no account has")
