"""How a PostgreSQL is spoken to: with patience, durably, by a driver that may not be there; and what it says, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from scenario_runner.errors import UsageError

if TYPE_CHECKING:
    from types import ModuleType

DURABLE: Final = (
    "SELECT set_config('synchronous_commit', 'on', false) "
    "WHERE current_setting('synchronous_commit') = 'off'"
)
"""What was acknowledged must be there after a power cut, whatever the server's default."""
PATIENCE: Final[dict[str, Any]] = {
    "connect_timeout": 10,
    "keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 4,
    "tcp_user_timeout": 30_000,
}  # fmt: skip
"""How long a server may take to take a connection, and how soon one whose machine has gone from the network is missed
(libpq 32.1.2; seconds, but for the last, in milliseconds). By default the system waits for hours."""

SILENT: Final = "does not answer"
_SERVER: Final = {
    "28": ("refuses the user or the password", "see to the user and the password in its address"),
    "3D": ("has no database of that name", "create it: createdb NAME"),
    "42501": (
        "lets this user not do that",
        "grant the user CREATE and USAGE on the schema, and ALL on its tables and sequences",
    ),
    "25006": ("is read-only", "name the primary server, not one that follows it"),
    "55P03": (
        "was locked by another process for too long",
        "see which program holds it open; this program never holds it for long",
    ),
    "53100": ("has a full disk", "make room on the server"),
    "53300": ("takes no more connections", "raise max_connections, or run fewer at once"),
    "22P05": (
        "keeps text in a character set that lacks some letters",
        "create it with ENCODING 'UTF8'",
    ),
}
"""By SQLSTATE, or the class of it (PostgreSQL, appendix A)."""


def driver(what: str) -> ModuleType:
    """The module psycopg. what: what needs it, for the UsageError that is raised where it is missing."""
    try:
        import psycopg
    except ImportError as error:
        raise UsageError(
            f"for {what} on PostgreSQL its driver is missing",
            hint="pip install 'dicom-fabricator[postgres]'",
        ) from error
    return psycopg


def of_server(error: BaseException) -> tuple[str, str, str]:
    """What a PostgreSQL does or does not, what to do about it if anything, and its own words in a line.

    error: of psycopg.
    """
    state = getattr(error, "sqlstate", None) or ""
    known = _SERVER.get(state) or _SERVER.get(state[:2])
    told = " ".join(str(error).split())
    if known is None and (not state or state[:2] in ("08", "57")):
        if "password" in told or "authentication" in told:
            known = _SERVER["28"]
        elif "does not exist" in told:
            known = _SERVER["3D"]
        else:
            known = SILENT, "see that the server runs"
    return *(known or ("cannot be used", "")), told
