"""Searches as a load makes them over QIDO-RS: the same few again and again, and answers that were understood once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from scenario_runner.network.dicomweb import media_types
from scenario_runner.network.dicomweb.search import (
    one_page,
    parameters,
    resource,
    said_by_path,
    understood,
    with_said,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from scenario_runner.network.dicomweb.search import Search
    from scenario_runner.network.dicomweb.session import Session

_MOST_KEPT: Final = 256
"""Different searches of which a load keeps how they are asked, and what came."""
_LONGEST_KEPT: Final = 1 << 16
"""Bytes of an answer that is kept."""


class RepeatedSearch:
    """Searches as a load makes them: each is one request for one page, whatever the service has beyond it.

    Raises as ``search`` does.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._urls: dict[str, str] = {}
        """How each question is asked."""
        self._said: dict[str, Mapping[str, str]] = {}
        """The keys that are said by the path, by URL."""
        self._bodies: dict[str, tuple[bytes, list[dict[str, Any]]]] = {}
        """The latest answers and what they came to, by URL."""

    def search(self, asked: str, query: Callable[[], Search]) -> list[dict[str, Any]]:
        """The matches of one page; those of an answer that has come before are the very same list.

        asked: what tells one question from another. query: the question, for the first time.
        """
        session = self._session
        url = self._urls.get(asked)
        if url is None:
            path, params, said = _of_one_page(session, query())
            if not session.facts:
                return [with_said(match, said) for match in one_page(session, path, params)]
            if len(self._urls) >= _MOST_KEPT:
                self._urls.clear()
                self._said.clear()
                self._bodies.clear()
            url = self._urls[asked] = session.url_of(path, params)
            self._said[url] = said
        answer = session.again(url, media_types.DICOM_JSON)
        if answer.status == 400 and "^" in url:  # as ``_asked`` does
            said = self._said[url]  # another question may have the same URL
            url = self._urls[asked] = url.replace("^", "%5E")
            self._said[url] = said
            answer = session.again(url, media_types.DICOM_JSON)
        if answer.status == 204:
            return []
        if answer.status != 200:
            answer.fail("QIDO-RS")
        body = answer.body()
        known, matches = self._bodies.get(url, (None, []))
        if body != known:
            said = self._said[url]
            matches = [with_said(match, said) for match in understood(session, answer, body)]
            if len(body) <= _LONGEST_KEPT:
                self._bodies[url] = body, matches
        return matches


def _of_one_page(
    session: Session, query: Search
) -> tuple[list[str], list[tuple[str, str]], Mapping[str, str]]:
    path, left = resource(query.level, query.match)
    params = parameters(left, query.returned, fuzzy=session.peer.fuzzy)
    if query.limit is not None:
        params.append(("limit", str(query.limit)))
    return path, params, said_by_path(query, left)
