"""Audit messages to a syslog receiver over TLS (PS3.15 A.6; RFC 5424, RFC 5425)."""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, Self

from scenario_runner.authority import authority
from scenario_runner.errors import ConnectionFailed, TargetError
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.service.audit.activities import Outcome
from scenario_runner.service.audit.messages import AuditSource, known_moment, known_outcome, message

if TYPE_CHECKING:
    from scenario_runner.service.audit.entry import Entry
    from scenario_runner.ul.tls import Tls

PORT: Final = 6514
"""Syslog over TLS (RFC 5425 4.1)."""
_FACILITY: Final = 10
"""Security and authorization messages (PS3.15 A.6)."""
_SEVERITIES: Final = {Outcome.SUCCESS: 5, Outcome.DENIED: 4, Outcome.FAILED: 3}
"""Notice, warning, error (RFC 5424 6.2.1)."""
_MSGID: Final = "DICOM+RFC3881"
_APP_NAME: Final = "dicom-fabricator"
_BOM: Final = b"\xef\xbb\xbf"
"""Says that the message is UTF-8 (RFC 5424 6.4)."""
_PATIENCE: Final = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """Where audit messages go, and whom to believe that it is the right one."""

    host: str
    port: int = PORT
    tls: Tls

    def __str__(self) -> str:
        return authority(self.host, self.port)


class SyslogSender:
    """A connection to a receiver, for some messages. Raises TargetError for whatever goes wrong."""

    def __init__(self, receiver: Receiver, source: AuditSource) -> None:
        self._receiver = receiver
        self._source = source
        self._hostname = _printable(socket.gethostname(), 255)
        self._socket = self._connected()

    def send(self, entries: Iterable[Entry]) -> int:
        """Send entries in order; returns how many. Syslog has no receipts: see ``finish``."""
        count = 0
        try:
            for entry in entries:
                self._socket.sendall(framed(syslog_message(entry, self._source, self._hostname)))
                count += 1
        except OSError as error:
            raise self._failed(error) from error
        return count

    def finish(self) -> None:
        """Say that it was all, and wait until the other side has closed, too: all was read then.

        A close from our side alone could overtake what is still under way (RFC 5425 4.4). Of a receiver that
        ends without a farewell, as rsyslog with GnuTLS does, the end of its stream is taken for one: it comes
        after it has read ours.
        """
        try:
            self._socket.unwrap()
        except ssl.SSLEOFError:
            return
        except (OSError, ValueError) as error:
            raise self._failed(error) from error

    def close(self) -> None:
        """Let go of the connection."""
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _connected(self) -> ssl.SSLSocket:
        context = self._receiver.tls.context()
        try:
            plain = socket.create_connection(
                (self._receiver.host, self._receiver.port), timeout=_PATIENCE
            )
        except OSError as error:
            raise self._failed(error) from error
        try:
            return context.wrap_socket(plain, server_hostname=self._receiver.host)
        except OSError as error:
            plain.close()
            raise self._failed(error) from error

    def _failed(self, error: Exception) -> TargetError:
        return ConnectionFailed(
            "the receiver of audit messages cannot be reached",
            reason=str(error),
            host=self._receiver.host,
            port=self._receiver.port,
            ae_title="syslog",
        )


def syslog_message(entry: Entry, source: AuditSource, hostname: str) -> bytes:
    """A message with its header (RFC 5424 6): priority, version, time, who, what kind, and the XML."""
    priority = _FACILITY * 8 + _SEVERITIES[known_outcome(entry)]
    process = _printable(source.process, 128)
    head = f"<{priority}>1 {known_moment(entry)} {hostname} {_APP_NAME} {process} {_MSGID} - "
    return head.encode("ascii") + _BOM + message(entry, source)


def framed(sent: bytes) -> bytes:
    """With its length in front (RFC 5425 4.3)."""
    return b"%d %s" % (len(sent), sent)


def _printable(text: str, longest: int) -> str:
    """A field of the header: printable ASCII, or a hyphen for none."""
    return re.sub(r"[^!-~]", "", text)[:longest] or "-"
