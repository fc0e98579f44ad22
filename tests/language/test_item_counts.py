"""Asking for an element that no planned list will have is told before anything runs, and nothing else is."""

from __future__ import annotations

from typing import Any

import pytest

from scenario_runner.language.item_counts import Held, beyond

IMAGES = Held(((3, {}),))
SERIES = Held(((1, {"images": IMAGES}),))
TWO_SERIES = Held(((2, {"images": IMAGES}),))
FIRST, LAST = Held(((1, {"series": SERIES}),)), Held(((2, {"series": TWO_SERIES}),))
PLANNED = {
    "patients": Held(((2, {"studies": FIRST}), (1, {"studies": LAST}))),
    "studies": Held(((2, FIRST), (1, LAST))),
    "series": Held(((2, Held(((1, SERIES),))), (1, Held(((2, TWO_SERIES),))))),
    "images": Held(()),
}
NAMES: dict[str, Any] = {"vars": {"n": 7}, "item": 1}


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("studies[3].series[1].uid", None),
        ("studies[1].series[1].uid", ("studies[1].series[1]", "element 1; the list has 1")),
        ("studies[4].uid", ("studies[4]", "element 4; the list has 4")),
        ("studies[-4].uid", None),
        ("studies[-5].uid", ("studies[-5]", "element -5")),
        ("series[5].images[2].uid", None),
        ("series[6].uid", ("series[6]", "element 6; the list has 6")),
        ("series[5].images[3]", ("series[5].images[3]", "element 3; the list has 3")),
        ("patients[2].studies[item].uid", None),
        ("patients[0].studies[item].uid", ("patients[0].studies[…]", "element 1; the list has 1")),
        ("images[0].uid", ("images[0]", "element 0; the list is empty")),
        ("patients[vars.n]", ("patients[…]", "element 7; the list has 3")),
        ("studies[vars.n - 4].uid ~ 'x'", None),
        ("studies[found].uid", None),
        ("found[9].uid", None),
        ("studies[9].uid | default('x')", None),
        ("studies[9] is defined", None),
        ("studies[9].uid if studies | length > 9 else ''", None),
        ("studies | length > 9 and studies[9].uid == 'x'", None),
        ("studies[9:]", None),
    ],
)
def test_only_what_is_sure_to_be_missing_is_told(source: str, said: tuple[str, str] | None) -> None:
    problem = beyond(source, NAMES, PLANNED)
    if said is None:
        assert problem is None
    else:
        assert problem is not None
        assert problem.token == said[0]
        assert said[1] in problem.message
