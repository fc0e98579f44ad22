"""The embedded PACS over DICOMweb: the same archive, whose HTTP port opens at the first exchange."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from scenario_runner.network.dicomweb.peer import Login, WebPeer
from scenario_runner.targets.dicomweb import DicomwebTarget

if TYPE_CHECKING:
    from collections.abc import Callable

    from scenario_runner.api.targets import TargetSetup
    from scenario_runner.language.site_services import EmbeddedService
    from scenario_runner.ul.tls import Tls


class EmbeddedWebTarget(DicomwebTarget):
    """STOW-RS, QIDO-RS and WADO-RS to the PACS that ``open_web`` starts; it gives the URL."""

    lasting = False

    def __init__(
        self,
        setup: TargetSetup,
        service: EmbeddedService,
        open_web: Callable[[], str],
        tls: Tls | None,
    ) -> None:
        deletes = service.dicomweb is None or service.dicomweb.delete is not False
        expects = setup.expects.model_copy(update={"dicomweb_delete": deletes})
        # Where it listens is not known before it does; nothing is connected until then.
        peer = WebPeer(url="http://127.0.0.1", login=_login(service), tls=tls)
        super().__init__(dataclasses.replace(setup, expects=expects), peer)
        self._open_web = open_web

    def peer(self) -> WebPeer:
        """The running PACS; starts it, or its HTTP port, the first time."""
        return dataclasses.replace(self._peer, url=self._open_web())


def _login(service: EmbeddedService) -> Login | None:
    """What the PACS asks for: its first user, else its token."""
    for user, password in (service.users or {}).items():
        return Login(user=user, password=password)
    token = service.dicomweb.token if service.dicomweb is not None else None
    return Login(bearer=token) if token else None
