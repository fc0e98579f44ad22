"""A study is picked from the list of a FHIR server, looked at, and sent to any PACS there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.peers.fhir_samples import everything, uid_of
from tests.peers.hapi import hapi
from tests.running import write_site
from tests.web.console.browsing import LOOKS, tab
from tests.web.runs.asking import client_of, ended
from tests.web.served import served

pytestmark = pytest.mark.peer


@pytest.mark.timeout(600)
def test_a_study_of_the_second_page_of_a_fhir_server_is_picked_and_sent(
    tmp_path: Path, browser: Browser
) -> None:
    with hapi("R4") as server:
        server.load(everything(25))
        targets = {"pacs": {"embedded": {}}, "ehr": {"fhir": {"url": server.base}}}
        site = write_site(tmp_path / "site.yaml", targets)
        with (
            served(tmp_path / "data", "--site", site) as service,
            client_of(service.url) as client,
            tab(browser, service.url) as it,
        ):
            page = it.go("/generate")
            picks = page.locator("[name=fhir_study]")

            def pick() -> None:
                page.get_by_label("A study of a FHIR server").check()
                page.get_by_role("button", name="List its studies").click()
                expect(picks.first).to_be_visible()
                before = picks.count()
                assert before < 25, "a page of the server's own"
                page.get_by_role("button", name="More of them").click()
                expect(picks.nth(before)).to_be_visible()
                picks.last.check()

            pick()
            last = picks.last.get_attribute("value")
            assert last is not None
            number = int(last.removeprefix("s"))
            expect(page.locator("#preview")).to_contain_text(f"ACC{number:05}")
            expect(page.locator("#preview")).to_contain_text(f"Test{1 + (number - 1) % 20}, Anna")
            for scheme, width in LOOKS[:2]:
                it.look(scheme, width)
                assert it.violations() == [], (scheme, width)
                assert it.overflow() == 0
            for to in ("pacs", "archive", "embedded"):
                if to != "pacs":
                    it.go("/generate")
                    pick()
                page.get_by_label("Send to").select_option(to)
                page.get_by_role("button", name="Send 3 images").click()
                page.wait_for_url(re.compile(r"/runs/\d"))
                run = page.url.rpartition("/")[2]
                assert ended(client, run)["outcome"] == "passed", to
                assert uid_of(number) in client.get(f"/api/v1/runs/{run}/files/run.json").text
            archived = client.get(f"/api/v1/dicom/studies/{uid_of(number)}")
            assert archived.json()["number_of_instances"] == 3
            elsewhere = {"server": "ehr", "at": "http://127.0.0.1:1/fhir?_getpages=x"}
            refused = client.get("/generate/fhir", params=elsewhere)
            assert refused.status_code == 502
            assert client.get("/generate/fhir", params={"server": "pacs"}).status_code == 422
