"""C-STORE of many instances: the way in (PS3.4 annex B)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenario_runner.network.bulk.pace import Pace
from scenario_runner.network.bulk.parallel import Crew
from scenario_runner.network.bulk.sender import Sender
from scenario_runner.network.bulk.stream import Stream
from scenario_runner.sending import ONE_BY_ONE, Sending

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Sequence

    from scenario_runner.answers import StoreStatus
    from scenario_runner.deadline import Deadline
    from scenario_runner.dicom.part10 import Storable
    from scenario_runner.network.bulk.sender import Pair
    from scenario_runner.ul.peer import Peer


def store(
    peer: Peer,
    instances: Iterable[Storable],
    contexts: Sequence[Pair],
    deadline: Deadline,
    how: Sending = ONE_BY_ONE,
    *,
    recode: Callable[[Storable], Storable] | None = None,
) -> Generator[StoreStatus, None, None]:
    """Send instances, yielding each one's answer as it is known.

    Instances are pulled as they are needed and never kept. Every instance pulled gets exactly one
    answer: with the peer's status; or, when no context for it was accepted, with status None and
    the reason as comment, while the others go on. When an association breaks, whatever has no
    answer yet is yielded with status None, and then the error is raised: TargetError children, or
    what the deadline raises.

    contexts: every pair that may come. how: answers keep the order of the instances only with one association.
    recode: see ``Sender``.
    """
    pace = Pace(how.rate)

    def stream_of(sender: Sender) -> Stream:
        return Stream(sender, pace, deadline, how.resumes, skips=how.skips)

    senders = [
        Sender(peer, contexts, deadline, how.opened, recode)
        for _ in range(max(1, how.associations))
    ]
    try:
        for sender in senders:
            sender.open()
        if len(senders) == 1:
            yield from stream_of(senders[0]).run(iter(instances))
        else:
            yield from Crew(senders, stream_of).run(iter(instances))
    except GeneratorExit:
        _each(senders, Sender.release)
        raise
    except BaseException:
        _each(senders, Sender.abort)
        raise
    _each(senders, Sender.release)


def _each(senders: Sequence[Sender], end: Callable[[Sender], None]) -> None:
    for sender in senders:
        end(sender)
