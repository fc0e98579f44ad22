"""What the author of a step, a check or a target kind imports: ``from scenario_runner.api import …``.

Built-ins import the same names. Nothing here loads wire code.
"""

from scenario_runner.api.checks import Check, CheckResult, Difference
from scenario_runner.api.ledger import Ledger, Retrieved, SentInstance
from scenario_runner.api.steps import Step, StepContext, StepResult
from scenario_runner.api.targets import (
    CommitResult,
    Echo,
    FindRequest,
    Level,
    MppsResult,
    Received,
    RetrieveRequest,
    RetrieveResult,
    StoreOptions,
    StoreStatus,
    Target,
    TargetKind,
    TargetSetup,
    status_class,
)
from scenario_runner.deadline import Deadline
from scenario_runner.language.fields import (
    AttributeName,
    Attributes,
    CheckList,
    Count,
    Date,
    Duration,
    Expression,
    Model,
    Name,
    SavedName,
    Selection,
    StepName,
    TargetName,
    Text,
    Time,
    ValidatorName,
)
from scenario_runner.plugins import hookimpl

__all__ = [
    "AttributeName",
    "Attributes",
    "Check",
    "CheckList",
    "CheckResult",
    "CommitResult",
    "Count",
    "Date",
    "Deadline",
    "Difference",
    "Duration",
    "Echo",
    "Expression",
    "FindRequest",
    "Ledger",
    "Level",
    "Model",
    "MppsResult",
    "Name",
    "Received",
    "RetrieveRequest",
    "RetrieveResult",
    "Retrieved",
    "SavedName",
    "Selection",
    "SentInstance",
    "Step",
    "StepContext",
    "StepName",
    "StepResult",
    "StoreOptions",
    "StoreStatus",
    "Target",
    "TargetKind",
    "TargetName",
    "TargetSetup",
    "Text",
    "Time",
    "ValidatorName",
    "hookimpl",
    "status_class",
]
