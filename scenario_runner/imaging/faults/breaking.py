"""An instance that was right, with its planned faults: marked as a negative test and then broken."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenario_runner.errors import UsageError
from scenario_runner.imaging.api import CannotHaveFaultError
from scenario_runner.imaging.faults.raw_elements import taken_apart
from scenario_runner.imaging.refusal import refusal
from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from scenario_runner.imaging.api import Fault
    from scenario_runner.imaging.faults.raw_elements import RawObject
    from scenario_runner.imaging.instance import Instance
    from scenario_runner.planning.plan import PlannedImage


@dataclass(frozen=True, slots=True)
class _About:
    """See ``imaging.api.Faulty``."""

    image: PlannedImage
    make: Callable[[PlannedImage], Instance]

    def clean(self, index: int) -> RawObject:
        """Another image of the series."""
        return taken_apart(self.make(self.image.series.images[index]))


def broken(
    image: PlannedImage,
    make: Callable[[PlannedImage], Instance],
    known: Mapping[str, Fault],
) -> Instance:
    """The instance of an image with the faults that its series plans for it.

    make: builds an image without faults. An image without a planned fault comes as it is made. The
    object says in ImageComments (PatientComments where it is no image) what is wrong with it. Raises
    InvalidInput for a fault that the object cannot have, UsageError for an unknown one.
    """
    made = make(image)
    names = [fault.name for fault in image.series.faults if fault.on(image.index + 1)]
    if not names:
        return made
    raw = taken_apart(made)
    mark(raw, names)
    about = _About(image, make)
    for name in names:
        if name not in known:
            raise UsageError(
                f"series {image.series.id}: there is no fault '{name}'",
                hint=f"there are {', '.join(sorted(known))}",
            )
        try:
            known[name].apply(raw, about)
        except CannotHaveFaultError as error:
            message = f"an object of modality {image.series.modality} cannot have the fault "
            raise refusal(image.series, "FAB316", f"{message}'{name}': {error}", None) from None
    return raw.instance(made)


def mark(raw: RawObject, names: list[str]) -> None:
    """Say in the object itself that it is wrong on purpose."""
    keyword = "ImageComments" if raw.get("Rows") else "PatientComments"
    element = raw.get(keyword)
    before = element.value.rstrip(b" ") + b" " if element else b""
    raw.put(keyword, before + f"Negative test: {', '.join(names)}.".encode("ascii"))
