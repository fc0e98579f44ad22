"""``report.html``: one file, nothing to load, nothing that runs, bounded whatever the run was."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest

from scenario_runner.events import AS_IT_SHOULD
from scenario_runner.evidence.flat import one_line
from scenario_runner.evidence.html import HtmlReporter
from scenario_runner.evidence.html_text import (
    bounded,
    evidence_link,
    fact,
    fact_name,
    seconds,
    value,
    visible,
)
from scenario_runner.evidence.write import write_reports
from scenario_runner.resources import resource
from tests.evidence import samples
from tests.evidence.samples import Story, check

if TYPE_CHECKING:
    from pathlib import Path


def _html(folder: Path, story: Story) -> str:
    write_reports(story.write(folder), [HtmlReporter])
    return (folder / "report.html").read_text(encoding="utf-8")


class _Page(HTMLParser):
    """Every element with its attributes, and the text outside the style block."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.text: list[str] = []
        self.open: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in {"meta", "img", "input", "use", "rect", "circle", "path", "br"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in {"use", "rect", "circle", "path"}:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text.append(data)

    @property
    def words(self) -> str:
        return re.sub(r"\s+", " ", "".join(self.text))


@pytest.mark.parametrize("name", samples.ALL)
def test_nothing_is_loaded_and_nothing_runs(tmp_path: Path, name: str) -> None:
    page = _Page(_html(tmp_path, samples.ALL[name]()))
    assert page.open == []
    for tag, attributes in page.elements:
        assert tag not in {"script", "link", "iframe", "object", "embed", "base", "form", "video"}
        for attribute, content in attributes.items():
            assert not attribute.startswith("on")
            assert attribute != "style"
            if tag == "a" and attribute == "href" and not content.startswith("#"):
                assert content in BESIDE or re.fullmatch(r"evidence/[\w./%-]+", content)
                assert ".." not in content
            elif attribute in {"src", "href", "action", "data", "srcset", "poster"}:
                assert content.startswith(("#", "data:image/png;base64,"))


BESIDE = {"run.json", "manifest.json", "events.ndjson"}
"""The files of the run folder that the report leads to when somebody clicks."""


@pytest.mark.parametrize(
    "path",
    ["../secret", "evidence/../../secret", "/etc/passwd", "javascript:alert(1)",
     "evidence\\..\\x", "//host/evidence/x", "evidence", "http://host/evidence/a"],
)  # fmt: skip
def test_only_files_of_the_evidence_are_linked(path: str) -> None:
    assert "<a" not in evidence_link(path)


def test_a_file_of_the_evidence_is_a_link_that_keeps_its_name() -> None:
    link = evidence_link('evidence/c001/a b"#?.txt')
    assert 'href="evidence/c001/a%20b%22%23%3F.txt"' in link


def test_what_failed_as_it_should_reads_as_passed_with_its_reason(tmp_path: Path) -> None:
    """A negative test that worked must not look like a failure, nor like any other success."""
    story = Story()
    story.begin()
    story.case([("echo", "echo", "The PACS refuses us")], requirements=[])
    reason = "association rejected: called AE title not recognized"
    message = AS_IT_SHOULD + reason
    inside = [
        check("tags", "", "sent", "3 differences", "passed", id="echo", message=message,
              foreseen=True,
              differences=[{"subject": "i1", "attribute": "A", "expected": "1", "actual": "2"}]),
    ]  # fmt: skip
    story.step(
        "echo",
        "echo",
        "The PACS refuses us",
        "passed",
        message=message,
        inside=inside,
        foreseen=True,
    )
    story.step("log", "log", "Says the same", "passed", message=AS_IT_SHOULD + "nothing")
    story.end_case("passed")
    story.end("passed")
    html = _html(tmp_path, story)
    assert html.count('class="foreseen"') == 2
    assert f"failed as it should {reason}" in _Page(html).words
    assert 'class="differences passed"' in html


def test_a_record_with_imported_files_does_not_claim_that_its_images_were_made_up(
    tmp_path: Path,
) -> None:
    story = Story()
    story.begin()
    story.case([("import", "import", "")], requirements=[])
    story.step("import", "import", "", "passed")
    story.end_case("passed")
    story.end("passed")
    words = _Page(_html(tmp_path, story)).words
    assert "Every patient, study and image in this record was made up" not in words
    assert "imported images come from files from outside" in words
    made = _Page(_html(tmp_path / "made", samples.passing())).words
    assert "Every patient, study and image in this record was made up" in made


def test_a_record_of_patients_from_elsewhere_does_not_claim_that_they_were_made_up(
    tmp_path: Path,
) -> None:
    story = Story()
    story.begin()
    sources = ["registry", "hl7", "fhir"]
    elsewhere = ["HL7 messages", "a FHIR server"]
    story.case([("log", "log", "")], requirements=[], sources=sources, elsewhere=elsewhere)
    story.step("log", "log", "", "passed")
    story.end_case("passed")
    story.end("passed")
    words = _Page(_html(tmp_path, story)).words
    assert "was made up" not in words
    assert "is as HL7 messages and a FHIR server had it, and may be of real people" in words


def test_a_record_of_old_is_told_by_the_names_of_its_sources(tmp_path: Path) -> None:
    story = Story()
    story.begin()
    story.case([("log", "log", "")], requirements=[], sources=["hl7"])
    story.step("log", "log", "", "passed")
    story.end_case("passed")
    story.end("passed")
    words = _Page(_html(tmp_path, story)).words
    assert "was made up" not in words
    assert "is as the source 'hl7' had it, and may be of real people" in words


def test_a_record_of_old_with_patients_of_the_registry_has_nobody_real(tmp_path: Path) -> None:
    story = Story()
    story.begin()
    story.case([("log", "log", "")], requirements=[], sources=["registry"])
    story.step("log", "log", "", "passed")
    story.end_case("passed")
    story.end("passed")
    assert "may be of real people" not in _Page(_html(tmp_path, story)).words


def test_series_that_an_import_brought_are_not_called_none(tmp_path: Path) -> None:
    story = Story()
    story.begin()
    people = [samples.patient(number, series=number - 1) for number in (1, 2)]
    people.append(samples.patient(3, series=0))
    story.case([("import", "import", "Files of others")], patients=people, requirements=[])
    story.step("import", "import", "Files of others", "passed", facts={"as": ["p1.s1", "p2.s1"]})
    story.end_case("passed")
    story.end("passed")
    words = _Page(_html(tmp_path, story)).words
    assert words.count("imported from files") == 2
    assert words.count("and others imported from files") == 1
    assert words.count("by step “Files of others”") == 2
    assert words.count("none planned") == 1


@pytest.mark.parametrize("name", samples.ALL)
def test_links_and_labels_lead_somewhere(tmp_path: Path, name: str) -> None:
    elements = _Page(_html(tmp_path, samples.ALL[name]())).elements
    ids = [attributes["id"] for _, attributes in elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    for _, attributes in elements:
        if attributes.get("href", "").startswith("#"):
            assert attributes["href"][1:] in ids
        if "aria-labelledby" in attributes:
            assert attributes["aria-labelledby"] in ids


def test_the_policy_allows_just_this_style(tmp_path: Path) -> None:
    html = _html(tmp_path, samples.passing())
    [style] = re.findall(r"<style>(.*?)</style>", html, flags=re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    [policy] = re.findall(r'Content-Security-Policy" content="([^"]+)"', html)
    assert policy.split("; ")[:3] == [
        "default-src 'none'",
        "img-src data:",
        f"style-src 'sha256-{digest}'",
    ]
    assert "url(" not in style
    assert "@import" not in style


def test_paper_is_never_taken_for_a_telephone() -> None:
    """A sheet is narrow too, but its tables keep their columns, with headers on every page."""
    css = resource("reports", "report.css").read_text(encoding="utf-8")
    assert re.findall(r"@media ([^{]*)\(max-width", css) == ["screen and "]
    assert "thead { display: table-header-group; }" in css


def _luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_every_text_stands_out_from_its_ground() -> None:
    """Contrast of 4.5 to 1 or more (WCAG 2.2, 1.4.3) in light, in dark and on paper."""
    css = resource("reports", "tokens.css").read_text(encoding="utf-8")
    palettes = [
        dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", block))
        for block in re.findall(r":root \{(.*?)\}", css, flags=re.DOTALL)
    ]
    assert len(palettes) == 3
    for colours in palettes:
        grounds = ["paper", "back", "quiet", *(name for name in colours if name.endswith("-tint"))]
        pairs = [(text, ground) for text in ("ink", "soft") for ground in grounds]
        pairs += [("accent", "paper"), ("accent", "failed-tint")]
        for outcome in ("passed", "failed", "error", "skipped", "interrupted"):
            pairs += [(outcome, "paper"), (outcome, f"{outcome}-tint")]
        for text, ground in pairs:
            dark, light = sorted((_luminance(colours[text]), _luminance(colours[ground])))
            assert (light + 0.05) / (dark + 0.05) >= 4.5, (text, ground)


def test_what_a_reader_looks_for_is_there(tmp_path: Path) -> None:
    words = _Page(_html(tmp_path, samples.failing())).words
    for wanted in (
        "Synthetic test data",
        "Failed",
        "of 4 checks 2 passed, 2 failed",
        "31 January 2026, 09:30:00 UTC",
        "8812734411 (picked for this run)",
        "ORTHANC",
        "127.0.0.1:4242",
        "PACS-003",
        "CITIZEN^JANE",
        "2026KQ0000001",
        "Citizen^Jane",
        "StudyDescription",
        "no value",
        '"2026KQ0000001 "',
        "connection refused",
        "abstract syntax not supported",
        "ModalitiesInStudy",
        "Reviewed by",
        "radtest-02",
    ):
        assert wanted in words


def test_a_number_and_the_text_of_it_look_different(tmp_path: Path) -> None:
    html = _html(tmp_path, samples.failing())
    assert "<code><bdi>1</bdi></code>" in html
    assert "<code><bdi>&#34;1&#34;</bdi></code>" in html


def test_what_several_say_of_a_study_has_a_line_for_each_attribute() -> None:
    said = {"plan": {"PatientID": "<P1>", "PatientSex": "F"}, "back": {"PatientID": "<P1>"}}
    assert value(said) == (
        "<bdi>told by plan, back</bdi>"
        "<br>PatientID: <code><bdi>&lt;P1&gt;</bdi></code>"
        "<br>PatientSex: <code><bdi>F</bdi></code><bdi> (plan)</bdi>"
    )
    assert len(value({"plan": {"PatientID": "P" * 9000}})) < 300
    assert "<br>" not in value({"CT": {"p95": 1.0}}), "no attributes"


@pytest.mark.parametrize(
    ("expected", "actual", "shown"),
    [
        ("Ren\u00e9", "Rene\u0301", "&#34;Rene\\u0301&#34;"),
        ("A B", "A\u00a0B", "&#34;A\\u00a0B&#34;"),
        ("A1", "A\uff11", "&#34;A\\uff11&#34;"),
        ("A", "B", "B"),
        ("René", "René", "René"),
    ],
)
def test_values_that_differ_never_look_the_same(expected: str, actual: str, shown: str) -> None:
    assert value(actual, 100, expected) == f"<code><bdi>{shown}</bdi></code>"
    assert (value(actual, 100, expected) == value(expected, 100, actual)) == (expected == actual)


def test_an_interrupted_run_says_so_at_the_top(tmp_path: Path) -> None:
    words = _Page(_html(tmp_path, samples.interrupted())).words
    assert "This run did not come to its end" in words
    assert "472 of 1,000 instances" in words
    assert "not finished" in words


def test_an_incomplete_record_says_so_at_the_top(tmp_path: Path) -> None:
    folder = samples.passing().write(tmp_path)
    (folder / "inputs/plan.json").unlink()
    write_reports(folder, [HtmlReporter])
    words = _Page((folder / "report.html").read_text(encoding="utf-8")).words
    assert "The record itself is incomplete. inputs/plan.json is missing" in words
    assert "This case needs no patients." in words


def test_previews_come_from_the_evidence_folder_and_are_pictures(tmp_path: Path) -> None:
    good = _Page(_html(tmp_path / "good", samples.passing())).elements
    assert sum(tag == "img" for tag, _ in good) == 2
    (tmp_path / "evil").mkdir()
    evil = _Page(_html(tmp_path / "evil", samples.hostile())).elements
    assert sum(tag == "img" for tag, _ in evil) == 0


def test_a_picture_outside_of_the_run_is_never_read(tmp_path: Path) -> None:
    (tmp_path / "secret.png").write_bytes(samples.png())
    story = samples.passing()
    folder = tmp_path / "run"
    for stamped in story.events:
        if stamped.event.kind == "attached":
            object.__setattr__(stamped.event, "path", "evidence/../../secret.png")
    assert "data:image/png" not in _html(folder, story)


def test_a_preview_without_a_subject_is_shown_and_a_subject_cannot_replace_the_picture(
    tmp_path: Path,
) -> None:
    story = samples.passing()
    attached = [s.event for s in story.events if s.event.kind == "attached"]
    object.__setattr__(attached[0], "subject", {})
    object.__setattr__(attached[1], "subject", {"uri": "http://127.0.0.1/", "title": 7})
    sources = [a["src"] for tag, a in _Page(_html(tmp_path, story)).elements if tag == "img"]
    assert len(sources) == 2
    assert all(source.startswith("data:image/png;base64,iVBOR") for source in sources)


def test_hidden_characters_are_made_visible() -> None:
    assert visible("a\x00b\u202ec\u200bd") == "a[U+0000]b[U+202E]c[U+200B]d"
    assert visible("x" * 700) == "x" * 600 + "… (100 more characters in run.json)"


def test_a_fact_reads_as_a_person_would_write_it() -> None:
    assert fact_name("called_ae_title") == "Called AE title"
    assert fact_name("AccessionNumber") == "AccessionNumber"
    assert fact(0.0011244280003666063) == "<bdi>0.001124</bdi>"
    assert fact("1.2.840.10008.1.2.1", short=True) == "<bdi>Explicit VR Little Endian</bdi>"
    assert "1.2.840.10008.1.2.1" in fact("1.2.840.10008.1.2.1")
    assert fact("1.2.840.10008.<b>") == "<bdi>1.2.840.10008.&lt;b&gt;</bdi>"
    assert fact([True, None]) == "<bdi>yes</bdi>, –"
    assert one_line({"stored": 3, "status": "0000"}) == "stored: 3, status: 0000"
    assert one_line({"stored": "3"}) == 'stored: "3"'


def test_facts_of_any_shape_are_cut_to_size() -> None:
    deep: object = "end"
    for _ in range(50):
        deep = {"more": [deep]}
    assert len(str(bounded(deep))) < 1500
    context = {
        "association": {
            "contexts": [{"proposed": ["1.2.840.10008.1.2.1"] * 2, **dict.fromkeys("abcdefgh", 1)}]
        }
    }
    told = bounded(context)["association"]["contexts"][0]["proposed"]
    assert "Explicit VR Little Endian" in fact(told), "the names of a short list, however deep"
    wide = bounded({"n": list(range(10_000))})
    assert wide["n"][-1] == "… and 9,960 more in run.json"


@pytest.mark.parametrize(
    ("duration", "text"),
    [
        (0, "0 ms"),
        (0.0934, "93 ms"),
        (0.9999, "1.00 s"),
        (59.96, "1 min 00 s"),
        (3725, "1 h 02 min"),
    ],
)
def test_durations_are_given_in_the_unit_that_suits_them(duration: float, text: str) -> None:
    assert seconds(duration) == text


def test_a_thousand_cases_stay_within_five_megabytes(tmp_path: Path) -> None:
    story = samples.many(cases=1000, steps=8)
    html = _html(tmp_path, story)
    assert len(html.encode()) < 5_000_000
    page = _Page(html)
    assert "are in run.json" in page.words
    shown = [attributes["id"] for tag, attributes in page.elements if tag == "article"]
    # Every case that failed has its details: 3, 10, 17, … of a thousand.
    assert {f"c{number + 1}" for number in range(3, 1000, 7)} <= set(shown)


def test_one_enormous_step_does_not_make_an_enormous_page(tmp_path: Path) -> None:
    story = Story()
    story.begin()
    story.case([("assert_1", "assert", "Check")])
    difference = {"subject": "s" * 400, "attribute": "a", "expected": "e" * 900, "actual": None}
    checks = [
        samples.check(
            "tags", "t" * 3000, "x" * 2000, ["y"] * 2000, "failed", differences=[difference] * 20
        )
        for _ in range(90)
    ]
    story.step("assert_1", "assert", "Check", "failed", inside=checks)
    html = _html(tmp_path, story)
    assert len(html.encode()) < 2_000_000
    assert "… and 30 more, all in run.json" in _Page(html).words


def test_a_command_is_set_word_by_word_so_that_no_option_is_torn_apart(tmp_path: Path) -> None:
    story = Story()
    story.begin(command=["fabricate", "run", "a b.yaml", "--seed", "7"])
    story.end("passed")
    (command,) = re.findall(r'<code class="command">(.*?)</code>', _html(tmp_path, story))
    words = re.findall(r"<span><bdi>(.*?)</bdi></span>", command)
    assert words == ["fabricate", "run", "&#39;a b.yaml&#39;", "--seed", "7"]
    assert re.sub(r"<.*?>", "", command) == " ".join(words)


def test_the_end_of_options_of_a_command_stays_before_the_file_it_is_for(tmp_path: Path) -> None:
    story = Story()
    story.begin(command=["fabricate", "run", "--seed=7", "--", "-a.yaml", "b.yaml"])
    story.end("passed")
    (command,) = re.findall(r'<code class="command">(.*?)</code>', _html(tmp_path, story))
    (whole,) = re.findall(r'<span class="whole">(.*?)</span>', command)
    assert re.sub(r"<.*?>", "", whole) == "-- -a.yaml"
    assert re.sub(r"<.*?>", "", command) == "fabricate run --seed=7 -- -a.yaml b.yaml"
