"""A system is added, tested, changed and taken out in the console, and the site file keeps its comments."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from scenario_runner.pacs.server import EmbeddedPacs
from tests.running import fabricate
from tests.web.console.browsing import LOOKS, Tab, tab
from tests.web.served import Served, served

pytestmark = pytest.mark.peer

SITE = """\
# The north site. Ask Ann before you change it.
schema: site/v1
name: north
targets:
  pacs:  # the archive
    dicom: {host: 127.0.0.1, port: 104, ae_title: ARCHIVE}
    dicomweb: {url: "http://127.0.0.1:1/dicom-web", auth: {bearer: "{{ env.NORTH_TOKEN | default('s3cret-word') }}"}}
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("sites") / "north.yaml"
    file.write_text(SITE, "utf-8")
    return file


@pytest.fixture(scope="module")
def service(site: Path) -> Iterator[Served]:
    with served(site.parent / "data", "--site", site) as running:
        yield running


@pytest.fixture
def it(service: Served, browser: Browser) -> Iterator[Tab]:
    with tab(browser, service.url) as opened:
        yield opened


def test_a_service_without_a_site_file_gets_its_own_with_the_first_system(
    browser: Browser, tmp_path: Path
) -> None:
    """Whoever has no terminal cannot name a file; runs, sending and queries know the system at once."""
    own = tmp_path / "data" / "systems.yaml"
    with (
        EmbeddedPacs(tmp_path / "pacs") as pacs,
        served(tmp_path / "data") as service,
        tab(browser, service.url) as it,
    ):
        page = it.go("/")
        page.get_by_role("link", name="Add a system").click()
        expect(page.get_by_label("Name")).to_have_value("pacs")
        dicom = page.get_by_role("group", name="DICOM", exact=True)
        dicom.get_by_label("Host").fill("127.0.0.1")
        dicom.get_by_label("Port").fill("nonsense")
        it.expects(422)
        page.get_by_role("button", name="Save").click()
        page.get_by_role("alert").get_by_text("a port is a number").wait_for()
        assert not own.exists()
        dicom.get_by_label("Port").fill(str(pacs.port))
        dicom.get_by_label("AE title", exact=True).fill(pacs.ae_title)
        dicom.get_by_label("Our AE title").fill("ME")
        page.get_by_role("button", name="Save").click()
        page.wait_for_url(f"{it.origin}/pacs")
        assert (
            f"port: {pacs.port}, ae_title: {pacs.ae_title}, calling_ae_title: ME" in own.read_text()
        )
        row = page.get_by_role("row").filter(has_text="pacs")
        row.get_by_role("button", name="Test").click()
        expect(row).to_contain_text("0000")
        row.get_by_role("link", name="Learn …").click()
        page.get_by_label("Write what is unusual").check()
        page.get_by_role("button", name="Ask it").click()
        kept = page.get_by_role("row").filter(has_text="duplicates")
        expect(kept).to_contain_text("kept")
        expect(page.get_by_text("5 of the studies stay there")).to_be_visible()
        for look in LOOKS:
            it.look(*look)
            assert it.violations() == []
            assert it.overflow() == 0
        assert "duplicates: kept" in own.read_text()
        for path, field in (("/query", "PACS"), ("/generate", "Send to")):
            options = it.go(path).get_by_label(field, exact=True).locator("option")
            expect(options.first).to_have_text("pacs")
        it.go("/pacs").get_by_role("link", name="Change").click()
        page.get_by_role("button", name="Take out").click()
        page.get_by_role("dialog").get_by_role("button", name="Take out").click()
        page.get_by_text("No systems yet").wait_for()
        assert not own.exists()


def test_a_system_is_added_tested_changed_and_taken_out(
    it: Tab, site: Path, tmp_path: Path
) -> None:
    with EmbeddedPacs(tmp_path / "pacs") as pacs:
        page = it.go("/pacs")
        page.get_by_role("link", name="Add a system").click()
        page.get_by_label("Name").fill("second")
        dicom = page.get_by_role("group", name="DICOM", exact=True)
        dicom.get_by_label("Host").fill("127.0.0.1")
        dicom.get_by_label("Port").fill("nonsense")
        dicom.get_by_label("AE title", exact=True).fill(pacs.ae_title)
        it.expects(422)
        page.get_by_role("button", name="Save").click()
        page.get_by_role("alert").get_by_text("a port is a number").wait_for()
        assert site.read_text("utf-8") == SITE
        dicom.get_by_label("Port").fill(str(pacs.port))
        page.get_by_role("button", name="Save").click()
        page.wait_for_url(f"{it.origin}/pacs")
        row = page.get_by_role("row").filter(has_text="second")
        row.get_by_role("button", name="Test").click()
        expect(row).to_contain_text("0000")
        added = f"  second:\n    dicom: {{host: 127.0.0.1, port: {pacs.port}, ae_title: {pacs.ae_title}}}\n"
        assert site.read_text("utf-8") == SITE + added
        row.get_by_role("link", name="Change").click()
        page.get_by_role("group", name="DICOM", exact=True).get_by_label(
            "AE title", exact=True
        ).fill("OTHER")
        page.get_by_role("button", name="Save").click()
        page.wait_for_url(f"{it.origin}/pacs")
        assert site.read_text("utf-8") == SITE + added.replace(pacs.ae_title, "OTHER")
    page.get_by_role("row").filter(has_text="second").get_by_role("link", name="Change").click()
    page.get_by_role("button", name="Take out").click()
    for look in LOOKS:
        it.look(*look)
        assert it.violations() == []
    page.get_by_role("dialog").get_by_role("button", name="Take out").click()
    page.wait_for_url(f"{it.origin}/pacs")
    assert site.read_text("utf-8") == SITE
    said = fabricate("audit", "list", "--data", site.parent / "data").out
    assert said.count("site-changed") == 3


def test_a_secret_is_not_shown_and_stays_when_its_system_is_changed(it: Tab, site: Path) -> None:
    page = it.go("/pacs/edit?name=pacs")
    for look in LOOKS:
        it.look(*look)
        assert it.violations() == []
        assert it.overflow() == 0
    assert "s3cret-word" not in page.content()
    assert "NORTH_TOKEN" not in page.content()
    page.get_by_role("group", name="DICOMweb").get_by_label("URL").fill("http://127.0.0.1:2/web")
    page.get_by_role("button", name="Save").click()
    page.wait_for_url(f"{it.origin}/pacs")
    assert site.read_text("utf-8") == SITE.replace("127.0.0.1:1/dicom-web", "127.0.0.1:2/web")
    site.write_text(SITE, "utf-8")


def test_what_somebody_else_has_changed_meanwhile_is_not_written_over(it: Tab, site: Path) -> None:
    page = it.go("/pacs/edit?name=pacs")
    site.write_text(SITE + "# and a word of Ann's\n", "utf-8")
    page.get_by_role("group", name="DICOM", exact=True).get_by_label("Host").fill("10.0.0.9")
    it.expects(422)
    page.get_by_role("button", name="Save").click()
    page.get_by_role("alert").get_by_text("has been changed meanwhile").wait_for()
    assert site.read_text("utf-8") == SITE + "# and a word of Ann's\n"
    site.write_text(SITE, "utf-8")


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"dicom.host": "{{ env.HOME }}"}, "no value"),
        ({"dicom.host": "a\nb"}, "no value"),
        ({"dicomweb.url": "no url"}, "this would be no site file"),
        ({"dicom.ae_title": "x" * 40}, "this would be no site file"),
        ({"environment": "test"}, "needs an address"),
        ({"name": "../x", "dicom.host": "a"}, "no name"),
        ({"name": "pacs", "dicom.host": "a"}, "already"),
    ],
)
def test_what_is_no_system_is_refused_and_the_file_stays(
    service: Served, site: Path, fields: dict[str, str], said: str
) -> None:
    page = service.client.get(f"{service.url}/pacs/edit").text
    version = page.split('name="version" value="')[1].split('"')[0]
    given = {"name": "new-one", "new": "on", "version": version, **fields}
    answer = service.client.post(
        f"{service.url}/pacs/edit", data=given, headers={"HX-Request": "true"}
    )
    assert answer.status_code == 422
    assert said in answer.text
    assert site.read_text("utf-8") == SITE
    assert [one.name for one in site.parent.iterdir() if one.name.startswith(".")] == []
