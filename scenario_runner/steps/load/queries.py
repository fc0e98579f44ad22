"""Queries, retrievals and C-ECHO as a load makes them: one worker's association, asked over again and again."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from scenario_runner.answers import status_class
from scenario_runner.api.asking import judged
from scenario_runner.api.timing import Stopwatch
from scenario_runner.errors import FabricatorError, OperationFailed
from scenario_runner.steps.load.calling import Called

if TYPE_CHECKING:
    from collections.abc import Callable

    from scenario_runner.answers import RetrieveResult
    from scenario_runner.api import Deadline, FindRequest, Target


def variants(match: Mapping[str, Any]) -> Callable[[int], dict[str, Any]]:
    """The keys of each request: of a list one value after the other, and again from its beginning."""

    def keys(number: int) -> dict[str, Any]:
        return {
            key: value[number % len(value)] if isinstance(value, list) and value else value
            for key, value in match.items()
        }

    return keys


class QueryCalls:
    """Queries over one association. request: what is asked with the number of a request."""

    def __init__(
        self,
        target: Target,
        request: Callable[[int], FindRequest],
        operation: str,
        deadline: Deadline,
    ) -> None:
        self._target, self._request, self._operation = target, request, operation
        self._deadline = deadline
        self._next: FindRequest | None = None
        self._judged: tuple[Any, Mapping[str, Any], str] = None, {}, ""
        """The latest answer, what was asked, and what is wrong with it: the same again is not judged again."""
        self._answers = target.find_each(self._feed(), deadline)

    def _feed(self) -> Iterator[FindRequest]:
        while self._next is not None:
            yield self._next

    def call(self, number: int) -> Called:
        """Ask, and hold the answers to the question."""
        watch = Stopwatch(self._operation)
        request = self._request(number)
        self._next = dataclasses.replace(request, once=True, opened=watch.opening(request.opened))
        try:
            matches = next(self._answers)
        except OperationFailed as error:
            self._answers = self._target.find_each(self._feed(), self._deadline)
            return Called(watch.seconds, str(error))
        seconds = watch.seconds
        if matches is not self._judged[0] or request.match != self._judged[1]:
            problem = judged(self._target, request, matches).problem
            self._judged = matches, request.match, problem
        return Called(seconds, self._judged[2], len(matches))

    def close(self) -> None:
        """End the association."""
        self._next = None
        try:
            next(self._answers, None)
        except FabricatorError:
            return  # it is over, which was wanted


class EchoCalls:
    """C-ECHO, each over an association of its own."""

    def __init__(self, target: Target, deadline: Deadline) -> None:
        self._target, self._deadline = target, deadline

    def call(self, number: int) -> Called:
        """Ask."""
        del number
        answer = self._target.echo(self._deadline)
        ok = status_class(answer.status) == "success"
        return Called(answer.seconds, "" if ok else f"answered {answer.status:04X}", 1)

    def close(self) -> None:
        """There is nothing that stands."""


class RetrieveCalls:
    """Retrievals, each over an association of its own.

    bring: carries out the request of a number; what was answered, how many came, and what is wrong with those.
    """

    def __init__(
        self, bring: Callable[[int], tuple[Sequence[RetrieveResult], int, str]], operation: str
    ) -> None:
        self._bring, self._operation = bring, operation

    def call(self, number: int) -> Called:
        """Retrieve one thing, and count what came."""
        watch = Stopwatch(self._operation)
        results, came, wrong = self._bring(number)
        seconds = watch.seconds
        failed = [one for one in results if not one.all_kept]
        problem = ""
        if failed:
            problem = f"answered {failed[0].status:04X} {failed[0].comment}".strip()
        elif not came:
            problem = "nothing came"
        else:
            problem = wrong
        return Called(seconds, problem, came)

    def close(self) -> None:
        """There is nothing that stands."""
