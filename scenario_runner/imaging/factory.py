"""Planned images in, DICOM instances out, one at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from scenario_runner.dicom.syntaxes import TRANSFER_SYNTAXES, transfer_syntax_name
from scenario_runner.errors import UsageError
from scenario_runner.imaging.encoding.syntaxes import writable
from scenario_runner.imaging.phantoms.registry import usual_phantom

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from scenario_runner.imaging.api import (
        DocumentBuilder,
        Fault,
        Frame,
        Frames,
        IodBuilder,
        Phantom,
        Preview,
    )
    from scenario_runner.imaging.instance import Instance
    from scenario_runner.imaging.series_encoder import SeriesEncoder
    from scenario_runner.planning.api import ModalityDefaults
    from scenario_runner.planning.plan import PlannedImage, PlannedSeries


class InstanceFactory:
    """Makes instances with the given builders (by the key of their kind), phantoms and faults.

    Keeps the series it is in, nothing else, so memory does not grow with the number of images. One
    factory belongs to one thread; several factories share nothing that changes.
    """

    def __init__(
        self,
        builders: Mapping[str, IodBuilder | DocumentBuilder],
        phantoms: Mapping[str, Phantom],
        faults: Mapping[str, Fault] | None = None,
    ) -> None:
        self._builders, self._phantoms, self._faults = builders, phantoms, faults or {}
        self._current: tuple[PlannedSeries, dict[str, Any], SeriesEncoder] | None = None

    def instances(
        self, images: Iterable[PlannedImage], modifications: Mapping[str, Any] | None = None
    ) -> Iterator[Instance]:
        """The instances of these images, in their order, each made when it is asked for.

        modifications: KEYWORD: value, as in ``tags``, on top of what each series has. Raises
        InvalidInput for a value that cannot be written, UsageError for an unknown modality, phantom
        or transfer syntax.
        """
        for image in images:
            yield self.instance(image, modifications)

    def instance(
        self, image: PlannedImage, modifications: Mapping[str, Any] | None = None
    ) -> Instance:
        """The instance of one image; quick while the series stays the same and has no faults."""
        make = self.encoder(image.series, modifications).instance
        if not image.series.faults:
            return make(image)
        from scenario_runner.imaging.faults.breaking import broken

        return broken(image, make, self._faults)

    def check(self, series: PlannedSeries, modifications: Mapping[str, Any] | None = None) -> None:
        """Find out whether a series can be made. Raises what ``instances`` would."""
        self.encoder(series, modifications)

    def encoder(
        self, series: PlannedSeries, modifications: Mapping[str, Any] | None = None
    ) -> SeriesEncoder:
        """The encoder of a series, kept until another series is asked for."""
        from scenario_runner.imaging.series_encoder import SeriesEncoder

        changes = dict(modifications or {})
        current = self._current
        if current and current[1] == changes and _same(current[0], series):
            return current[2]
        self._current = None  # let go of the last series' pixels before drawing the next ones
        uid, can = series.transfer_syntax_uid, writable()
        if uid not in can:
            names = [name for name, known in TRANSFER_SYNTAXES.items() if known in can]
            raise UsageError(
                f"series {series.id}: transfer syntax {transfer_syntax_name(uid)} cannot be written",
                hint=f"there are {', '.join(names)}",
            )
        builder = self._builder(series)
        if builder.defaults.has_pixels:
            frames = self._frames(series, builder.defaults)
            encoder = SeriesEncoder(series, cast("IodBuilder", builder), frames, changes)
        else:
            document = cast("DocumentBuilder", builder).open(series, self._first_frame)
            encoder = SeriesEncoder(series, document, None, changes)
        self._current = (series, changes, encoder)
        return encoder

    def _builder(self, series: PlannedSeries) -> IodBuilder | DocumentBuilder:
        builder = self._builders.get(series.kind or series.modality)
        if builder is None:
            raise UsageError(
                f"series {series.id}: no IOD builder makes modality '{series.modality}'",
                hint=f"there are {', '.join(sorted(self._builders))}",
            )
        return builder

    def _frames(self, series: PlannedSeries, kind: ModalityDefaults) -> Frames:
        if series.picture is not None:
            from scenario_runner.imaging.phantoms.picture import PictureFrames

            return PictureFrames(series, series.picture)
        if kind.stacked:
            from scenario_runner.imaging.phantoms.stacked import open_stacked

            return open_stacked(self.phantom(series), series)
        return self.phantom(series).open(series)

    def _first_frame(self, series: PlannedSeries) -> Frame:
        """The first frame of a series that another one refers to."""
        from scenario_runner.imaging.phantoms.stacked import slices_of

        kind = self._builder(series).defaults
        if kind.stacked and series.picture is None:
            return self.phantom(series).open(slices_of(series)).frame(0)
        return self._frames(series, kind).frame(0)

    def phantom(self, series: PlannedSeries) -> Phantom:
        """The phantom of a series: the one it names, else the one for its modality and body part."""
        name = series.phantom or usual_phantom(series)
        if name not in self._phantoms:
            raise UsageError(
                f"series {series.id}: there is no phantom '{name}'",
                hint=f"there are {', '.join(sorted(self._phantoms))}",
            )
        return self._phantoms[name]


def _same(one: PlannedSeries, other: PlannedSeries) -> bool:
    """Whether two planned series are one; a plan makes its members again each time it is walked."""
    return one is other or (one.uid == other.uid and one == other)


def contexts(series: Iterable[PlannedSeries]) -> list[tuple[str, str]]:
    """Every (SOP class UID, transfer syntax UID) that sending these series needs, in order."""
    found: dict[tuple[str, str], None] = {}
    for each in series:
        override = each.tags.get("SOPClassUID")
        sop_class = override if isinstance(override, str) else each.sop_class_uid
        found[sop_class, each.transfer_syntax_uid] = None
    return list(found)


def preview_png(instance: Instance, max_side: int = 320) -> Preview:
    """A small windowed 8-bit PNG of an instance, its middle frame if it has several.

    One that was broken on purpose is shown as it was before, for it may have no picture any more.
    """
    from scenario_runner.imaging.preview import render

    return render(instance.clean or instance, max_side)
