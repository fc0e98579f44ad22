"""What several threads would load at once is loaded before they begin."""

from __future__ import annotations

import importlib


def load_data_sets() -> None:
    """Import pydicom whole, and what reads and writes data sets with it.

    Its modules import one another. Of two threads that begin at different ones, each holds the lock of what the other
    waits for: Python gives one a deadlock error or half a module, and a step that has done nothing wrong is said to
    have a defect.
    """
    importlib.import_module("scenario_runner.dicom.datasets")
