"""A value of a site file changed: that one, and no other character."""

from __future__ import annotations

import pytest
import yaml

from scenario_runner.errors import UsageError
from scenario_runner.language.site_text import changed, targets, without, written

SITE = """\
# The north site. Ask Ann before you change it.
schema: site/v1
name: north
targets:
  # the archive
  pacs:
    dicom: {host: 10.0.0.1, port: "{{ env.PORT }}", ae_title: ARCHIVE}  # on the second floor
    # for viewers
    dicomweb:
      url: "https://pacs.example/dicom-web"
      auth: {bearer: "{{ env.TOKEN }}"}
  ris:
    environment: test
    hl7: {host: ris, port: 2575}   # MLLP

identifiers: {accession: "{7digits}"}  # as the RIS has it
"""


def test_a_value_is_changed_in_its_place_and_all_the_rest_stays() -> None:
    after = changed(
        SITE, "pacs", {"dicom.host": "10.0.0.2", "dicomweb.url": "https://new.example/x"}
    )
    assert after == SITE.replace("10.0.0.1", "10.0.0.2").replace(
        '"https://pacs.example/dicom-web"', '"https://new.example/x"'
    )


def test_what_is_written_is_told_with_its_templates_and_never_what_logs_in() -> None:
    assert written(SITE, "pacs") == {
        "dicom.host": "10.0.0.1", "dicom.port": "{{ env.PORT }}", "dicom.ae_title": "ARCHIVE",
        "dicomweb.url": "https://pacs.example/dicom-web",
    }  # fmt: skip
    assert targets(SITE) == ["pacs", "ris"]


def test_a_service_and_a_target_are_added_where_they_belong() -> None:
    after = changed(SITE, "ris", {"fhir.url": "http://ris:8080/fhir"})
    assert (
        '    hl7: {host: ris, port: 2575}   # MLLP\n    fhir: {url: "http://ris:8080/fhir"}\n\nid'
        in after
    )
    after = changed(
        SITE,
        "new-one",
        {"environment": "test", "dicom.host": "h", "dicom.port": "104", "dicom.ae_title": "A B"},
    )
    assert yaml.safe_load(after)["targets"]["new-one"] == {
        "environment": "test", "dicom": {"host": "h", "port": 104, "ae_title": "A B"},
    }  # fmt: skip
    assert (
        after.replace(
            '  new-one:\n    environment: test\n    dicom: {host: h, port: 104, ae_title: "A B"}\n',
            "",
        )
        == SITE
    )


@pytest.mark.parametrize(
    "text",
    [
        "schema: site/v1\nname: n\n",
        "schema: site/v1\nname: n",
        "schema: site/v1\nname: n\ntargets: {}\n# the end\n",
        "schema: site/v1\nname: n\ntargets:\n# none yet\n",
        "schema: site/v1\r\nname: n\r\ntargets:\r\n  a:\r\n    dicom: {host: b, port: 1, ae_title: C}\r\n",
        '{"schema": "site/v1", "name": "n", "targets": {"a": {"dicom": {"host": "b", "port": 1, "ae_title": "C"}}}}',
    ],
)  # fmt: skip
def test_a_target_is_added_however_the_file_is_written(text: str) -> None:
    before = yaml.safe_load(text)
    after = changed(
        text, "pacs", {"dicom.host": "yes", "dicom.port": "104", "dicom.ae_title": "007x: y"}
    )
    assert yaml.safe_load(after) == before | {
        "targets": (before.get("targets") or {})
        | {"pacs": {"dicom": {"host": "yes", "port": 104, "ae_title": "007x: y"}}}
    }
    assert ("\n" in after.replace("\r\n", "")) == ("\n" in text.replace("\r\n", ""))
    for line in text.splitlines():
        assert line.rstrip("}").rstrip(" {") in after


def test_a_target_is_taken_out_with_its_lines_and_no_others() -> None:
    after = without(SITE, "ris")
    assert after == SITE.replace(
        "  ris:\n    environment: test\n    hl7: {host: ris, port: 2575}   # MLLP\n", ""
    )
    assert yaml.safe_load(without(after, "pacs"))["targets"] == {}
    assert "# the archive" in without(SITE, "pacs")


def test_what_others_share_or_is_no_value_is_left_to_a_person() -> None:
    shared = "targets:\n  a: &a {dicom: {host: x, port: 1, ae_title: A}}\n  b: *a\n"
    for text, name, field in (
        (shared, "b", "dicom.host"), ("targets: [a]\n", "a", "dicom.host"),
        ("targets: {a: {dicom: [1]}}\n", "a", "dicom.host"), ("a: [", "a", "dicom.host"),
    ):  # fmt: skip
        with pytest.raises(UsageError):
            changed(text, name, {field: "y"})
    with pytest.raises(UsageError, match="no target"):
        written(SITE, "nobody")
