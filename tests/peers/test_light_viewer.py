"""The light viewer in a real browser: what it shows is read from the screen, and every hand on it does something."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.peers.chromium import Browser, browser
from tests.peers.looking import boxes, codes, drag, pixels, press, swipe, until, wheel
from tests.web.served import Served, served
from tests.web.viewer.studies import MadeStudy, stored

if TYPE_CHECKING:
    from tests.peers.looking import Box

pytestmark = pytest.mark.peer

TEXT = "document.body?.innerText ?? ''"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("light") / "data") as running:
        yield running


@pytest.fixture(scope="module")
def studies(service: Served) -> dict[str, MadeStudy]:
    return stored(service)


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("browser")) as page:
        yield page


@pytest.fixture
def page(chromium: Browser, service: Served) -> Iterator[Browser]:
    """Whatever is done with it: no error, and nothing asked of anybody else."""
    yield chromium
    assert (chromium.exceptions, chromium.errors) == ([], [])
    strangers = [url for url in chromium.asked if not url.startswith((service.url, "blob:"))]
    assert [url for url in strangers if not url.startswith("chrome-extension:")] == []


def opened(page: Browser, service: Served, query: str) -> None:
    page.open(f"{service.url}/viewer/light?{query}")


def shown(page: Browser, wanted: list[str], place: int = 0) -> Box:
    """The picture that has one of these instances; where it is."""

    def seen() -> Box | None:
        found = boxes(page, "canvas")
        if len(found) > place and set(codes(page, found[place])) & set(wanted):
            return found[place]
        return None

    box = until(seen)
    assert box is not None, (page.value(TEXT), page.errors)
    return box


def says(page: Browser, words: str) -> None:
    assert until(lambda: words in page.value(TEXT)), page.value(TEXT)


def choose(page: Browser, series: int) -> None:
    page.value(f"document.querySelectorAll('#series button')[{series}].click()")


def test_slices_of_a_ct_are_scrolled_by_wheel_keys_and_slider(
    page: Browser, service: Served, studies: dict[str, MadeStudy]
) -> None:
    uids = studies["ct"].series[0].uids
    opened(page, service, f"StudyInstanceUIDs={studies['ct'].uid}")
    box = shown(page, uids[:1])
    says(page, "CITIZEN, JANE")
    wheel(page, box, 2)
    shown(page, uids[2:3])
    for key, index in (
        ("ArrowDown", 3),
        ("PageDown", 13),
        ("ArrowUp", 12),
        ("End", 23),
        ("Home", 0),
    ):
        press(page, key)
        shown(page, [uids[index]])
    page.value(
        "(() => { const one = document.querySelector('input[type=range]'); one.value = 8;"
        " one.dispatchEvent(new Event('input')); })()"
    )
    shown(page, [uids[7]])
    label = "document.querySelector('canvas').ariaLabel"
    assert until(lambda: "image 8 of 24" in page.value(label))


def test_a_window_is_dragged_chosen_and_inverted(
    page: Browser, service: Served, studies: dict[str, MadeStudy]
) -> None:
    opened(page, service, f"StudyInstanceUIDs={studies['ct'].uid}")
    box = shown(page, studies["ct"].series[0].uids)
    before = pixels(page, box).mean()
    drag(page, box, 0, 150)
    assert until(lambda: pixels(page, box).mean() < before - 1), "not darker"
    says(page, "C 260 W 400")
    press(page, "i")
    assert until(lambda: pixels(page, box).mean() > 128), "not inverted"
    press(page, "r")
    says(page, "C 60 W 400")
    assert until(lambda: abs(pixels(page, box).mean() - before) < 3), "not as before"
    names = "[...document.querySelectorAll('#tools option')].map(one => one.textContent)"
    lung = page.value(names).index("Lung") + 1
    press(page, str(lung))
    says(page, "C -600 W 1500")
    press(page, "+")
    assert until(lambda: not codes(page, box)), "not larger"


def test_two_series_stand_side_by_side_and_scroll_together(
    page: Browser, service: Served, studies: dict[str, MadeStudy]
) -> None:
    ct, pet = studies["pet"].series
    opened(page, service, f"StudyInstanceUIDs={studies['pet'].uid}")
    shown(page, ct.uids[:1])
    press(page, "c")
    page.value("document.querySelectorAll('.viewport')[1].focus()")
    choose(page, 1)
    right = shown(page, pet.uids[:1], 1)
    assert until(lambda: page.value("document.querySelectorAll('.viewport.many').length") == 2)
    wheel(page, right, 3)
    shown(page, pet.uids[3:4], 1)
    shown(page, ct.uids[3:4])
    press(page, "t")
    says(page, pet.uids[3])
    says(page, "SOP Instance UID")


@pytest.mark.parametrize("series", range(4))
def test_compressed_images_are_shown_as_those_that_are_not(
    page: Browser, service: Served, studies: dict[str, MadeStudy], series: int
) -> None:
    made = studies["compressed"].series[series]
    opened(
        page, service, f"StudyInstanceUIDs={studies['compressed'].uid}&SeriesInstanceUID={made.uid}"
    )
    shown(page, made.uids)


def test_all_four_views_of_a_mammography_are_there(
    page: Browser, service: Served, studies: dict[str, MadeStudy]
) -> None:
    opened(page, service, f"StudyInstanceUIDs={studies['mg'].uid}")
    for index, series in enumerate(studies["mg"].series):
        choose_when_listed(page, index)
        shown(page, series.uids)


def choose_when_listed(page: Browser, index: int) -> None:
    listed = "document.querySelectorAll('#series button').length"
    assert until(lambda: page.value(listed) > index)
    choose(page, index)


def test_a_loop_of_ultrasound_plays_and_stops(
    page: Browser, service: Served, studies: dict[str, MadeStudy]
) -> None:
    opened(page, service, f"StudyInstanceUIDs={studies['us'].uid}")
    shown(page, studies["us"].series[0].uids)
    place = "document.querySelector('.corner.place').textContent.split(' ')[0]"
    assert page.value(place) == "1"
    press(page, " ")
    assert until(lambda: page.value(place) not in ("1", "2", ""))
    says(page, "Stop")
    press(page, " ")
    says(page, "Play")


def test_a_report_is_text_and_leads_to_the_image_it_speaks_of(
    page: Browser, service: Served, studies: dict[str, MadeStudy]
) -> None:
    ct, report = studies["sr"].series
    opened(page, service, f"StudyInstanceUIDs={studies['sr'].uid}&SeriesInstanceUID={report.uid}")
    for words in ("Diagnostic imaging report", "Findings", "Best illustration of finding"):
        says(page, words)
    page.value("document.querySelector('.report button').click()")
    shown(page, ct.uids)


def test_a_pdf_is_embedded(page: Browser, service: Served, studies: dict[str, MadeStudy]) -> None:
    study = studies["document"]
    opened(page, service, f"StudyInstanceUIDs={study.uid}&SeriesInstanceUID={study.series[1].uid}")
    embedded = "document.querySelector('.document iframe')?.src ?? ''"
    assert until(lambda: page.value(embedded).startswith("blob:")), page.value(TEXT)
    says(page, "Open the document")


def test_an_overlay_is_drawn_and_hidden(
    page: Browser, service: Served, studies: dict[str, MadeStudy]
) -> None:
    opened(page, service, f"StudyInstanceUIDs={studies['overlay'].uid}")

    def box() -> Box | None:
        found = boxes(page, "canvas")
        return found[0] if found and pixels(page, found[0]).std() > 5 else None

    found = until(box)
    assert found is not None
    with_names = pixels(page, found)
    press(page, "o")
    assert until(lambda: (pixels(page, found) != with_names).mean() > 0.001)


def test_a_telephone_shows_it_and_a_finger_scrolls(
    page: Browser, service: Served, studies: dict[str, MadeStudy]
) -> None:
    uids = studies["ct"].series[0].uids
    page.call(
        "Emulation.setDeviceMetricsOverride",
        width=390,
        height=844,
        deviceScaleFactor=2,
        mobile=True,
    )
    page.call("Emulation.setTouchEmulationEnabled", enabled=True)
    try:
        opened(page, service, f"StudyInstanceUIDs={studies['ct'].uid}")
        box = shown(page, uids[:1])
        wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert page.value(wide) == 0
        page.value(
            "[...document.querySelectorAll('#tools button')].find(b => b.textContent === 'Scroll').click()"
        )
        swipe(page, box, 120)
        assert until(lambda: set(codes(page, box)) & set(uids[4:]))
    finally:
        page.call("Emulation.clearDeviceMetricsOverride")
        page.call("Emulation.setTouchEmulationEnabled", enabled=False)


def test_a_link_with_a_token_opens_its_study_and_hides_the_token(
    page: Browser, service: Served, studies: dict[str, MadeStudy]
) -> None:
    asked = {"study_instance_uid": studies["ct"].uid}
    made = service.client.post(f"{service.api}/viewer-token", json=asked).json()
    page.open(made["url"])
    shown(page, studies["ct"].series[0].uids)
    assert "token" not in page.value("location.href")
    page.call("Page.reload")
    shown(page, studies["ct"].series[0].uids)


def test_a_token_for_another_study_is_told_and_shows_nothing(
    chromium: Browser, service: Served, studies: dict[str, MadeStudy]
) -> None:
    asked = {"study_instance_uid": studies["ct"].uid}
    token = service.client.post(f"{service.api}/viewer-token", json=asked).json()["token"]
    opened(chromium, service, f"StudyInstanceUIDs={studies['mg'].uid}&token={token}")
    says(chromium, "for another study")
    assert "CITIZEN" not in chromium.value(TEXT)


def test_no_page_of_another_origin_has_it_in_a_frame(chromium: Browser, service: Served) -> None:
    class Framing(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = (
                f'<title>framing</title><iframe src="{service.url}/viewer/light"></iframe>'.encode()
            )
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Framing) as server:
        server.block_on_close = False  # the browser opens connections ahead of need
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            chromium.open(f"http://127.0.0.1:{server.server_port}/")

            def refused() -> list[str]:
                chromium.value("document.title")  # what the browser says comes with its answers
                return [one for one in chromium.errors if "frame-ancestors" in one]

            assert until(refused), chromium.errors
            tree = chromium.call("Page.getFrameTree")["frameTree"]
            frames = [one["frame"]["url"] for one in tree["childFrames"]]
            assert frames == ["chrome-error://chromewebdata/"]
        finally:
            server.shutdown()
            thread.join()
