"""Files that a site names become what the wire needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from scenario_runner.language.site_services import TlsFiles
    from scenario_runner.ul.tls import Tls


def tls_of(files: TlsFiles | None, folder: Path) -> Tls | None:
    """How to protect a connection. folder: what relative paths start from."""
    if files is None:
        return None
    from scenario_runner.ul.tls import Tls

    def path(name: str | None) -> Path | None:
        return None if name is None else folder / name

    return Tls(
        ca=path(files.ca),
        certificate=path(files.certificate),
        key=path(files.key),
        verify=files.verify,
        check_host=files.check_host,
        minimum="1.3" if files.minimum == "1.3" else "1.2",
    )
