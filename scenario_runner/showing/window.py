"""VOI windows: which are possible, which one an image has, and what shows an image without one."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, Literal, get_args

from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from pydicom import Dataset

Function = Literal["linear", "linear-exact", "sigmoid"]
FUNCTIONS: Final[tuple[Function, ...]] = get_args(Function)


class WindowError(ValueError):
    """A window that cannot be; says why."""


@dataclass(frozen=True, slots=True)
class Window:
    """A VOI window (PS3.3 C.11.2.1.2), in units of the values after the Modality LUT.

    Raises WindowError for a width below 1 with ``linear`` and for one that is not above 0 with the
    others (C.11.2.1.2.1, C.11.2.1.3).
    """

    center: float
    width: float
    function: Function = "linear"

    def __post_init__(self) -> None:
        if not (math.isfinite(self.center) and math.isfinite(self.width)):
            raise WindowError("a window is two finite numbers, its center and its width")
        if self.function == "linear" and self.width < 1:
            raise WindowError(
                f"a linear window is 1 wide or wider, not {self.width:g} (PS3.3 C.11.2.1.2); "
                "linear-exact takes any width above 0"
            )
        if self.width <= 0:
            raise WindowError(f"the width of a window is above 0, not {self.width:g}")

    def apply(self, values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Values as 0 to 1; what is not a number stays so."""
        import numpy as np

        if self.function == "sigmoid":
            with np.errstate(over="ignore"):
                return np.asarray(1 / (1 + np.exp(-4 * (values - self.center) / self.width)))
        if self.function == "linear-exact":
            return np.clip((values - self.center) / self.width + 0.5, 0, 1)
        if self.width == 1:
            return (values > self.center - 0.5).astype(np.float64)
        return np.clip((values - (self.center - 0.5)) / (self.width - 1) + 0.5, 0, 1)


def stored_window(voi: Dataset) -> Window | None:
    """The first window of an instance; None when there is none that can be used."""
    center, width = (first_number(voi.get(word)) for word in ("WindowCenter", "WindowWidth"))
    if center is None or width is None:
        return None
    function = str(voi.get("VOILUTFunction") or "LINEAR").lower().replace("_", "-")
    try:
        return Window(center, width, function if function in FUNCTIONS else "linear")
    except WindowError:
        return None  # the rules tell of it; what is shown is the whole range


def whole_range(
    values: npt.NDArray[np.float64], counted: npt.NDArray[np.bool_] | None
) -> npt.NDArray[np.float64]:
    """Values as 0 to 1, the least black and the greatest white; 0.5 when all are one value.

    counted: which values the range is of, None for all; infinite ones are never counted.
    """
    import numpy as np

    among = values if counted is None else values[counted]
    if not among.size:
        return np.full_like(values, 0.5)
    # Halves, for the range of two floats can be more than a float holds.
    low, high = float(among.min()) / 2, float(among.max()) / 2
    if low == high:
        return np.full_like(values, 0.5)
    with np.errstate(over="ignore"):
        return np.clip((values / 2 - low) / (high - low), 0, 1)


def first_number(value: object) -> float | None:
    """The first value of an attribute as a finite number; None when there is none."""
    from pydicom.multival import MultiValue

    if isinstance(value, MultiValue):
        value = value[0] if value else None
    if value is None or value == "":
        return None
    try:
        number = float(str(value))
    except ValueError:
        return None  # as an object may have it on purpose
    return number if math.isfinite(number) else None
