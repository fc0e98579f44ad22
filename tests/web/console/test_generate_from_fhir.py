"""A study is picked from the list of a FHIR server, looked at, and sent to a PACS of the same site file."""

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
            page.get_by_label("A study of a FHIR server").check()
            page.get_by_role("button", name="List its studies").click()
            picks = page.locator("[name=fhir_study]")
            expect(picks.first).to_be_visible()
            before = picks.count()
            assert before < 25, "a page of the server's own"
            page.get_by_role("button", name="More of them").click()
            expect(picks.nth(before)).to_be_visible()
            last = picks.last.get_attribute("value")
            assert last is not None
            number = int(last.removeprefix("s"))
            who = f"Test{1 + (number - 1) % 20}, Anna"
            page.get_by_role("radio", name=re.compile(rf"{who}.*\b{last} ", re.DOTALL)).check()
            expect(page.locator("#preview")).to_contain_text(f"ACC{number:05}")
            expect(page.locator("#preview")).to_contain_text(who)
            for scheme, width in LOOKS[:2]:
                it.look(scheme, width)
                assert it.violations() == [], (scheme, width)
                assert it.overflow() == 0
            it.expects(422)
            page.get_by_label("Send to").select_option("embedded")
            refusal = page.get_by_role("alert").filter(has_text="a PACS of that file")
            expect(refusal).to_be_visible()
            page.get_by_label("Send to").select_option("pacs")
            page.get_by_role("button", name="Send 3 images").click()
            page.wait_for_url(re.compile(r"/runs/\d"))
            run = page.url.rpartition("/")[2]
            assert ended(client, run)["outcome"] == "passed"
            record = client.get(f"/api/v1/runs/{run}/files/run.json").text
            assert uid_of(number) in record
            elsewhere = {"server": "ehr", "at": "http://127.0.0.1:1/fhir?_getpages=x"}
            refused = client.get("/generate/fhir", params=elsewhere)
            assert refused.status_code == 502
            assert client.get("/generate/fhir", params={"server": "pacs"}).status_code == 422
