"""Where a short command sends to: a target of a site file, an address, or the embedded PACS."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scenario_runner.app.load import Surroundings, load_site
from scenario_runner.app.peers import addressed, no_such_peer
from scenario_runner.errors import UsageError

if TYPE_CHECKING:
    from scenario_runner.language.site import LoadedSite
    from scenario_runner.language.site_model import TargetSpec
    from scenario_runner.plugins import Plugins

USUAL = "pacs"
"""The target that is meant when nobody names one, and the name that an address gets."""
SERVER = "ehr"
"""The name that the URL of a FHIR server gets."""
_FILE = "address.site.yaml"


def destination(
    to: str | None, site: Path | None, around: Surroundings
) -> tuple[Plugins, LoadedSite, str]:
    """The plugins, the site and the name of the target. Raises UsageError, InvalidInput, PluginError.

    to: a target's name, ``[AE@]HOST:PORT`` or the URL of a DICOMweb service; an address stands in the site
    as ``pacs``, so that the run can be repeated from its folder.
    """
    plugins, loaded = load_site(site, around)
    name = to if to is not None else USUAL
    if name in loaded.site.targets:
        return plugins, loaded, name
    spec = addressed(name)
    if spec is None:
        raise no_such_peer(name, list(loaded.site.targets) if site is not None else [])
    text = json.dumps(_with(loaded, spec), ensure_ascii=False, indent=1, default=str) + "\n"
    plugins, loaded = load_site(site or around.folder / _FILE, around, text)
    return plugins, loaded, USUAL


def asked_server(
    url: str, plugins: Plugins, loaded: LoadedSite, around: Surroundings
) -> tuple[Plugins, LoadedSite, str]:
    """The same with a FHIR server among the targets, and its name there. Raises UsageError, InvalidInput.

    url: of the server, or the name of a target with ``fhir``.
    """
    spec = loaded.site.targets.get(url)
    if spec is not None and spec.fhir is not None:
        return plugins, loaded, url
    if not url.startswith(("http://", "https://")):
        able = [name for name, one in loaded.site.targets.items() if one.fhir is not None]
        raise UsageError(
            f"'{url}' is no URL, and no target with a 'fhir' service",
            hint=f"targets with fhir: {', '.join(able)}" if able else "http://127.0.0.1:8080/fhir",
        )
    data: dict[str, Any] = {"schema": "site/v1", "name": loaded.site.name,
                            "targets": {USUAL: {"embedded": {}}}}  # fmt: skip
    file = around.folder / _FILE
    if loaded.document is not None:
        data, file = loaded.document.data, Path(loaded.document.file)
    whole = {**data, "targets": {**data["targets"], SERVER: {"fhir": {"url": url}}}}
    text = json.dumps(whole, ensure_ascii=False, indent=1, default=str) + "\n"
    plugins, loaded = load_site(file, around, text)
    return plugins, loaded, SERVER


def _with(loaded: LoadedSite, spec: TargetSpec) -> dict[str, Any]:
    """The site file with that address as a target; JSON is YAML enough."""
    services = spec.model_dump(mode="json", by_alias=True, exclude_unset=True)
    if loaded.document is None:
        return {"schema": "site/v1", "name": "address", "targets": {USUAL: services}}
    data = loaded.document.data
    return {**data, "targets": {**data["targets"], USUAL: services}}
