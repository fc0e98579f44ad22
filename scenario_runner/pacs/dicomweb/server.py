"""DICOMweb of the embedded PACS on an HTTP port of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenario_runner.pacs.dicomweb.app import PREFIX, make_app
from scenario_runner.pacs.dicomweb.probes import probes
from scenario_runner.pacs.http_port import HttpPort, PortOptions

if TYPE_CHECKING:
    import socket
    import ssl

    from scenario_runner.pacs.dicomweb.desk import WebDesk


class WebServer(HttpPort):
    """DICOMweb on ``host``, over TLS when a context is given. ``start`` once, ``stop`` once.

    listening: a socket that others take connections from, too.
    """

    def __init__(
        self,
        desk: WebDesk,
        host: str,
        tls: ssl.SSLContext | None,
        listening: socket.socket | None = None,
    ) -> None:
        options = PortOptions(
            host=host,
            port=desk.web.port,
            tls=tls,
            head_timeout=desk.web.head_timeout,
            requests=desk.options.maximum_associations,
            listening=listening,
        )
        super().__init__(options, lambda break_off: make_app(desk, break_off, probes(desk)))

    @property
    def url(self) -> str:
        """The URL of the service, without a slash at the end."""
        return self.origin + PREFIX
