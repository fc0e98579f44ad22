"""Loading that tells all that is wrong with what it is asked for, as ``fabricate validate`` does."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from scenario_runner.app.load import Loaded, Sources, load
from scenario_runner.errors import MOST_DIAGNOSTICS, FabricatorError, InvalidInput, in_file_order
from scenario_runner.language.document_kinds import KINDS, kind_of


def load_or_tell(sources: Sources) -> Loaded:
    """As ``load``; InvalidInput has what the plans of the same files are wrong about, too."""
    try:
        return load(sources)
    except InvalidInput as error:
        # Only who has made a mistake waits for this.
        from scenario_runner.app.validate import validate

        named = dict.fromkeys((one.where.used or one.where).file for one in error.diagnostics)
        # A table of rows is no file of the language, and is told of by the scenario that names it.
        files = [Path(file) for file in named if file and kind_of(Path(file)) in KINDS]
        told = list(error.diagnostics)
        try:
            found = validate(replace(sources, paths=files))
        except FabricatorError:
            raise error from None
        told += [one for one in found.diagnostics if one.severity == "error" and one not in told]
        raise InvalidInput(in_file_order(told)[:MOST_DIAGNOSTICS]) from None
