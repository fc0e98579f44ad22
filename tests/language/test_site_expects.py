"""What is known of a PACS written into a site file, and nothing of a person's lost."""

from __future__ import annotations

import pytest
import yaml

from scenario_runner.errors import UsageError
from scenario_runner.language.site_expects import declare, declared

SITE = """\
# Ask Ann.
schema: site/v1
name: north
targets:
  pacs:
    dicom: {host: 10.0.0.1, port: 104}   # second floor
    expects:
      fuzzy_matching: true   # as they say
      # from the conformance statement
      unsupported_keys:
        - StudyID            # gone since 2.0
        # and perhaps
        - SeriesDate
  ris: {hl7: {host: ris, port: 2575}, expects: {repeated_matches: false}}  # flow
  bare:
    dicom: {host: 10.0.0.2, port: 104}
  # the end
"""


def expects(text: str, target: str) -> dict[str, object]:
    found = yaml.safe_load(text)["targets"][target]["expects"]
    assert isinstance(found, dict)
    return found


def test_a_value_is_changed_in_its_place_and_says_why() -> None:
    after = declare(SITE, "pacs", "fuzzy_matching", False, ["asked → no match"])
    assert after == SITE.replace(
        "      fuzzy_matching: true",
        "      # learned: asked → no match\n      fuzzy_matching: false",
    )
    again = declare(after, "pacs", "fuzzy_matching", True, ["asked again → 1 match"])
    assert again == SITE.replace(
        "      fuzzy_matching: true",
        "      # learned: asked again → 1 match\n      fuzzy_matching: true",
    )


def test_what_is_so_already_is_left_as_a_person_wrote_it() -> None:
    assert declare(SITE, "pacs", "unsupported_keys", ["StudyID", "SeriesDate"], ["why"]) == SITE
    assert declare(SITE, "ris", "repeated_matches", False, ["why"]) == SITE


def test_comments_within_a_list_outlive_it() -> None:
    after = declare(SITE, "pacs", "unsupported_keys", ["Rows"], ["why"])
    assert expects(after, "pacs")["unsupported_keys"] == ["Rows"]
    for comment in ("# from the conformance statement", "# gone since 2.0", "# and perhaps"):
        assert after.count(comment) == 1
    assert after.startswith(SITE[: SITE.index("      unsupported_keys")])
    assert after.endswith(SITE[SITE.index("  ris:") :])


def test_keys_are_added_to_what_is_there_and_where_nothing_is() -> None:
    after = declare(SITE, "pacs", "person_name_matching", "case-sensitive", ["a", "b"])
    after = declare(after, "ris", "query_character_set", "ISO_IR 100", ["not for one line"])
    after = declare(after, "bare", "sop_classes", [f"1.2.3.{n}" for n in range(40)], ["c"])
    assert expects(after, "pacs")["person_name_matching"] == "case-sensitive"
    assert expects(after, "ris") == {"repeated_matches": False, "query_character_set": "ISO_IR 100"}
    assert declared(after, "bare", "sop_classes") == [f"1.2.3.{n}" for n in range(40)]
    assert max(map(len, after.splitlines())) <= 120
    [changed] = set(SITE.splitlines()) - set(after.splitlines())
    assert changed.startswith("  ris:")


@pytest.mark.parametrize(
    "text",
    [
        "targets:\n  pacs: &same {dicom: {host: h, port: 1}}\n  other: *same\n",
        "targets:\n  pacs:\n    expects: &same {fuzzy_matching: true}\n  other: {expects: *same}\n",
        "targets:\n  pacs:\n    expects:\n",
        "targets:\n  pacs: {environment: test  # so far\n    }\n",
        "targets:\n  elsewhere: {environment: test}\n",
    ],
)
def test_what_would_change_something_else_is_left_to_a_person(text: str) -> None:
    with pytest.raises(UsageError):
        declare(text, "pacs", "fuzzy_matching", False, ["why"])


def test_line_ends_of_windows_stay() -> None:
    after = declare(SITE.replace("\n", "\r\n"), "bare", "fuzzy_matching", True, ["why"])
    assert "\n" not in after.replace("\r\n", "")
    assert expects(after, "bare") == {"fuzzy_matching": True}
