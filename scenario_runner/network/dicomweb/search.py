"""QIDO-RS (PS3.18 10.6): a query as URL parameters, asked page by page until nothing is left."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field
from typing import TYPE_CHECKING, Any, Final, Literal

from scenario_runner.dicom import json_model, json_stream
from scenario_runner.dicom.answer_matching import unmet
from scenario_runner.dicom.dictionary import tag_for_keyword, vr_of
from scenario_runner.dicom.levels import COMPUTED, unique_key
from scenario_runner.dicom.matching import WILDCARD_VRS
from scenario_runner.errors import OperationFailed, ProtocolViolation, TargetError
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.network.dicomweb import media_types
from scenario_runner.network.dicomweb.session import in_query

if TYPE_CHECKING:
    from scenario_runner.network.dicomweb.answer import Answer
    from scenario_runner.network.dicomweb.session import Session

SearchLevel = Literal["study", "series", "image"]

PAGE: Final = 200
"""Matches asked for at once; a service may give fewer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """One query. match: keyword to value; empty ones are only asked to come back.

    A value is text as C-FIND has it (wildcards, ranges), a list, or for a sequence a mapping.
    """

    level: SearchLevel
    match: Mapping[str, Any] = field(default_factory=dict)
    returned: Sequence[str] = ()
    limit: int | None = None
    more: Callable[[], Any] | None = None
    """Called when the service has more than the limit."""
    unescaped: Callable[[], Any] | None = None
    """Called when it finds nothing, but what was asked for once what a URL escapes is written as ``?``."""
    again: Callable[[], Any] | None = None
    """Called when it gives the first page again whatever the offset."""
    cut_off: Callable[[], Any] | None = None
    """Called instead when that page was a full one, and a longer one was refused or did not have all: there may be more."""
    cut_short: Callable[[], Any] | None = None
    """Called when it says that there are more, and gives none of them at a further offset (PS3.18 8.3.4.4)."""
    warned: Callable[[str], Any] | None = None
    """Told each warning of the service, in its words."""


def search(session: Session, query: Search) -> Iterator[dict[str, Any]]:
    """Matches as plain values, as long as pages bring new ones.

    Only an empty page, or one without anything new, is the end: a service may give fewer matches
    than asked for without saying that there are more. One that gives a full first page whatever the offset is asked
    for longer pages, until one is not full. What an earlier page had is not yielded again,
    since what is stored meanwhile shifts the pages; what one page has twice is. With a limit, one match more
    is asked for, which tells whether there are more.
    What was asked for and did not come is None, but for counts, and for the study and series that the path says.
    Raises OperationFailed for an HTTP failure and ProtocolViolation for what is no DICOM JSON.
    """
    path, left = resource(query.level, query.match)
    unique = unique_key(query.level)
    fixed = parameters(left, query.returned, fuzzy=session.peer.fuzzy)
    # What is empty is mostly left out, so that nobody can tell; what is counted up is never empty.
    asked = [key for key in (*query.match, *query.returned, unique) if key not in COMPUTED]
    empty: dict[str, Any] = dict.fromkeys(asked)
    said = said_by_path(query, left)
    seen: set[str] = set()
    count = 0
    for found in _pages(session, path, fixed, query):
        before = frozenset(seen)
        for match in found:
            uid = str(match.get(unique))
            if uid in before:
                continue
            if count == query.limit:
                _tell(query.more)
                return
            seen.add(uid)
            count += 1
            yield with_said({**empty, **match}, said)
        if len(seen) > session.peer.limits.matches:
            raise session.peer.error(
                ProtocolViolation, "too many matches", f"more than {session.peer.limits.matches}"
            )
    if count or query.unescaped is None:
        return
    if _unescaped(session, path, [*fixed, *_part(PAGE, 0)], query):
        query.unescaped()


def _pages(
    session: Session, path: Sequence[str], fixed: Sequence[tuple[str, str]], query: Search
) -> Iterator[list[dict[str, Any]]]:
    """Page after page, until one brings nothing that those before it did not have."""
    unique = unique_key(query.level)
    first: list[str] = []
    seen: set[str] = set()
    offset = 0
    heard: list[str] = []
    while True:
        length = PAGE if query.limit is None else min(PAGE, query.limit + 1 - len(seen))
        # What the page before said of those that follow it.
        has_more = any(map(_says_more, heard))
        heard = []
        found = one_page(session, path, [*fixed, *_part(length, offset)], heard.append)
        _pass_on(heard, query)
        uids = [str(match.get(unique)) for match in found]
        known = len(seen)
        seen.update(uids)
        if found:
            yield found
        # One instance has one UID, so its own match cannot have a second page.
        if len(seen) == known or is_single(query.match.get(unique)):
            break
        first = first or uids
        offset += len(found)
        if query.limit is not None and len(seen) > query.limit:
            return
    if offset and uids and uids == first[: len(uids)]:
        if len(first) == PAGE:
            # What the first page said of others is said of a longer one, too, if that has not all.
            yield from _longer(session, path, fixed, query)
            return
        _tell(query.again)
    if has_more:
        is_enough = query.limit is not None and len(seen) >= query.limit
        _tell(query.more if is_enough else query.cut_short)


def _longer(
    session: Session, path: Sequence[str], fixed: Sequence[tuple[str, str]], query: Search
) -> Iterator[list[dict[str, Any]]]:
    """One page that is long enough for everything, of a service that gives a full first page whatever the offset.

    What ends before the page does has ended, unless the service says that there are additional results (PS3.18 8.3.4.4).
    """
    length = PAGE
    while True:
        length *= 2
        heard: list[str] = []
        try:
            found = one_page(session, path, [*fixed, *_part(length, 0)], heard.append)
        except OperationFailed:
            _tell(query.cut_off)
            return
        _pass_on(heard, query)
        yield found
        if len(found) != length:
            _tell(query.cut_off if any(map(_says_more, heard)) else query.again)
            return


def _says_more(warning: str) -> bool:
    """Whether a service warns of results that it has not given, in the words of PS3.18 8.3.4.4 or of its own."""
    return _MORE_RESULTS.search(warning) is not None


_MORE_RESULTS: Final = re.compile(
    r"(?i)(?<!\b0 )\b(additional|more|remaining|partial|incomplete)\b.*\bresults?\b|"
    r"\bresults?\b.*\b(exceed|limit|maxim|truncat|cut|incomplete|partial|more)"
)


def _pass_on(heard: Sequence[str], query: Search) -> None:
    if query.warned is not None:
        for words in heard:
            query.warned(words)


def _part(length: int, offset: int) -> list[tuple[str, str]]:
    return [("limit", str(length)), ("offset", str(offset))]


def _tell(whom: Callable[[], Any] | None) -> None:
    if whom is not None:
        whom()


def said_by_path(query: Search, left: Mapping[str, Any]) -> Mapping[str, str]:
    """The keys that the path says; left: those that it does not."""
    return {key: single(value) for key, value in query.match.items() if key not in left}


def with_said(match: dict[str, Any], said: Mapping[str, str]) -> dict[str, Any]:
    """A match with what the path says of it: an answer need not repeat that (PS3.18 10.6.3.3)."""
    return match | {key: uid for key, uid in said.items() if match.get(key) is None}


def resource(level: SearchLevel, match: Mapping[str, Any]) -> tuple[list[str], dict[str, Any]]:
    """The path of a search (PS3.18 table 10.6.1-1) and the keys that are not said by it."""
    left = dict(match)
    path: list[str] = []
    if level != "study" and is_single(match.get("StudyInstanceUID")):
        path += ["studies", single(left.pop("StudyInstanceUID"))]
        if level == "image" and is_single(match.get("SeriesInstanceUID")):
            path += ["series", single(left.pop("SeriesInstanceUID"))]
    return [*path, {"study": "studies", "series": "series", "image": "instances"}[level]], left


def parameters(
    match: Mapping[str, Any], returned: Sequence[str] = (), *, fuzzy: bool = False
) -> list[tuple[str, str]]:
    """Keys as query parameters (PS3.18 8.3.4): ``Seq.Attr`` for a sequence, lists with commas."""
    pairs: list[tuple[str, str]] = []
    wanted: list[str] = []
    for path, value in _flat(match):
        text = _text(path, value)
        if text:
            pairs.append((path, text))
        else:
            wanted.append(path)
    pairs += [("includefield", name) for name in dict.fromkeys([*wanted, *returned])]
    if fuzzy:
        pairs.append(("fuzzymatching", "true"))
    return pairs


def is_single(value: Any) -> bool:
    """Whether a key asks for one UID: a value without a wildcard, a list or nothing."""
    if isinstance(value, list | tuple):
        return len(value) == 1 and is_single(value[0])
    return isinstance(value, str) and bool(value) and not set(value) & set("*?\\,")


def single(value: str | Sequence[str]) -> str:
    """The one UID of a key that ``is_single``."""
    return value if isinstance(value, str) else str(value[0])


def _flat(match: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in match.items():
        items = value if isinstance(value, list | tuple) else [value]
        if any(isinstance(item, Mapping) for item in items):
            for item in items:
                if isinstance(item, Mapping):
                    yield from _flat(item, f"{above}{key}.")
        else:
            yield f"{above}{key}", value


def _text(path: str, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list | tuple):
        # Commas are for lists of UIDs; several other values are one value of several.
        between = "," if path.endswith("UID") else "\\"
        return between.join(str(one) for one in value)
    return str(value).replace("\\", ",") if path.endswith("UID") else str(value)


def one_page(
    session: Session,
    path: Sequence[str],
    params: Sequence[tuple[str, str]],
    warned: Callable[[str], Any] | None = None,
) -> list[dict[str, Any]]:
    """The matches of one request, with carets escaped where the service takes none. Raises as ``search`` does."""
    found = _asked(session, path, params, strict=False, warned=warned)
    if found is None:
        found = _asked(session, path, params, strict=True, warned=warned)
    return found or []


def _unescaped(
    session: Session, path: Sequence[str], params: Sequence[tuple[str, str]], query: Search
) -> bool:
    """Whether a service that found nothing finds it by a wildcard for what a URL escapes.

    So does Orthanc's DICOMweb plugin 1.7, which takes ``%20`` for three characters. One that cannot say so, for it has
    no wildcards, has answered what it was asked all the same.
    """
    tame = [(name, _tame(text) if _takes_wildcards(name) else text) for name, text in params]
    if tame == list(params):
        return False
    try:
        found = _asked(session, path, tame, strict=False) or []
    except TargetError:
        return False
    return any(not unmet(query.match, answer) for answer in found)


def _tame(text: str) -> str:
    return "".join(one if in_query(one) == one else "?" for one in text)


def _takes_wildcards(name: str) -> bool:
    keyword = name.rpartition(".")[2]
    tag = tag_for_keyword(keyword)
    return tag is not None and vr_of(tag) in WILDCARD_VRS


def _asked(
    session: Session,
    path: Sequence[str],
    params: Sequence[tuple[str, str]],
    *,
    strict: bool,
    warned: Callable[[str], Any] | None = None,
) -> list[dict[str, Any]] | None:
    """One page; None when the service may only have stumbled over the carets of names."""
    with session.exchange(
        "GET", path, params=params, accept=media_types.DICOM_JSON, strict=strict
    ) as answer:
        if warned is not None:
            for words in answer.warnings():
                warned(words)
        if answer.status == 204:
            return []
        if answer.status == 400 and not strict and any("^" in text for _, text in params):
            return None
        if answer.status != 200:
            answer.fail("QIDO-RS")
        return read_json(session, answer)


def read_json(session: Session, answer: Answer) -> list[dict[str, Any]]:
    """The data sets of a DICOM JSON answer. Raises ProtocolViolation for anything else."""
    return understood(session, answer, answer.body())


def understood(session: Session, answer: Answer, body: bytes) -> list[dict[str, Any]]:
    """The same of a body that was read."""
    try:
        return (
            [json_model.values_by_keyword(item) for item in json_model.loads(body)]
            if body.strip()
            else []
        )
    except json_model.JsonModelError as error:
        raise _no_json(session, answer, error) from error


def each_of_json(session: Session, answer: Answer) -> Iterator[dict[str, Any]]:
    """The data sets of a long answer one by one. Raises ProtocolViolation at what is none, and beyond the peer's limits."""
    limits, error = session.peer.limits, session.peer.error
    try:
        for item in json_stream.each_data_set(_counted(session, answer), limits.answer):
            yield json_model.values_by_keyword(item)
    except json_model.JsonModelError as wrong:
        raise _no_json(session, answer, wrong) from wrong
    except json_stream.TooLongError as long:
        of_one = f"one instance has more than {limits.answer} characters"
        raise error(ProtocolViolation, "the answer is too large", of_one) from long


def _counted(session: Session, answer: Answer) -> Iterator[bytes]:
    size, most = 0, session.peer.limits.metadata
    for piece in answer.pieces():
        size += len(piece)
        if size > most:
            raise session.peer.error(
                ProtocolViolation,
                "the answer is too large",
                f"more than {most} bytes",
                hint="ask for the metadata series by series",
            )
        yield piece


def _no_json(session: Session, answer: Answer, error: Exception) -> TargetError:
    kind = answer.media_type.essence if answer.media_type else "an unnamed type"
    return session.peer.error(
        ProtocolViolation,
        "this is not a DICOMweb service",
        f"{answer.words} with {kind}, which is no DICOM JSON: {error}",
        hint="check the target's 'dicomweb' url in the site file: '/studies' is appended to it",
    )
