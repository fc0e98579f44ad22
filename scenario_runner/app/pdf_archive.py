"""PDF/A-3 (ISO 19005-3): the printed report in a form to be kept for decades, with the run's data inside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from scenario_runner.errors import MachineError, UsageError, of_the_machine

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType

FLAVOUR: Final = "3b"
"""The look of each page is kept (B). Level A would vouch for the order of reading, which nobody has checked."""
_NO_GLYPH: Final = ":6.2.11.8-1"
"""The rule that no text is drawn as the box that stands for an unknown character."""
_TYPED: Final = ("/MarkInfo", "/ViewerPreferences")
"""Dictionaries of the catalog that Chromium gives a /Type, which ISO 32000-1 (tables 150 and 321) does not define."""


def library() -> tuple[ModuleType, ModuleType]:
    """The library and its validator. Raises UsageError where they are not installed."""
    try:
        import pikepdf
        from pikepdf import pdfa
    except ImportError as error:
        raise UsageError(
            "PDF/A-3 needs pikepdf, which is not installed",
            hint="pip install 'dicom-fabricator[pdfa]', or take --pdf",
        ) from error
    return pikepdf, pdfa


def archived(printed: Path, data: Path) -> None:
    """Make a PDF that Chromium printed a PDF/A-3, in its place, with another file attached as its source.

    data: JSON. The result is validated before it is kept. Raises MachineError when the PDF cannot become one.
    """
    pikepdf, pdfa = library()
    try:
        with pikepdf.open(printed, allow_overwriting_input=True) as pdf:
            for key in _TYPED:
                if key in pdf.Root and "/Type" in pdf.Root[key]:
                    del pdf.Root[key]["/Type"]
            pdf.attachments[data.name] = pikepdf.AttachedFileSpec(
                pdf,
                data.read_bytes(),
                filename=data.name,
                description="The run as data, from which this report was made",
                mime_type="application/json",
                relationship=pikepdf.Name.Source,
            )
            pdfa.save(pdf, None, FLAVOUR)
    except OSError as error:
        raise of_the_machine(f"cannot make '{printed.name}' a PDF/A-3", error) from error
    except pikepdf.PdfError as error:
        raise MachineError(f"the browser printed no PDF that can be read: {error}") from error
    except pdfa.PdfaError as error:
        first = str(error.report.findings[0])
        no_font = _NO_GLYPH in first
        raise MachineError(
            f"what the browser printed cannot become a PDF/A-3: {first}",
            hint=f"{'no font here has a character of the report; install one. ' if no_font else ''}--pdf writes it as it is",
        ) from error
