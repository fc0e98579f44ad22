"""A PACS named on the command line: ``AE@HOST:PORT`` or a target of a site file."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from scenario_runner.api import Target
from scenario_runner.app.load import load_site
from scenario_runner.errors import UsageError
from scenario_runner.language.site_model import DicomService, TargetSpec
from scenario_runner.targets.open import open_target

_PEER = re.compile(r"(?P<ae>[^@]{1,16})@(?P<host>\[[^\]]+\]|[^:]+):(?P<port>\d{1,5})")


def open_peer(peer: str, site: Path | None, calling: str | None) -> Target:
    """Open the peer. Raises UsageError when it is neither form, InvalidInput, TargetError."""
    plugins, loaded = load_site(site)
    settings = loaded.site
    if calling is not None:
        settings = settings.model_copy(update={"ae_title": calling})
    if match := _PEER.fullmatch(peer):
        port = int(match["port"])
        if not 1 <= port <= 65535:
            raise UsageError(f"{port} is not a port", hint="ports are 1 to 65535")
        service = DicomService(host=match["host"].strip("[]"), port=port, ae_title=match["ae"])
        spec = TargetSpec(dicom=service)
    elif peer in settings.targets and site is not None:
        spec = settings.targets[peer]
    else:
        known = ", ".join(settings.targets) if site is not None else "no site file is given"
        raise UsageError(
            f"'{peer}' is neither AE@HOST:PORT nor a target of a site file",
            hint=f"targets: {known}",
        )
    scratch = Path(tempfile.mkdtemp(prefix="fabricate-"))
    kinds = plugins.named("fabricate_target_kinds")
    return open_target(peer, spec, settings, kinds, scratch)
