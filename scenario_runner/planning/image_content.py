"""What the images of a series show: of which body part, as which phantom or picture, how encoded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenario_runner.dicom.syntaxes import EXPLICIT_LE, misfit
from scenario_runner.language.diagnostic_words import did_you_mean
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.planning import object_kinds
from scenario_runner.planning.anatomy import usual_view
from scenario_runner.planning.modalities import find_transfer_syntax
from scenario_runner.planning.pictures import Picture, names_a_file, unfit
from scenario_runner.planning.pictures import find as find_picture
from scenario_runner.planning.value_problems import ValueProblem

if TYPE_CHECKING:
    from pathlib import Path as FilePath

    from scenario_runner.language.model import SeriesSpec
    from scenario_runner.planning.api import ModalityDefaults
    from scenario_runner.planning.blueprint import Path
    from scenario_runner.planning.findings import Findings
    from scenario_runner.planning.offers import Offers


@dataclass(frozen=True, slots=True)
class Examined:
    """What was examined and how, as attributes of the series say it."""

    body_part: str
    view: str | None
    description: str
    protocol: str


def examined(spec: SeriesSpec, kind: ModalityDefaults) -> Examined:
    """What the scenario says of a series, and what goes with that where it says nothing."""
    body_part = kind.body_part if spec.body_part is None else spec.body_part
    usual = body_part == kind.body_part
    view = spec.view
    if view is None:
        view = kind.view if usual else usual_view(kind.modality, body_part)
    description = spec.description
    if description is None:
        description = " ".join(part for part in (body_part or kind.modality, view) if part)
        if kind.description and (body_part, view) == (kind.body_part, kind.view):
            description = kind.description
    protocol = spec.protocol
    if protocol is None:
        protocol = kind.protocol if usual else description
    return Examined(body_part, view, description, protocol)


class ImageContent:
    """Settles what images show and how they are encoded; what cannot be goes to ``findings``.

    folder: of the scenario, where the pictures it names are looked for.
    """

    def __init__(self, offers: Offers, folder: FilePath, findings: Findings) -> None:
        self._offers, self._folder, self._findings = offers, folder, findings

    def unknown(self, spec: SeriesSpec, path: Path) -> None:
        """Notes a phantom and a transfer syntax that there are not, of a series of no known modality."""
        if (given := spec.phantom) is not None and not names_a_file(given):
            self._known_phantom(given, (*path, "phantom"))
        if (given := spec.transfer_syntax) is not None:
            uid = find_transfer_syntax(given, self._offers.transfer_syntaxes)
            if isinstance(uid, ValueProblem):
                self._findings.add((*path, "transfer_syntax"), uid)

    def _known_phantom(self, given: str, place: Path) -> None:
        known = self._offers.phantoms
        if known is None or given in known:
            return
        message = f"unknown phantom '{given}'{did_you_mean(given, known)}"
        hint = f"phantoms are: {', '.join(sorted(known))}; or a .png, .jpg or .npy file"
        self._findings.add(place, ValueProblem("FAB313", message, hint))

    def picture(self, spec: SeriesSpec, modality: str, path: Path) -> Picture | None:
        """What is measured of a phantom that is a file; notes one that does not exist or fit."""
        given, known = spec.phantom, self._offers.phantoms
        place = (*path, "phantom")
        if given is None or known is None:
            return None
        if given in known:
            fits = known[given]
            if fits is not None and modality not in fits:
                others = sorted(name for name, of in known.items() if of is None or modality in of)
                message = f"the phantom '{given}' does not fit modality {modality}"
                hint = f"for {modality} there are: {', '.join(others)}"
                self._findings.add(place, ValueProblem("FAB118", message, hint))
            return None
        if names_a_file(given):
            return self._file(given, spec, modality, path)
        self._known_phantom(given, place)
        return None

    def _file(self, given: str, spec: SeriesSpec, modality: str, path: Path) -> Picture | None:
        found = find_picture(given, self._folder)
        if isinstance(found, ValueProblem):
            self._findings.add((*path, "phantom"), found)
            return None
        if problem := unfit(found, modality):
            self._findings.add((*path, "phantom"), problem)
        if found.is_array and spec.size not in (None, [found.rows, found.columns]):
            message = f"'{given}' has {found.rows} rows and {found.columns} columns"
            hint = "an array is stored as it is: leave 'size' out"
            self._findings.add((*path, "size"), ValueProblem("FAB118", message, hint))
        return found

    def phantom(self, spec: SeriesSpec, kind: ModalityDefaults, body_part: str, frames: int) -> str:
        """The name of the phantom; empty when only imaging can tell."""
        if spec.phantom or not kind.has_pixels:
            return spec.phantom or ""
        if kind.phantom and body_part == kind.body_part:
            return kind.phantom
        # A phantom of another body part would not do; there is one for each.
        choose = self._offers.usual_phantom
        return choose(kind.modality, body_part, frames) if choose else ""

    def transfer_syntax(
        self, spec: SeriesSpec, kind: ModalityDefaults, size: tuple[int, int], path: Path
    ) -> str:
        """The UID of the transfer syntax. size: rows and columns, which not every one can hold."""
        if spec.transfer_syntax is None:
            return EXPLICIT_LE
        place = (*path, "transfer_syntax")
        uid = find_transfer_syntax(spec.transfer_syntax, self._offers.transfer_syntaxes)
        if isinstance(uid, ValueProblem):
            self._findings.add(place, uid)
            return EXPLICIT_LE
        if not kind.has_pixels:
            if useless := object_kinds.syntax_problem(kind, uid):
                self._findings.add(place, useless)
            return uid
        # Another phantom may draw other pixels; imaging looks at them before it makes anything.
        bits = kind.bits_allocated if spec.phantom is None else None
        rows, columns = size
        problem = misfit(uid, bits_allocated=bits, rows=rows, columns=columns)
        if problem is not None:
            message, hint = problem
            self._findings.add(place, ValueProblem("FAB315", message, hint))
        return uid
