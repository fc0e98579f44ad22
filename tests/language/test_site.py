"""A site is read with its secrets from the environment, and checked without them."""

from __future__ import annotations

from pathlib import Path

import pytest

from scenario_runner.errors import InvalidInput
from scenario_runner.language.accepted import sop_class, transfer_syntax
from scenario_runner.language.site import (
    default_site,
    plugin_folders,
    read_site,
    read_site_for_validation,
)
from scenario_runner.language.site_model import Site
from scenario_runner.plugins import Plugins

SITE = """\
schema: site/v1
name: north
plugins: [plugins, ../shared]
targets:
  pacs:
    dicom: {host: "{{ env.HOST }}", port: "{{ env.PORT | int }}", ae_title: ORTHANC}
    dicomweb:
      url: http://127.0.0.1:8042/dicom-web
      auth: {basic: {user: fab, password: "{{ env.PASSWORD }}"}}
      headers: {X-Token: "Token {{ env.TOKEN }}"}
  other: {embedded: {}}
"""
ENVIRON = {"HOST": "pacs.example", "PORT": "4242", "PASSWORD": "s3cret", "TOKEN": "t0ken"}


@pytest.fixture(scope="module")
def plugins() -> Plugins:
    return Plugins(outside=False)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "north.yaml"
    path.write_text(SITE, encoding="utf-8")
    return path


def codes(error: InvalidInput) -> list[tuple[str, int]]:
    return [(each.code, each.where.line) for each in error.diagnostics]


def test_values_from_the_environment_are_rendered_typed_and_secret(
    file: Path, plugins: Plugins
) -> None:
    loaded = read_site(file, plugins, ENVIRON)
    pacs = loaded.site.targets["pacs"]
    assert pacs.dicom is not None
    assert (pacs.dicom.host, pacs.dicom.port) == ("pacs.example", 4242)
    assert loaded.secrets == {"pacs.example", "4242", "s3cret", "t0ken", "Token t0ken"}
    assert loaded.folder == file.parent


def test_each_variable_that_is_not_set_is_pointed_at(file: Path, plugins: Plugins) -> None:
    with pytest.raises(InvalidInput) as caught:
        read_site(file, plugins, {"HOST": "h", "TOKEN": "t"})
    assert codes(caught.value) == [("FAB402", 6), ("FAB402", 9)]


def test_a_site_is_checked_where_its_secrets_are_not(file: Path, plugins: Plugins) -> None:
    loaded = read_site_for_validation(file, plugins, {})
    assert set(loaded.site.targets) == {"pacs", "other"}
    file.write_text(SITE.replace("ae_title", "ae_titel"), encoding="utf-8")
    with pytest.raises(InvalidInput) as caught:
        read_site_for_validation(file, plugins, {})
    assert codes(caught.value) == [("FAB104", 6)]


def test_validation_where_a_value_cannot_be_typed_without_its_variable(
    tmp_path: Path, plugins: Plugins
) -> None:
    path = tmp_path / "site.yaml"
    path.write_text(
        "schema: site/v1\nname: s\nae_title: '{{ env.AE }}'\n"
        "targets: {pacs: {dicomweb: {url: '{{ env.URL }}'}}}\n",
        encoding="utf-8",
    )
    assert list(read_site_for_validation(path, plugins, {}).site.targets) == ["pacs"]


def test_validation_where_a_template_needs_more_of_its_variable(
    tmp_path: Path, plugins: Plugins
) -> None:
    path = tmp_path / "site.yaml"
    path.write_text(
        "schema: site/v1\nname: s\n"
        "targets: {pacs: {dicom: {host: '{{ env.A[9] }}', port: 1, ae_title: A}}}\n",
        encoding="utf-8",
    )
    assert list(read_site_for_validation(path, plugins, {}).site.targets) == ["pacs"]


def test_a_default_excuses_a_variable_that_is_not_set(tmp_path: Path, plugins: Plugins) -> None:
    path = tmp_path / "site.yaml"
    path.write_text(
        "schema: site/v1\nname: s\nae_title: '{{ env.AE | default(\"FAB\") }}'\n"
        "targets: {pacs: {embedded: {}}}\n",
        encoding="utf-8",
    )
    assert read_site(path, plugins, {}).site.ae_title == "FAB"


def test_a_rendered_value_that_does_not_fit_is_pointed_at(file: Path, plugins: Plugins) -> None:
    with pytest.raises(InvalidInput) as caught:
        read_site(file, plugins, {**ENVIRON, "PORT": "70000"})
    assert codes(caught.value) == [("FAB107", 6)]


def test_a_secret_is_not_in_the_message_of_a_value_that_does_not_fit(
    tmp_path: Path, plugins: Plugins
) -> None:
    path = tmp_path / "site.yaml"
    path.write_text(
        "schema: site/v1\nname: s\ntargets: {pacs: {dicomweb: {url: '{{ env.URL }}'}}}\n",
        encoding="utf-8",
    )
    with pytest.raises(InvalidInput) as caught:
        read_site(path, plugins, {"URL": "pa55word@host"})
    assert "pa55word" not in str(caught.value.diagnostics)


def test_plugin_folders_are_known_before_the_site_is_checked(file: Path, tmp_path: Path) -> None:
    folders = [tmp_path / "plugins", tmp_path / ".." / "shared", tmp_path / "one"]
    for folder in folders:
        folder.mkdir(exist_ok=True)
    assert plugin_folders(file) == folders[:2]
    file.write_text("schema: site/v1\nplugins: 3\nbroken: true\n", encoding="utf-8")
    assert plugin_folders(file) == []
    file.write_text("schema: site/v1\nplugins: one\n", encoding="utf-8")
    assert plugin_folders(file) == [tmp_path / "one"]
    file.write_text("plugins: one\n", encoding="utf-8")
    with pytest.raises(InvalidInput, match="does not say what it is"):
        plugin_folders(file)


def test_without_a_site_file_there_is_the_embedded_pacs() -> None:
    loaded = default_site(Path())
    assert loaded.site.targets["pacs"].embedded is not None
    assert (loaded.document, loaded.secrets) == (None, frozenset())
    written = {"schema": "site/v1", "name": "embedded", "targets": {"pacs": {"embedded": {}}}}
    assert loaded.site == Site.model_validate(written), "as if a file had said so"


def test_an_expectation_that_there_is_not_is_told_with_what_was_meant(
    tmp_path: Path, plugins: Plugins
) -> None:
    file = tmp_path / "site.yaml"
    text = (
        "schema: site/v1\nname: north\ntargets:\n  pacs:\n    embedded: {}\n"
        "    expects: {KEY: true, person_name_matching: case-insensitive}\n"
    )
    file.write_text(text.replace("KEY", "relational_querys"), encoding="utf-8")
    with pytest.raises(InvalidInput) as caught:
        read_site(file, plugins, {})
    [found] = caught.value.diagnostics
    assert (found.code, found.where.line, found.where.column) == ("FAB104", 6, 15)
    assert "did you mean 'relational_queries'?" in found.message
    file.write_text(text.replace("KEY", "seconds_until_indexed"), encoding="utf-8")
    with pytest.raises(InvalidInput, match="seconds_until_indexed"):
        read_site(file, plugins, {})


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("transfer_syntaxes: [rle, jpeg-200]", "did you mean 'jpeg-2000'?"),
        ("transfer_syntaxes: [rle, CTImageStorage]", "unknown transfer syntax 'CTImageStorage'"),
        ("sop_classes: [MRImageStorage, CTImageStorge]", "did you mean 'CTImageStorage'?"),
        ("sop_classes: [MRImageStorage, rle]", "unknown SOP class 'rle'"),
    ],
)
def test_what_a_pacs_takes_is_named_by_what_there_is(
    tmp_path: Path, plugins: Plugins, given: str, words: str
) -> None:
    file = tmp_path / "site.yaml"
    text = f"schema: site/v1\nname: north\ntargets:\n  pacs:\n    embedded: {{}}\n    expects:\n      {given}\n"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InvalidInput) as caught:
        read_site(file, plugins, {})
    [found] = caught.value.diagnostics
    assert words in found.message
    assert (found.where.line, found.where.column) == (7, 7 + given.rindex(",") + 2)


def test_what_a_pacs_takes_may_be_names_keywords_and_uids(tmp_path: Path, plugins: Plugins) -> None:
    file = tmp_path / "site.yaml"
    file.write_text(
        "schema: site/v1\nname: north\ntargets:\n  pacs:\n    embedded: {}\n    expects:\n"
        "      transfer_syntaxes: [implicit-le, RLELossless, 1.2.840.10008.1.2.4.80, 1.2.3.4]\n"
        "      sop_classes: [CTImageStorage, 1.2.840.10008.5.1.4.1.1.4, 1.2.3.5]\n"
        "      converts_character_sets: true\n",
        encoding="utf-8",
    )
    expects = read_site(file, plugins, {}).site.targets["pacs"].expects
    assert [transfer_syntax(one) for one in expects.transfer_syntaxes or ()] == [
        "1.2.840.10008.1.2", "1.2.840.10008.1.2.5", "1.2.840.10008.1.2.4.80", "1.2.3.4"
    ]  # fmt: skip
    assert [sop_class(one) for one in expects.sop_classes or ()] == [
        "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.4", "1.2.3.5"
    ]  # fmt: skip
    assert expects.converts_character_sets
