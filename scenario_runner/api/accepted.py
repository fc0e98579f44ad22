"""What a PACS does not take, as the site file has it (``expects``): what need not be sent to it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from scenario_runner.amounts import amount
from scenario_runner.dicom.dictionary import uid_name
from scenario_runner.dicom.syntaxes import IMPLICIT_LE, LOSSY
from scenario_runner.language.accepted import sop_class, transfer_syntax
from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from scenario_runner.language.site_model import Expectations
    from scenario_runner.planning.plan import PlannedSeries


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A series that a PACS was not sent, and why."""

    series: PlannedSeries
    reason: str
    """``'pacs' takes no JPEG 2000 Image Compression (expects.transfer_syntaxes)``."""

    def plain(self) -> dict[str, Any]:
        """The same for the report."""
        return {
            "series": self.series.id,
            "instances": self.series.image_count,
            "sop_class": uid_name(self.series.sop_class_uid),
            "transfer_syntax": uid_name(self.series.transfer_syntax_uid),
            "reason": self.reason,
        }


def not_taken(target: str, expects: Expectations, *, transcode: bool) -> Callable[[str, str], str]:
    """What says why a PACS takes no instance of a SOP class in a transfer syntax; empty where it may.

    transcode: whether what is not lossy compressed can go in the default transfer syntax (PS3.5 10.1).
    """
    syntaxes, classes = expects.transfer_syntaxes, expects.sop_classes
    taken = None if syntaxes is None else frozenset(map(transfer_syntax, syntaxes))
    stored = None if classes is None else frozenset(map(sop_class, classes))

    def reason(sop_class_uid: str, transfer_syntax_uid: str) -> str:
        if stored is not None and sop_class_uid not in stored:
            return f"'{target}' takes no {uid_name(sop_class_uid)} (expects.sop_classes)"
        if taken is None or transfer_syntax_uid in taken:
            return ""
        if transcode and IMPLICIT_LE in taken and transfer_syntax_uid not in LOSSY:
            return ""
        return f"'{target}' takes no {uid_name(transfer_syntax_uid)} (expects.transfer_syntaxes)"

    return reason


def sentence(left_out: Iterable[LeftOut]) -> str:
    """``left out: 'pacs' takes no JPEG-LS … (expects.transfer_syntaxes): 2 series, 3 instances``."""
    by_reason: dict[str, list[int]] = {}
    for one in left_out:
        by_reason.setdefault(one.reason, []).append(one.series.image_count)
    parts = [
        f"{reason}: {len(counts)} series, {amount(sum(counts), 'instance')}"
        for reason, counts in by_reason.items()
    ]
    return f"left out: {'; '.join(parts)}" if parts else ""
