"""What happens between planning and sending: somebody looks at the plan and may say no."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from scenario_runner.app.plans import Nowhere, Plannable, Plans, plan_all, preview_all
from scenario_runner.errors import Declined
from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from scenario_runner.app.kept_objects import Objects
    from scenario_runner.engine.services import Factory
    from scenario_runner.registry.location import Location


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """Who is asked, and where the instances are kept that are to be sent.

    ask: is given the plan and a factory of its instances; False ends the run before it began. objects:
    every instance is made and kept there first, and sent from there.
    """

    ask: Callable[[Plans, Factory], bool] | None = None
    objects: Objects | None = None


NOBODY = Review()
"""Nobody is asked and nothing is made beforehand."""


def reviewed(
    plannable: Sequence[Plannable], registry: Location, review: Review, factory: Factory
) -> Plans:
    """The plan with its numbers reserved, once it was agreed to. Raises Declined, and as ``plan_all``.

    What is shown has the next numbers there are, and none is used up by saying no. When another process
    took them before the answer came, the plan that was made instead is shown, too.
    """
    if review.ask is None:
        plans = plan_all(plannable, registry)
    else:
        shown = preview_all(plannable, registry)
        _require(review.ask(shown, factory))
        plans = plan_all(plannable, registry)
        if plans.write_json(Nowhere()) != shown.write_json(Nowhere()):
            _require(review.ask(plans, factory))
    if review.objects is not None:
        review.objects.make(plans, factory)
    return plans


def _require(agreed: bool) -> None:
    if not agreed:
        raise Declined("nothing was sent")
