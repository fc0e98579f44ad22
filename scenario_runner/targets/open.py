"""A target of the site file becomes one Target, whatever services it is given."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from scenario_runner.api.targets import Target, TargetKind, TargetSetup
from scenario_runner.targets.combined import CombinedTarget

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, MutableMapping

    from scenario_runner.language.site_model import Site, TargetSpec


def open_target(
    name: str,
    spec: TargetSpec,
    site: Site,
    kinds: Mapping[str, type[TargetKind]],
    scratch: Path,
    folder: Path = Path(),
    neighbours: MutableMapping[str, Callable[[], Any]] | None = None,
    learned: Callable[[str], object] = lambda _: None,
) -> Target:
    """Open the target ``name``; nothing is connected or started until it is used.

    kinds: by name, in order of preference: when two services can do the same, the earlier kind's
    is asked. scratch: an empty folder of the target's own. folder: what relative paths in the site
    file start from. neighbours: what the targets of a run know of each other, one mapping for all. learned: told of secrets that peers give. A target without
    a service is one that raises Unsupported for everything.
    """
    services: dict[str, Any] = {
        key: getattr(spec, key) for key in type(spec).model_fields if getattr(spec, key) is not None
    }
    services.update(spec.model_extra or {})
    setup = TargetSetup(
        name=name,
        environment=spec.environment,
        calling_ae_title=site.ae_title,
        expects=spec.expects,
        services=services,
        scratch=scratch,
        receiver=site.receiver,
        hl7_rules=site.identifiers.hl7,
        zone=site.zone,
        folder=folder,
        neighbours={} if neighbours is None else neighbours,
        learned=learned,
    )
    parts = [kinds[key].open(setup) for key in kinds if key in services]
    return parts[0] if len(parts) == 1 else CombinedTarget(setup, parts)
