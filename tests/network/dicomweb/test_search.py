"""QIDO-RS: every match comes, once, however a service pages, and keys say what was meant."""

from __future__ import annotations

import dataclasses
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from scenario_runner.deadline import Deadline
from scenario_runner.errors import OperationFailed, ProtocolViolation
from scenario_runner.network.dicomweb.search import PAGE, Search, parameters, resource, search
from scenario_runner.network.dicomweb.session import Session
from tests.network.dicomweb.services import DICOM_JSON, Asked, Reply, Service, dicom_json, service

if TYPE_CHECKING:
    from collections.abc import Callable


def ask(running: Service, query: Search) -> list[dict[str, Any]]:
    with Session(running.peer, Deadline(10)) as session:
        return list(search(session, query))


def params(asked: Asked) -> dict[str, list[str]]:
    return parse_qs(urlsplit(asked.path).query)


def paging(
    total: int, *, cap: int, heed_offset: bool = True, heed_limit: bool = True
) -> Callable[[Asked], Reply]:
    """A service with so many studies that gives no more than ``cap`` at once."""

    def behave(asked: Asked) -> Reply:
        given = params(asked)
        start = int(given["offset"][0]) if heed_offset else 0
        wanted = int(given["limit"][0]) if heed_limit else total
        end = min(total, start + min(cap, wanted))
        found = [{"StudyInstanceUID": f"1.2.{number}"} for number in range(start, end)]
        return Reply(200, dicom_json(*found), DICOM_JSON) if found else Reply(204)

    return behave


@pytest.mark.parametrize(("total", "cap"), [(0, 10), (7, 10), (10, 10), (25, 10), (450, 1000)])
def test_all_pages_are_asked_for_even_when_a_service_gives_fewer_than_asked(
    total: int, cap: int
) -> None:
    with service(paging(total, cap=cap)) as running:
        found = ask(running, Search(level="study"))
    assert [match["StudyInstanceUID"] for match in found] == [f"1.2.{n}" for n in range(total)]
    assert int(params(running.asked[0])["limit"][0]) == PAGE


def test_a_service_that_ignores_the_offset_is_not_asked_for_ever() -> None:
    with service(paging(30, cap=10, heed_offset=False)) as running:
        found = ask(running, Search(level="study"))
    assert len(found) == 10
    assert len(running.asked) == 2


@pytest.mark.parametrize(
    ("total", "heeds", "told"),
    [
        (30, True, []),
        (30, False, ["again"]),
        (PAGE, True, []),
        (PAGE, False, ["again"]),
        (450, True, []),
        (450, False, ["again"]),
        (5 * PAGE, False, ["again"]),
    ],
)
def test_all_come_from_a_service_that_gives_the_first_page_again_which_is_told(
    total: int, heeds: bool, told: list[str]
) -> None:
    noticed: list[str] = []
    with service(paging(total, cap=2000, heed_offset=heeds)) as running:
        assert len(ask(running, noting(noticed))) == total
    assert noticed == told


@pytest.mark.parametrize("refuses", [True, False])
def test_a_first_page_given_again_is_cut_off_where_a_longer_one_is_refused_or_said_not_to_be_all(
    refuses: bool,
) -> None:
    noticed: list[str] = []
    some = paging(450, cap=PAGE, heed_offset=False)
    words = '299 pacs "The number of results exceeded the maximum supported by the server."'

    def behave(asked: Asked) -> Reply:
        if int(params(asked)["limit"][0]) <= PAGE:
            return some(asked)
        return (
            Reply(400)
            if refuses
            else Reply(200, some(asked).body, {**DICOM_JSON, "Warning": words})
        )

    with service(behave) as running:
        assert len(ask(running, noting(noticed))) == PAGE
    assert noticed == ["cut off"]


def noting(noticed: list[str]) -> Search:
    return Search(
        level="study",
        again=lambda: noticed.append("again"),
        cut_off=lambda: noticed.append("cut off"),
    )


def test_a_service_that_gives_all_whatever_is_asked_for_has_cut_nothing_off() -> None:
    noticed: list[str] = []
    query = Search(
        level="study",
        again=lambda: noticed.append("again"),
        cut_off=lambda: noticed.append("cut off"),
    )
    with service(paging(450, cap=1000, heed_offset=False, heed_limit=False)) as running:
        assert len(ask(running, query)) == 450
    assert noticed == ["again"]


@pytest.mark.parametrize(
    ("words", "limit", "told"),
    [
        ("There are 20 additional results that can be requested", None, ["cut short"]),
        (
            "The number of results exceeded the maximum supported by the server.",
            None,
            ["cut short"],
        ),
        ("There are 20 additional results that can be requested", 10, ["more"]),
        (
            "The fuzzymatching parameter is not supported. Only literal matching has been performed.",
            None,
            [],
        ),
        ("There are 0 additional results that can be requested", None, []),
    ],
)
@pytest.mark.parametrize("last", [10, 30])
def test_a_service_that_tells_of_more_and_gives_none_of_them_has_cut_its_list_short(
    words: str, limit: int | None, told: list[str], last: int
) -> None:
    """And not one that gives them when it is asked for those that follow."""
    noticed: list[str] = []
    some = paging(last, cap=10)

    def behave(asked: Asked) -> Reply:
        reply = some(asked)
        is_told = int(params(asked)["offset"][0]) + 10 < 30
        return (
            Reply(reply.status, reply.body, {**reply.headers, "Warning": f"299 pacs: {words}"})
            if is_told
            else reply
        )

    query = Search(
        level="study",
        limit=limit,
        more=lambda: noticed.append("more"),
        again=lambda: noticed.append("again"),
        cut_short=lambda: noticed.append("cut short"),
    )
    with service(behave) as running:
        assert len(ask(running, query)) == min(last, limit or last)
    assert noticed == (told if last == 10 or limit else [])


def test_what_a_longer_page_gives_has_not_been_cut_short() -> None:
    """A service that knows no offset tells of others on each page, until one is long enough for them."""
    noticed: list[str] = []
    some = paging(450, cap=1000, heed_offset=False)
    words = "299 pacs: There are additional results that can be requested"

    def behave(asked: Asked) -> Reply:
        reply = some(asked)
        is_all = int(params(asked)["limit"][0]) >= 450
        return reply if is_all else Reply(200, reply.body, {**reply.headers, "Warning": words})

    query = dataclasses.replace(noting(noticed), cut_short=lambda: noticed.append("cut short"))
    with service(behave) as running:
        assert len(ask(running, query)) == 450
    assert noticed == ["again"]


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("299 http://pacs/rs: Too many. Ask for more.", ["Too many. Ask for more."]),
        (
            '299 pacs "no \\"fuzzy\\" here", 299 pacs "old"',
            ['no "fuzzy" here', "old"],
        ),
        ("", []),
    ],
)
def test_a_warning_of_the_service_is_heard(header: str, said: list[str]) -> None:
    heard: list[str] = []
    found = dicom_json({"StudyInstanceUID": "1.2"})
    reply = Reply(200, found, {**DICOM_JSON, "Warning": header})
    with service(
        lambda asked: reply if params(asked)["offset"] == ["0"] else Reply(204)
    ) as running:
        ask(running, Search(level="study", warned=heard.append))
    assert heard == said


def test_what_the_path_says_an_answer_need_not_repeat() -> None:
    match = {"StudyInstanceUID": "1.2", "SeriesInstanceUID": "1.2.1"}
    reply = Reply(200, dicom_json({"SOPInstanceUID": "1.2.1.1"}), DICOM_JSON)
    with service(lambda _: reply) as running:
        assert ask(running, Search(level="image", match=match)) == [
            {**match, "SOPInstanceUID": "1.2.1.1"}
        ]


def test_no_more_than_the_limit_is_asked_for_and_given() -> None:
    with service(paging(30, cap=10)) as running:
        found = ask(running, Search(level="study", limit=12))
    assert len(found) == 12
    assert [params(asked)["limit"] for asked in running.asked] == [["13"], ["3"]]


@pytest.mark.parametrize(("limit", "more"), [(12, 1), (30, 0), (31, 0)])
def test_that_there_is_more_than_the_limit_is_told(limit: int, more: int) -> None:
    told: list[int] = []
    query = Search(level="study", limit=limit, more=lambda: told.append(1))
    with service(paging(30, cap=10)) as running:
        assert len(ask(running, query)) == min(limit, 30)
    assert len(told) == more


def test_what_one_page_has_twice_comes_twice_and_a_shifted_page_brings_nothing_again() -> None:
    first = [{"StudyInstanceUID": "1.1"}, {"StudyInstanceUID": "1.1"}]
    second = [{"StudyInstanceUID": "1.1"}, {"StudyInstanceUID": "1.2"}]

    def behave(asked: Asked) -> Reply:
        page = {0: first, 2: second}.get(int(params(asked)["offset"][0]))
        return Reply(200, dicom_json(*page), DICOM_JSON) if page else Reply(204)

    with service(behave) as running:
        found = ask(running, Search(level="study"))
    assert [match["StudyInstanceUID"] for match in found] == ["1.1", "1.1", "1.2"]


def test_a_count_that_a_service_does_not_have_is_not_taken_for_an_empty_one() -> None:
    body = dicom_json({"StudyInstanceUID": "1.1"})
    returned = ["NumberOfStudyRelatedInstances", "AccessionNumber"]
    query = Search(level="study", match={"StudyInstanceUID": "1.1"}, returned=returned)
    with service(lambda _: Reply(200, body, DICOM_JSON)) as running:
        [found] = ask(running, query)
    assert "NumberOfStudyRelatedInstances" not in found
    assert found["AccessionNumber"] is None


def test_a_query_for_one_study_takes_one_request() -> None:
    body = dicom_json({"StudyInstanceUID": "1.2.3", "NumberOfStudyRelatedInstances": 4})
    with service(lambda _: Reply(200, body, DICOM_JSON)) as running:
        [found] = ask(
            running,
            Search(
                level="study",
                match={"StudyInstanceUID": "1.2.3", "PatientID": ""},
                returned=["AccessionNumber"],
            ),
        )
    assert len(running.asked) == 1
    # What was asked for and is empty is there as None, as C-FIND has it.
    assert found == {
        "StudyInstanceUID": "1.2.3",
        "PatientID": None,
        "AccessionNumber": None,
        "NumberOfStudyRelatedInstances": 4,
    }
    assert params(running.asked[0])["includefield"] == ["PatientID", "AccessionNumber"]


@pytest.mark.parametrize(
    ("level", "match", "path", "left"),
    [
        ("study", {"StudyInstanceUID": "1"}, ["studies"], ["StudyInstanceUID"]),
        ("series", {"StudyInstanceUID": "1"}, ["studies", "1", "series"], []),
        ("series", {"Modality": "CT"}, ["series"], ["Modality"]),
        (
            "image",
            {"StudyInstanceUID": "1", "SeriesInstanceUID": "2", "SOPInstanceUID": "3"},
            ["studies", "1", "series", "2", "instances"],
            ["SOPInstanceUID"],
        ),
        ("image", {"StudyInstanceUID": ["1"]}, ["studies", "1", "instances"], []),
        ("image", {"SeriesInstanceUID": "2"}, ["instances"], ["SeriesInstanceUID"]),
        ("series", {"StudyInstanceUID": ["1", "2"]}, ["series"], ["StudyInstanceUID"]),
        ("series", {"StudyInstanceUID": "1.*"}, ["series"], ["StudyInstanceUID"]),
    ],
)
def test_unique_keys_become_the_path_and_the_rest_stay_keys(
    level: Any, match: dict[str, Any], path: list[str], left: list[str]
) -> None:
    assert resource(level, match) == (path, {key: match[key] for key in left})


@pytest.mark.parametrize(
    ("match", "pairs"),
    [
        ({"PatientName": "CIT*"}, [("PatientName", "CIT*")]),
        ({"StudyDate": "20260101-20260131"}, [("StudyDate", "20260101-20260131")]),
        ({"StudyInstanceUID": ["1.2", "1.3"]}, [("StudyInstanceUID", "1.2,1.3")]),
        ({"StudyInstanceUID": "1.2\\1.3"}, [("StudyInstanceUID", "1.2,1.3")]),
        ({"ModalitiesInStudy": ["CT", "MR"]}, [("ModalitiesInStudy", "CT\\MR")]),
        (
            {"RequestAttributesSequence": {"ScheduledProcedureStepID": "S1"}},
            [("RequestAttributesSequence.ScheduledProcedureStepID", "S1")],
        ),
        (
            {"RequestAttributesSequence": [{"RequestedProcedureID": ""}]},
            [("includefield", "RequestAttributesSequence.RequestedProcedureID")],
        ),
        (
            {"InstanceNumber": 1, "AccessionNumber": None},
            [("InstanceNumber", "1"), ("includefield", "AccessionNumber")],
        ),
    ],
)
def test_keys_are_written_as_the_standard_has_them(
    match: dict[str, Any], pairs: list[tuple[str, str]]
) -> None:
    assert parameters(match) == pairs


def test_characters_that_mean_something_in_a_url_stay_values() -> None:
    value = "A&B=C#D+E %Ä\\F^G*?"
    with service(lambda _: Reply(204)) as running:
        ask(running, Search(level="study", match={"PatientID": value}))
    [asked] = running.asked
    assert params(asked)["PatientID"] == [value]
    # Some services do not unescape what need not be escaped.
    assert "^G*?" in asked.path


def test_a_service_that_takes_no_caret_gets_it_escaped() -> None:
    def strict(asked: Asked) -> Reply:
        return Reply(400) if "^" in asked.path else Reply(204)

    with service(strict) as running:
        assert ask(running, Search(level="study", match={"PatientName": "A^B"})) == []
    assert [params(asked)["PatientName"] for asked in running.asked] == [["A^B"], ["A^B"]]


@pytest.mark.parametrize(
    ("unescapes", "held", "told"),
    [(False, "CT Head", 1), (True, "CT Head", 0), (False, "CT-Head", 0), (False, "CT*Head", 0)],
)
def test_a_service_that_does_not_unescape_is_told_from_one_that_has_nothing(
    unescapes: bool, held: str, told: int
) -> None:
    """CT-Head is found by CT?Head as well, and is not what was asked for."""

    def behave(asked: Asked) -> Reply:
        query = urlsplit(asked.path).query
        [value] = [one.partition("=")[2] for one in query.split("&") if one.startswith("StudyD")]
        found = fnmatchcase(held, unquote(value) if unescapes else value)
        study = {"StudyInstanceUID": "1.2.3", "StudyDescription": held}
        return Reply(200, dicom_json(study), DICOM_JSON) if found else Reply(204)

    remarks: list[str] = []
    query = Search(
        level="study",
        match={"StudyDescription": "CT Head"},
        unescaped=lambda: remarks.append("not unescaped"),
    )
    with service(behave) as running:
        found = ask(running, query)
    assert bool(found) is unescapes
    assert len(remarks) == told
    assert len(running.asked) == 2


@pytest.mark.parametrize("refusal", [400, 501, 503])
def test_a_service_without_wildcards_has_answered_all_the_same(refusal: int) -> None:
    """What it was asked for it does not have: that is no failure."""
    with service(lambda asked: Reply(refusal if "?Head" in asked.path else 204)) as running:
        match = {"StudyDescription": "CT Head", "PatientID": "P1"}
        assert ask(running, Search(level="study", match=match, unescaped=pytest.fail)) == []
    assert len(running.asked) == 2


def test_what_needs_no_escape_is_not_asked_for_twice() -> None:
    with service(lambda _: Reply(204)) as running:
        match = {"PatientName": "CITIZEN^J?NE*", "StudyDate": "20260101-20260131"}
        assert ask(running, Search(level="study", match=match, unescaped=pytest.fail)) == []
    assert len(running.asked) == 1


def test_fuzzy_matching_is_asked_for_only_when_the_site_says_so() -> None:
    with service(lambda _: Reply(204)) as running:
        ask(running, Search(level="study"))
    with service(lambda _: Reply(204), fuzzy=True) as fuzzy:
        ask(fuzzy, Search(level="study"))
    assert "fuzzymatching" not in params(running.asked[0])
    assert params(fuzzy.asked[0])["fuzzymatching"] == ["true"]


@pytest.mark.parametrize("status", [400, 404, 413, 500])
def test_a_refused_query_is_an_error_with_the_words_of_the_service(status: int) -> None:
    reply = Reply(status, b'{"Details": "too broad"}', {"Content-Type": "application/json"})
    with service(lambda _: reply) as running, pytest.raises(OperationFailed) as caught:
        ask(running, Search(level="study"))
    assert f"HTTP {status}" in caught.value.reason
    assert "too broad" in caught.value.reason


@pytest.mark.parametrize(
    "body", [b'{"error": "busy"}', b"<html>", b"[1, 2]", b'"text"', b"[" * 100_000, b"\xff\xfe"]
)
def test_what_is_no_dicom_json_is_not_taken_for_no_match(body: bytes) -> None:
    with (
        service(lambda _: Reply(200, body, {"Content-Type": "text/html"})) as running,
        pytest.raises(ProtocolViolation, match="not a DICOMweb service"),
    ):
        ask(running, Search(level="study"))


def test_an_empty_200_is_no_match() -> None:
    with service(lambda _: Reply(200)) as running:
        assert ask(running, Search(level="study")) == []
