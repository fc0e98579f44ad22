"""Who asks for runs and scenarios."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path

from scenario_runner.service.asking import Asking
from scenario_runner.service.permissions import Permission
from scenario_runner.web.imaging.asking import asks
from scenario_runner.web.text import Text

Runner = Annotated[Asking, asks(Permission.RUN)]
RunId = Annotated[
    Text, Path(max_length=64, description="Its ID.", examples=["20260131T093000Z-3f2a"])
]
ScenarioName = Annotated[
    Text, Path(max_length=64, description="Its name.", examples=["xray_smoke"])
]
