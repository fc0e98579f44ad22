"""Connections to the PostgreSQL of an index, spoken to in SQLite's words and made anew where they were lost."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from scenario_runner.archive.postgresql import Fetched, Given, stored_value, translated, with_latest
from scenario_runner.archive.server_error import ServerError
from scenario_runner.database.postgresql import DURABLE, PATIENCE, driver, of_server
from scenario_runner.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    import psycopg

    from scenario_runner.archive.speaking import Rows
    from scenario_runner.database.location import DatabaseUrl

SCHEMA: Final = "fabricate_index"
"""Of the database: nothing of another program's is touched."""
_WAITS: Final = 30
"""Seconds that somebody who stores waits for somebody else who writes."""
_SETTLED: Final = (
    f"SET search_path TO {SCHEMA}; SET standard_conforming_strings TO on; SET lock_timeout TO '{_WAITS}s';"
    # A machine that has gone, or stands still, is not to keep all others from writing.
    " SET idle_in_transaction_session_timeout TO '120s';"
    " SET tcp_keepalives_idle TO 10; SET tcp_keepalives_interval TO 5; SET tcp_keepalives_count TO 4;"
    f" {DURABLE}"
)
_AGAIN: Final = 1.0
"""Seconds after a connection that did not come about in which none is tried: all who wait would wait in turn."""


_Statement = tuple[str, list[Any]]
"""In PostgreSQL's words, and its values."""


class Server:
    """Where connections are had from.

    Raises UsageError for an address that cannot be one, or where the driver is missing.
    """

    def __init__(self, location: DatabaseUrl) -> None:
        self._psycopg = driver("an index")
        self.errors: type[Exception] = self._psycopg.Error
        """What the driver raises."""
        self._location = location
        self._failed: tuple[float, ServerError] | None = None
        try:
            given = self._psycopg.conninfo.conninfo_to_dict(location.url)
        except self.errors as error:
            told = location.hidden_in(str(error).strip())
            raise UsageError(f"'{location}' is not the address of a database: {told}") from None
        patience = {name: value for name, value in PATIENCE.items() if name not in given}
        # A prepared statement is planned for any text that may be looked for: all studies would be read.
        self._options = {
            **patience, "client_encoding": "UTF8", "autocommit": True, "prepare_threshold": None,
        }  # fmt: skip

    def in_words(self, error: BaseException) -> ServerError:
        """What the driver has raised, as a sentence without the password."""
        reason, hint, told = of_server(error)
        told = self._location.hidden_in(told)
        return ServerError(
            f"the database of the index {reason} ('{self._location}'): {told}", hint or None
        )

    def joined(
        self, connection: psycopg.Connection[Any], statements: Iterable[tuple[str, Sequence[Any]]]
    ) -> str:
        """Several statements as one text with their values in it, which goes to the server and back once."""
        cursor = self._psycopg.ClientCursor(connection)
        return ";".join(
            cursor.mogrify(sql, values) if values else sql for sql, values in statements
        )

    def connected(self) -> psycopg.Connection[Any]:
        """A new connection. Raises ServerError."""
        from scenario_runner.database.patience import PatientConnection

        failed = self._failed
        if failed is not None and time.monotonic() - failed[0] < _AGAIN:
            raise ServerError(str(failed[1]), failed[1].hint)
        try:
            connection = PatientConnection.open(self._location.url, **self._options)
            connection.execute(_SETTLED)
        except self.errors as error:
            said = self.in_words(error)
            self._failed = time.monotonic(), said
            raise said from error
        self._failed = None
        return connection


class Line:
    """A connection, begun when something is asked. For one thread at a time.

    What nobody waits for is said together with what somebody does: each exchange with a server costs more than most
    statements take, and while one writes the others wait.
    """

    def __init__(self, server: Server) -> None:
        self._server = server
        self._connection: psycopg.Connection[Any] | None = None
        self._waiting: list[_Statement] = []
        """Statements that are said with the next one, in PostgreSQL's words."""
        self._question: _Statement | None = None
        """What is asked with the next question, which is expected to be the one after it."""
        self._answer: tuple[_Statement, list[Any]] | None = None
        """What it is to that; true as long as nothing else is said in the transaction."""
        self.in_transaction = False
        """Whether a connection that is lost takes something along that had begun."""

    @property
    def is_lost(self) -> bool:
        """Whether the connection was lost, or not yet begun: what was to be committed on it may be, or not."""
        return self._connection is None

    def begin(self, sql: str) -> None:
        """Begin a transaction, in PostgreSQL's own words, with the next statement that is carried out."""
        self._waiting, self._question, self._answer = [(sql, [])], None, None

    def execute(self, sql: str, values: Sequence[Any] = (), /) -> Rows:
        """Carry out a statement; once more where the connection was lost since it was used last. Raises ServerError."""
        asked = translated(sql), [stored_value(one) for one in values]
        answer, self._answer = self._answer, None
        if answer is not None and answer[0] == asked:
            return Given(Fetched(answer[1]))
        question, self._question = self._question, None
        if question is not None:
            found = self._at_once([asked, question])
            rows = [found.fetchall() if found.description else []]
            while found.nextset():
                rows.append(found.fetchall() if found.description else [])
            self._answer = question, rows[-1]
            return Given(Fetched(rows[-2]))
        found = self._carry_out(*asked)
        return Given(found) if found.description else found

    def ahead(self, sql: str, values: Sequence[Any]) -> None:
        """Have a question answered together with the next one, for who asks it right after that."""
        self._question = translated(sql), [stored_value(one) for one in values]

    def later(self, sql: str, values: Sequence[Any]) -> None:
        """Carry out a statement within a transaction, together with the next that is; it is that one which raises then."""
        self._answer = None
        self._waiting.append(with_latest(translated(sql), [stored_value(one) for one in values]))

    def executemany(self, sql: str, values: Iterable[Sequence[Any]], /) -> None:
        """Carry out a statement for each, with the next one."""
        for one in values:
            self.later(sql, one)

    def command(self, sql: str) -> psycopg.Cursor[Any]:
        """Carry out statements in PostgreSQL's own words. Raises ServerError."""
        return self._carry_out(sql, None)

    def commit(self) -> None:
        """End a transaction. Raises ServerError, also where a statement has failed and somebody has passed over it."""
        if not self.in_transaction:
            if len(self._waiting) == 1:  # nothing was asked in it
                self._waiting = []
                return
            self.command(
                "SELECT 1"
            )  # where the connection was lost this can be said once more, and a COMMIT cannot
        done = self.command("COMMIT").statusmessage
        if done != "COMMIT":
            raise ServerError(f"the database of the index has not committed: {done}")

    def take_back(self) -> None:
        """Undo what had begun; one that was lost is not begun anew for it, which would take as long as its server is away."""
        self._waiting = []
        if self._connection is not None:
            try:
                self.command("ROLLBACK")
            except ServerError:
                self.close()

    def row(self, sql: str) -> Any:
        """The one row of a question in PostgreSQL's own words. Raises ServerError."""
        return self.command(sql).fetchone()

    def _carry_out(self, sql: str, values: list[Any] | None) -> psycopg.Cursor[Any]:
        self._question = self._answer = None
        if not self._waiting:
            return self._said(lambda connection: connection.execute(sql, values))
        found = self._at_once([(sql, values or [])])
        while found.nextset():
            pass
        return found

    def _at_once(self, statements: Sequence[_Statement]) -> psycopg.Cursor[Any]:
        """Say what waits, and these, with one exchange; what it found stands at the first of all."""
        whole, self._waiting = [*self._waiting, *statements], []
        found = self._said(
            lambda connection: connection.execute(self._server.joined(connection, whole))
        )
        self.in_transaction = True
        return found

    def _said(
        self, say: Callable[[psycopg.Connection[Any]], psycopg.Cursor[Any]]
    ) -> psycopg.Cursor[Any]:
        while True:
            is_new = self._connection is None
            connection = self._connection = self._connection or self._server.connected()
            try:
                return say(connection)
            except self._server.errors as error:
                if connection.closed:
                    self._connection = None
                    if not (is_new or self.in_transaction):
                        continue
                raise self._server.in_words(error) from error

    def close(self) -> None:
        """Let go of the connection, and with it of what had begun."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(Exception):
                connection.close()
