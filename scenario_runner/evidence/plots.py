"""Small plots as SVG, drawn here: legible in print and in the dark, since they take the page's own colours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scenario_runner.evidence.history import Past

_MOST = 60
_BAR, _GAP, _HEIGHT = 5, 2, 28


def bars(past: Sequence[Past]) -> Markup:
    """A bar for each of the last runs: as high as it took long, coloured by its outcome, a mark where there is none."""
    shown = past[-_MOST:]
    longest = max((one.duration_s for one in shown), default=0.0) or 1.0
    width = max(1, len(shown) * (_BAR + _GAP) - _GAP)
    parts = [
        Markup('<svg class="bars" viewBox="0 0 {} {}" width="{}" height="{}" role="img">').format(
            width, _HEIGHT, width, _HEIGHT
        ),
        Markup("<title>{}</title>").format(
            f"{len(shown)} runs, the oldest first; the longest took {longest:.2f} s"
        ),
    ]
    for number, one in enumerate(shown):
        height = max(2.0, round(one.duration_s / longest * _HEIGHT, 1))
        parts.append(
            Markup('<rect class="{}" x="{}" y="{}" width="{}" height="{}"/>').format(
                one.outcome, number * (_BAR + _GAP), round(_HEIGHT - height, 1), _BAR, height
            )
        )
    return Markup("").join([*parts, Markup("</svg>")])
