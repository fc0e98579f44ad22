"""Of two long values a reader sees where they differ, wherever they are told."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from scenario_runner.evidence.ctrf import CtrfReporter
from scenario_runner.evidence.flat import one_line, two_sides
from scenario_runner.evidence.html import HtmlReporter
from scenario_runner.evidence.junit import JUnitReporter
from scenario_runner.evidence.write import write_reports
from tests.evidence.failing_runs import by_check, kind, tags

if TYPE_CHECKING:
    from pathlib import Path

ALIKE = "Thorax and abdomen with contrast, arterial phase; " * 60
SENT, CAME = f"{ALIKE}left kidney", f"{ALIKE}right kidney"


def test_a_difference_far_into_a_long_value_is_seen_in_every_report(tmp_path: Path) -> None:
    folder = by_check(tags(kind("TextValue", SENT, CAME)))().write(tmp_path)
    write_reports(folder, [HtmlReporter, JUnitReporter, CtrfReporter])
    page = (folder / "report.html").read_text("utf-8")
    (first,) = re.findall('<section class="did-not".*?</section>', page, flags=re.DOTALL)
    others = [(folder / name).read_text("utf-8") for name in ("junit.xml", "ctrf.json")]
    for told in (first, page.replace(first, ""), *others):
        assert "left kidney" in told
        assert "right kidney" in told


@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=60), st.integers(4, 40))
def test_what_differs_is_told_otherwise(alike: str, first: str, second: str, limit: int) -> None:
    sides = two_sides(alike + first, alike + second, limit)
    same = one_line(alike + first) == one_line(alike + second)
    assert (sides[0] == sides[1]) == same
    assert all(len(one) <= limit + len("…… (120 characters)") for one in sides)


def test_what_fits_stands_as_it_is() -> None:
    assert two_sides("LEFT", "RIGHT", 100) == ("LEFT", "RIGHT")
    assert two_sides(1, "1", 100) == ("1", '"1"')
    assert two_sides("ab" * 30, None, 10) == ("ababababab… (60 characters)", "null")
