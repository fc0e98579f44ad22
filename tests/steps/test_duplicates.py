"""What is sent twice is judged by what the site says that becomes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.running import fabricate, record, steps, write_scenario, write_site

if TYPE_CHECKING:
    from pathlib import Path

ENTRIES: list[Any] = [
    {"send": {"to": "pacs"}, "id": "first"},
    {"generate": {"modify": {"StudyDescription": "Again"}}},
    {"send": {"to": "pacs"}, "id": "second"},
    {"assert": [{"stored": {"on": "pacs"}}], "id": "stored"},
    {"retrieve": {"from": "pacs", "match": {"StudyInstanceUID": "{{ studies[0].uid }}"}}, "save_as": "back"},
    {"assert": [{"tags": {"of": "back", "equal": "sent"}}, {"pixels": {"of": "back", "equal": "sent"}}], "id": "same"},
]  # fmt: skip


def run(folder: Path, does: str, declared: str | None, code: int) -> dict[str, dict[str, Any]]:
    expects = {} if declared is None else {"expects": {"duplicates": declared}}
    pacs = {"embedded": {"duplicates": does}, **expects}
    site = write_site(folder / "site.yaml", {"pacs": pacs})
    file = write_scenario(folder / "s.yaml", ENTRIES)
    out = folder / "run"
    fabricate("run", file, "--site", site, "--registry", ":memory:", "--out", out).check(code)
    return steps(record(out))


@pytest.mark.parametrize(
    ("does", "declared"), [("keep", "kept"), ("overwrite", "replaced"), ("refuse", "refused")]
)
def test_what_the_site_says_of_duplicates_is_what_has_to_come_of_them(
    tmp_path: Path, does: str, declared: str
) -> None:
    told = run(tmp_path, does, declared, 0)["second"]["message"]
    words = "2 refused as duplicates (expects.duplicates)"
    assert (words in told) == (declared == "refused")


@pytest.mark.parametrize(
    ("does", "declared", "where", "words"),
    [
        ("keep", None, "same", "StudyDescription"),
        ("overwrite", "kept", "same", "StudyDescription"),
        ("refuse", "kept", "second", "0111"),
        ("keep", "refused", "second", "2 taken again, though the site says that 'pacs' refuses"),
    ],
)
def test_anything_else_fails(
    tmp_path: Path, does: str, declared: str | None, where: str, words: str
) -> None:
    found = run(tmp_path, does, declared, 1)
    assert found[where]["outcome"] == "failed"
    assert words in found[where]["message"]
