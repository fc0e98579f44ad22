"""One module per step: its model, which is its schema and its documentation, and its ``run``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenario_runner.plugins import hookimpl

if TYPE_CHECKING:
    from scenario_runner.api import Step


@hookimpl
def fabricate_steps() -> list[type[Step]]:
    """The steps of the language, in the order of the reference."""
    from scenario_runner.steps.assert_ import Assert
    from scenario_runner.steps.commit import Commit
    from scenario_runner.steps.delete import Delete
    from scenario_runner.steps.echo import Echo
    from scenario_runner.steps.generate import Generate
    from scenario_runner.steps.import_ import Import
    from scenario_runner.steps.log import Log
    from scenario_runner.steps.misbehave import Misbehave
    from scenario_runner.steps.mpps import Mpps
    from scenario_runner.steps.pause import Pause
    from scenario_runner.steps.query import Query
    from scenario_runner.steps.retrieve import Retrieve
    from scenario_runner.steps.send import Send
    from scenario_runner.steps.validate import Validate
    from scenario_runner.steps.wait import Wait
    from scenario_runner.steps.worklist import Worklist

    return [
        Generate,
        Import,
        Validate,
        Echo,
        Send,
        Wait,
        Query,
        Retrieve,
        Commit,
        Worklist,
        Mpps,
        Delete,
        Misbehave,
        Assert,
        Pause,
        Log,
    ]
