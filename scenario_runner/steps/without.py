"""A step whose target has no such service, as the site file says: skipped, and told."""

from __future__ import annotations

from scenario_runner.api import StepContext, StepResult


def without(context: StepContext, name: str, service: str, key: str) -> StepResult | None:
    """What becomes of a step that needs a service; None where it is to be asked for, as one that is to fail is.

    name: of the target. key: that of ``expects`` which says whether it has the service.
    """
    if context.is_to_fail or getattr(context.target(name).expects, key) not in (False, "none"):
        return None
    message = f"the site says that '{name}' has no {service} (expects.{key})"
    return StepResult(outcome="skipped", message=message, absent=True)
