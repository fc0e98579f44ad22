"""The same image in several transfer syntaxes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scenario_runner.dicom.syntaxes import TRANSFER_SYNTAXES
from scenario_runner.imaging.series_encoder import SeriesEncoder
from tests.imaging.planned import builders, factory, plan_series

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from scenario_runner.imaging.instance import Instance
    from scenario_runner.planning.plan import PlannedSeries


def planned(modality: str, syntax: str, **more: Any) -> PlannedSeries:
    """A small series in the transfer syntax of that name."""
    uid = TRANSFER_SYNTAXES[syntax]
    given = {"size": (64, 80), "images": 2, **more}
    return plan_series(modality, transfer_syntax_uid=uid, **given)


def instance(modality: str, syntax: str, **more: Any) -> Instance:
    """The second image of such a series."""
    return factory().instance(planned(modality, syntax, **more).images[1])


def each_syntax(modality: str, names: Sequence[str], **more: Any) -> Iterator[tuple[str, Instance]]:
    """That image in each transfer syntax, its phantom drawn once."""
    first = planned(modality, "explicit-le", **more)
    frames = factory()._frames(first, builders()[modality].defaults)
    for name in names:
        series = planned(modality, name, **more)
        encoder = SeriesEncoder(series, builders()[modality], frames, {})
        yield name, encoder.instance(series.images[1])
