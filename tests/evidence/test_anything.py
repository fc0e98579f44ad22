"""Whatever a step reports or a PACS returns, every report is written and stays well formed."""

from __future__ import annotations

import json
import tempfile
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from scenario_runner.evidence.built_in import fabricate_reporters
from scenario_runner.evidence.write import write_reports
from tests.evidence.samples import Story, check, patient

text = st.text(st.characters(), max_size=30) | st.sampled_from(
    ["<script>", "&amp;", '"', "]]>", "1.2.840.10008.1.2", "items", "\x00", "\ud800", "{{ 1 }}"]
)
plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(text, inner, max_size=4),
    max_leaves=12,
)


class _Tags(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)


# Not shrunk: an example is small as it comes, and shrinking one takes minutes.
@settings(
    deadline=None,
    max_examples=60,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)
@given(
    facts=st.dictionaries(text, plain, max_size=5),
    expected=plain,
    actual=plain,
    words=st.lists(text, min_size=6, max_size=6),
    matrix=st.dictionaries(text, plain, max_size=3),
)
def test_any_content_gives_well_formed_reports(
    facts: dict[str, Any], expected: Any, actual: Any, words: list[str], matrix: dict[str, Any]
) -> None:
    story = Story()
    story.begin(site=words[0], environment=facts)
    story.case(
        [("verify_1", "verify", words[1])],
        title=words[2],
        matrix=matrix,
        patients=[patient(1, sound(words[3]), accession=sound(words[4]))],
        requirements=[words[5]],
    )
    found = check(
        "equal",
        words[0],
        expected,
        actual,
        "failed",
        id="verify_1",
        message=words[1],
        requirements=[words[2]],
        differences=[
            {"subject": words[3], "attribute": words[4], "expected": expected, "actual": actual}
        ],
    )
    story.step("verify_1", "verify", words[1], "failed", facts=facts, inside=[found])
    story.end_case("failed", message=words[5])
    story.end("failed")
    with tempfile.TemporaryDirectory() as folder:
        record = write_reports(story.write(Path(folder)), fabricate_reporters())
        assert record.problems == []
        html = (Path(folder) / "report.html").read_text(encoding="utf-8")
        assert "script" not in _Tags(html).tags
        assert ET.parse(Path(folder) / "junit.xml").getroot().find(".//failure") is not None
        for file in ("run.json", "ctrf.json"):
            json.loads((Path(folder) / file).read_bytes(), parse_constant=_refuse)


def sound(words: str) -> str:
    """What the plan can hold: its file is UTF-8, so a lone surrogate never gets there."""
    return words.encode("utf-8", "replace").decode("utf-8")


def _refuse(constant: str) -> None:
    raise AssertionError(f"{constant} is not JSON")
