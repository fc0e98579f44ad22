"""What ``save_as`` gives of the instances that a ``send`` offered: plain values, made when they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, overload

from scenario_runner.answers import answer_in_a_word
from scenario_runner.api.sent_log import SentLog

if TYPE_CHECKING:
    from scenario_runner.api.sent import SentInstance


def answered_with(status: Mapping[str, Any]) -> str:
    """A status as ``save_as`` gives it, in a word: its code, or what there is instead of one."""
    return answer_in_a_word(
        status["status"],
        told=status["class"] != "unknown",
        maybe_stored=status.get("maybe_stored", True),
    )


def in_a_sentence(status: Mapping[str, Any]) -> str:
    """``A700 out of resources``, ``not sent: no accepted presentation context …``: with what was said of it."""
    word, comment = answered_with(status), status.get("comment") or ""
    between = " " if status["status"] else ": "
    return f"{word}{between}{comment}" if comment else word


class Statuses(Sequence[dict[str, Any]]):
    """A list of ``{sop_instance_uid, status, class, comment, maybe_stored}``, over HTTP also ``{http, retrieve_url}``.

    It may have a million members and costs some twenty bytes for each.
    """

    def __init__(self, sent: Iterable[SentInstance] = ()) -> None:
        self._log = SentLog()
        for one in sent:
            self.append(one)

    def append(self, sent: SentInstance) -> None:
        """One more instance."""
        self._log.append(sent)

    def __len__(self) -> int:
        return len(self._log)

    @overload
    def __getitem__(self, place: int) -> dict[str, Any]: ...
    @overload
    def __getitem__(self, place: slice) -> list[dict[str, Any]]: ...
    def __getitem__(self, place: int | slice) -> dict[str, Any] | list[dict[str, Any]]:
        if isinstance(place, slice):
            return list(map(plain_status, self._log[place]))
        return plain_status(self._log[place])

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return map(plain_status, self._log)

    def __eq__(self, other: object) -> bool:
        """Equal to a list of the same."""
        if not isinstance(other, list | Statuses):
            return NotImplemented
        return len(self) == len(other) and all(map(dict.__eq__, self, other))

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<{len(self)} statuses>"

    def kinds(self) -> list[tuple[dict[str, Any], int]]:
        """The first of those that are alike but for their UIDs, and how many they are."""
        return [(plain_status(first), count) for first, count in self._log.kinds()]

    def of_kinds(self, wanted: Callable[[Mapping[str, Any]], bool]) -> Iterator[dict[str, Any]]:
        """Those that are wanted, which is asked of one of each kind."""
        return map(plain_status, self._log.of_kinds(lambda one: wanted(plain_status(one))))

    def sort_from(self, first: int, keys: Sequence[Any]) -> None:
        """Sort those from a place on by the keys that belong to them."""
        order = sorted(range(len(keys)), key=keys.__getitem__)
        self._log.rearrange([*range(first), *(first + place for place in order)])


def plain_status(sent: SentInstance) -> dict[str, Any]:
    """What ``save_as`` gives of one instance."""
    status = sent.status
    plain: dict[str, Any] = {
        "sop_instance_uid": status.sop_instance_uid,
        "status": None if status.status is None else f"{status.status:04X}",
        "class": status.kind,
        "comment": status.comment,
        "maybe_stored": status.maybe_stored,
    }
    if status.sent_as:
        plain["sent_as"] = status.sent_as
    if status.http is not None:
        plain |= {"http": status.http, "retrieve_url": status.retrieve_url}
    if sent.earlier is not None:
        plain["earlier"] = sent.earlier
        if not status.stored:
            plain["class"] = "warning"
            plain["comment"] = f"it is there from {sent.earlier}, whose answer was lost"
    return plain
