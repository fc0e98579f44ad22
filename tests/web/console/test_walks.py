"""What a person does with studies in the console, in a real browser."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, FilePayload, expect

from tests.running import fabricate
from tests.web.console.browsing import LOOKS, Tab, tab
from tests.web.imaging_files import ct, upload
from tests.web.served import Served, served

pytestmark = pytest.mark.peer

MARKUP = "<img src=x onerror=\"document.title='owned'\">"
SCRIPT = "<script>alert(1)</script>"
LONG = "MÜLLER-LÜDENSCHEIDT-VON-UND-ZU-HOHENSTEIN^MARIA ANTONIA JOSEPHINE"
HEBREW = "כהן^שרה"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    data = tmp_path_factory.mktemp("console") / "data"
    registry = data / "registry.sqlite3"
    data.mkdir()
    fabricate(
        "patient", "generate", "--registry", registry,
        "--name", "CITIZEN^JANE", "--id", "PID1", "--birth-date", "1970-01-31", "--sex", "F",
    ).check(0)  # fmt: skip
    with served(data, "--largest-file", "3000000") as running:
        names = ("CITIZEN^JANE", "CITIZEN^JOHN", SCRIPT, LONG, HEBREW)
        for number, name in enumerate(names, start=1):
            more = {
                "SpecificCharacterSet": "ISO_IR 192", "PatientName": name, "StudyDescription": MARKUP,
                "SeriesDescription": MARKUP, "AccessionNumber": "<b>A</b>", "size": 64,
            }  # fmt: skip
            files = [ct(f"1.2.{number}", 1, image, **more) for image in (1, 2)]
            assert upload(running, *files).status_code == 201
        yield running


@pytest.fixture
def it(service: Served, browser: Browser) -> Iterator[Tab]:
    with tab(browser, service.url) as opened:
        yield opened


def dicom(name: str, data: bytes) -> FilePayload:
    return {"name": name, "mimeType": "application/dicom", "buffer": data}


def test_files_are_chosen_looked_at_matched_confirmed_and_stored(
    it: Tab, service: Served, tmp_path: Path
) -> None:
    """The ten steps of an upload, from the page that offers it to the study that is there."""
    page = it.go("/")
    page.get_by_role("link", name="Upload").first.click()  # 1: the page
    expect(
        page.get_by_text("Up to 500 files at once, 2.9 MiB each, 2 GiB together")
    ).to_be_visible()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("inner/a.dcm", ct("1.2.31", PatientName="ZIPPED^PAT", PatientID="Z1"))
    page.locator("input[data-files]").first.set_input_files(  # 2: files are chosen
        [
            dicom("one.dcm", ct("1.2.30", 1, 1)),
            dicom("two.dcm", ct("1.2.30", 1, 2)),
            dicom("letter.pdf", b"%PDF-1.7 nothing to see"),
            dicom("large.dcm", bytes(3_000_001)),
            dicom("disc.zip", packed.getvalue()),
        ]
    )
    row = {
        name: page.get_by_role("row").filter(has_text=name)
        for name in ("one.dcm", "letter.pdf", "large.dcm", "disc.zip")
    }
    expect(row["one.dcm"]).to_contain_text("Ready")  # 3: each is looked at
    expect(row["letter.pdf"]).to_contain_text(
        "it is a PDF, not a DICOM file"
    )  # 4: and refused in words
    expect(row["large.dcm"]).to_contain_text("Larger than 2.9 MiB")
    card = page.get_by_role("article").filter(has_text="CITIZEN, JANE")
    expect(card).to_contain_text("PID1 · 2026-01-31 · A0001")  # 5: whose it is said to be
    expect(card).to_contain_text("2 files")
    expect(card).to_contain_text("Would be linked with patient PID1")  # 6: whose it would become
    page.get_by_role(
        "button", name="Attributes: one.dcm"
    ).click()  # 7: the attributes before anything is sent
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Accession Number")
    expect(dialog).to_contain_text("A0001")
    dialog.get_by_role("button", name="Close").click()
    assert service.client.get(f"{service.api}/studies/1.2.30").status_code == 404
    page.get_by_role("button", name="Upload", exact=True).click()  # 8: confirmed
    expect(row["one.dcm"]).to_contain_text("Stored")  # 9: each file's result
    expect(row["disc.zip"]).to_contain_text("Stored")
    expect(
        page.get_by_text("All that was sent is stored; what failed was not sent.")
    ).to_be_visible()
    expect(page.get_by_role("region", name="Earlier uploads").get_by_role("row")).not_to_have_count(
        0
    )
    expect(row["one.dcm"].get_by_role("button", name="Remove")).to_be_hidden()
    expect(row["letter.pdf"].get_by_role("button", name="Attributes")).to_have_count(0)
    assert it.violations() == []
    page.get_by_role("link", name="See this upload").first.click()
    page.get_by_role("link", name="CITIZEN, JANE").click()  # 10: the study is there, and linked
    expect(page.get_by_text("Linked", exact=True).or_(page.get_by_text("Matched"))).to_be_visible()
    assert page.url.endswith("/studies/1.2.30")
    assert service.client.get(f"{service.api}/studies/1.2.31").status_code == 200


def test_the_largest_file_is_that_of_the_validator_too(service: Served) -> None:
    answer = service.client.post(f"{service.url}/upload", files={"file": bytes(3_000_001)})
    assert (answer.status_code, answer.json()["code"]) == (413, "file-too-large")


def test_a_folder_is_dropped_with_what_lies_below_it(it: Tab, tmp_path: Path) -> None:
    page = it.go("/uploads")
    inner = tmp_path / "disc" / "DICOM"
    inner.mkdir(parents=True)
    for number in (1, 2):
        (inner / f"{number}.dcm").write_bytes(ct("1.2.32", 1, number))
    page.locator("input[webkitdirectory]").set_input_files(tmp_path / "disc")
    expect(page.get_by_role("rowheader", name="disc/DICOM/2.dcm")).to_be_visible()
    expect(page.get_by_role("row").filter(has_text="1.dcm")).to_contain_text("Ready")


def test_what_a_broken_connection_left_out_is_sent_again(it: Tab, service: Served) -> None:
    it.expected.append("Failed to load resource: net::ERR_FAILED")
    page = it.go("/uploads")
    page.route("**/upload-multiple*", lambda route: route.abort())
    page.locator("input[data-files]").first.set_input_files([dicom("again.dcm", ct("1.2.33"))])
    row = page.get_by_role("row").filter(has_text="again.dcm")
    expect(row).to_contain_text("Ready")
    expect(page.get_by_role("button", name="Send the failed ones again")).to_be_hidden()
    page.get_by_role("button", name="Upload", exact=True).click()
    expect(row).to_contain_text("Failed")
    page.unroute("**/upload-multiple*")
    expect(page.get_by_role("button", name="Stop")).to_be_hidden()
    page.get_by_role("button", name="Send the failed ones again").click()
    expect(row).to_contain_text("Stored")
    assert service.client.get(f"{service.api}/studies/1.2.33").status_code == 200


def test_a_study_is_found_corrected_undone_and_deleted_with_a_reason(
    it: Tab, service: Served
) -> None:
    assert upload(service, ct("1.2.40", PatientName="WRONG^PERSON")).status_code == 201
    page = it.go("/studies")
    page.get_by_label("Patient", exact=True).fill("wrong")
    page.get_by_role("button", name="Find").click()
    page.get_by_role("link", name="WRONG, PERSON").click()
    page.get_by_role("button", name="Correct").click()
    dialog = page.get_by_role("dialog")
    it.expects(422)
    dialog.get_by_label("Study date").fill("yesterday")
    dialog.get_by_role("button", name="Correct").click()
    expect(dialog.get_by_role("alert")).to_contain_text(
        "'yesterday' is no day; write it as YYYY-MM-DD"
    )
    dialog.get_by_label("Study date").fill("2026-01-31")
    dialog.get_by_label("Patient", exact=True).fill("RIGHT^PERSON")
    dialog.get_by_label("Reason").fill("named wrongly")
    dialog.get_by_role("button", name="Correct").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("RIGHT, PERSON")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("WRONG, PERSON")
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_label("Why is it deleted?").fill("made by mistake")
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    page.wait_for_url(re.compile("/studies$"))
    assert service.client.get(f"{service.api}/studies/1.2.40").status_code == 404


def test_a_person_chooses_whose_study_it_is(it: Tab) -> None:
    page = it.go("/studies/1.2.2")
    page.get_by_role("button", name="Choose the patient").click()
    dialog = page.get_by_role("dialog")
    it.expects(404)
    dialog.get_by_label("Patient ID").fill("nobody")
    dialog.get_by_role("button", name="Link").click()
    expect(dialog.get_by_role("alert")).to_contain_text("the registry has no patient 'nobody'")
    dialog.get_by_label("Patient ID").fill("PID1")
    dialog.get_by_role("button", name="Link").click()
    expect(page.get_by_text("Chosen by local")).to_be_visible()


def test_two_studies_are_held_beside_each_other(it: Tab) -> None:
    page = it.go("/studies")
    page.get_by_label("Tick the study of CITIZEN^JANE").first.check()
    page.get_by_label("Tick the study of CITIZEN^JOHN").check()
    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_role("row").filter(has_text="CITIZEN^JOHN").first).to_contain_text(
        "CITIZEN^JANE"
    )


def test_what_is_ticked_on_the_screen_is_not_on_paper(it: Tab) -> None:
    page = it.go("/studies")
    boxes = page.get_by_label("Tick the study of CITIZEN^JANE")
    expect(boxes.first).to_be_visible()
    page.emulate_media(media="print")
    expect(boxes.first).to_be_hidden()
    expect(page.get_by_text("Tick two studies")).to_be_hidden()
    expect(page.get_by_text("CITIZEN, JANE").first).to_be_visible()
    page.emulate_media(media="screen")


def test_the_list_is_sorted_and_paged_by_the_server(it: Tab) -> None:
    page = it.go("/studies?limit=2")
    expect(page.get_by_text(re.compile("^1 to 2 of "))).to_be_visible()
    page.get_by_role("link", name="Next").click()
    expect(page.get_by_text(re.compile("^3 to 4 of "))).to_be_visible()
    page.get_by_role("link", name="Patient ID").click()
    expect(page.get_by_role("columnheader", name="Patient ID")).to_have_attribute(
        "aria-sort", "ascending"
    )


def test_markup_long_and_right_to_left_names_are_text_on_every_page(it: Tab) -> None:
    for path in (
        "/",
        "/studies",
        "/studies/1.2.3",
        "/studies/1.2.3/images/1.2.3.1.1",
        "/studies/compare?study=1.2.3&study=1.2.5",
        "/uploads",
        "/audit",
    ):
        page = it.go(path)
        ours = page.locator("img[data-picture], .brand img").count()
        assert page.evaluate("document.images.length") == ours
        assert page.locator("main script, main b").count() == 0
        assert "owned" not in page.title()
        assert it.overflow() == 0
    page = it.go("/studies/1.2.3")
    assert page.get_by_role("heading", level=1).inner_text() == SCRIPT
    expect(page.locator("main")).to_contain_text(MARKUP)
    page = it.go("/studies/1.2.5")
    it.look("light", 390)
    assert page.locator("h1 bdi").evaluate("each => getComputedStyle(each).direction") == "rtl"
    page = it.go("/studies/1.2.4")
    assert it.overflow() == 0


def test_on_a_telephone_values_of_attributes_are_seen_without_a_sideways_scroll(it: Tab) -> None:
    page = it.go("/studies/1.2.4/images/1.2.4.1.1")
    it.look("light", 390)
    region = page.get_by_role("region", name="Attributes")
    assert region.evaluate("each => each.scrollWidth - each.clientWidth") == 0
    page.get_by_label("Find among the attributes").fill("rows")
    expect(region.get_by_role("row").filter(has_text="Patient")).to_be_hidden()
    assert it.violations() == []
    assert it.overflow() == 0


def test_patients_are_made_found_and_shown(it: Tab) -> None:
    page = it.go("/patients")
    page.get_by_role("button", name="Generate patients").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("LINDQVIST^EVA")
    dialog.get_by_label("Sex").select_option("F")
    dialog.get_by_role("button", name="Generate").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("LINDQVIST, EVA")
    page = it.go("/patients?search=lindqv")
    expect(page.get_by_role("link", name="LINDQVIST, EVA")).to_be_visible()


PAGES = (
    "/", "/studies", "/studies?name=nobody", "/studies/1.2.1", "/studies/1.2.1/images", "/studies/1.2.1/images/1.2.1.1.1",
    "/studies/compare?study=1.2.1&study=1.2.2", "/studies/compare", "/uploads", "/patients", "/patients/PID1",
    "/deletions", "/users", "/audit", "/settings", "/account",
)  # fmt: skip


def test_every_page_is_for_everybody_in_light_and_dark_wide_and_narrow(it: Tab) -> None:
    found = []
    for number, path in enumerate(PAGES):
        it.go(path)
        # Each page in two looks; colours and widths are the same rules on all of them.
        for scheme, width in LOOKS[:2] if number % 2 else LOOKS[2:]:
            it.look(scheme, width)
            found += [f"{path} {scheme} {width}: {one}" for one in it.violations()]
            if it.overflow():
                found.append(f"{path} {scheme} {width}: wider than the window")
    assert found == []


def test_open_dialogs_are_for_everybody_too(it: Tab) -> None:
    for path, button in (
        ("/studies/1.2.1", "Correct"), ("/studies/1.2.1", "Delete"), ("/patients", "Generate patients"), ("/users", "Add a user"),
    ):  # fmt: skip
        page = it.go(path)
        page.get_by_role("button", name=button).first.click()
        assert it.violations() == [], path
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)


def test_no_list_of_a_phone_is_cut_and_paper_has_the_whole_scenario(it: Tab) -> None:
    it.look("light", 390)
    page = it.go("/send")
    table = page.get_by_role("table").first
    assert table.evaluate("one => one.scrollHeight <= one.clientHeight + 1")
    it.look("light", 1440)
    page = it.go("/audit")
    lines = "one => one.getClientRects().length"
    address = page.get_by_role("cell", name="127.0.0.1").first.locator("bdi")
    assert address.evaluate(lines) == 1
    page = it.go("/scenarios/xray_smoke")
    page.get_by_text("Nothing is wrong").wait_for()
    paper = page.locator("[data-paper]")
    expect(paper).to_be_hidden()
    page.emulate_media(media="print")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    expect(paper).to_contain_text("title: Clean up")
    expect(page.locator(".cm-editor")).to_be_hidden()


def test_what_is_not_there_is_not_called_a_page(it: Tab) -> None:
    it.expects(404)
    expect(it.go("/studies/1.9.9").get_by_role("heading", level=1)).to_have_text("Not found")
    title = it.go("/nowhere").get_by_role("heading", level=1)
    expect(title).to_have_text("There is no such page")
