"""A target of the site file becomes one Target, whatever services it is given."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from scenario_runner.api.targets import Target, TargetKind, TargetSetup
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.targets.combined import CombinedTarget

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, MutableMapping

    from scenario_runner.language.site_model import Site, TargetSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """What all targets of a site file are opened with."""

    site: Site
    kinds: Mapping[str, type[TargetKind]]
    """By name, in order of preference: when two services can do the same, the earlier kind's is asked."""
    folder: Path = Path()
    """What relative paths in the site file start from."""
    learned: Callable[[str], object] = lambda _: None
    """Told of secrets that peers give."""

    def target(
        self,
        name: str,
        spec: TargetSpec,
        scratch: Path,
        neighbours: MutableMapping[str, Callable[[], Any]] | None = None,
    ) -> Target:
        """Open the target ``name``; nothing is connected or started until it is used.

        scratch: an empty folder of the target's own. neighbours: what the targets of a run know of each other, one
        mapping for all. A target without a service is one that raises Unsupported for everything.
        """
        services: dict[str, Any] = {
            key: getattr(spec, key)
            for key in type(spec).model_fields
            if getattr(spec, key) is not None
        }
        services.update(spec.model_extra or {})
        setup = TargetSetup(
            name=name,
            environment=spec.environment,
            calling_ae_title=self.site.ae_title,
            expects=spec.expects,
            services=services,
            scratch=scratch,
            receiver=self.site.receiver,
            hl7_rules=self.site.identifiers.hl7,
            zone=self.site.zone,
            folder=self.folder,
            neighbours={} if neighbours is None else neighbours,
            learned=self.learned,
        )
        # By their keys, for a kind is loaded when it is looked up.
        parts = [self.kinds[key].open(setup) for key in self.kinds if key in services]
        return parts[0] if len(parts) == 1 else CombinedTarget(setup, parts)
