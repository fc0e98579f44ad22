"""The files of a library: ``library.yaml`` and its step lists."""

from typing import Annotated, Any, Literal

from pydantic import Field

from scenario_runner.fields.types import Model, Name, Text

ParameterType = Literal[
    "target", "text", "integer", "number", "boolean", "duration", "list", "mapping"
]

LIBRARY_NAME = r"^[A-Za-z0-9][A-Za-z0-9_.-]*$"
STEP_LIST_NAME = r"^[A-Za-z_][A-Za-z0-9_-]*$"


class Requires(Model):
    """What a library needs."""

    fabricate: Text | None = None
    """Which versions of DICOM Fabricator it works with, as a range: ``>=1.2 <3``."""
    libraries: dict[str, Text] = Field(default={})
    """Other libraries by name, each with the range of its versions."""


class LibraryHeader(Model):
    """A library of scenarios and step lists."""

    schema_: Annotated[Literal["library/v1"], Field(alias="schema")]
    name: Annotated[str, Field(pattern=LIBRARY_NAME, max_length=64)]
    """What ``use`` calls it."""
    version: Text
    """A semantic version: ``1.2.0``."""
    title: Text = ""
    """What it is for, in a line."""
    description: Text = ""
    """More about it."""
    license: Text = ""
    """An SPDX expression: ``MIT``."""
    requires: Requires = Requires.defaults()
    """What it needs of the program and of other libraries."""
    site: Text | None = None
    """A site file of the library, which its scenarios run on when no other is given."""


class Parameter(Model):
    """One parameter of a step list."""

    type: ParameterType = "text"
    """What a value has to be."""
    default: Any = None
    """The value when none is given."""
    required: bool | None = None
    """Whether one has to be given; by default where there is no default."""
    one_of: list[Any] = Field(default=[])
    """The only values allowed."""
    description: Text = ""
    """What it is for."""

    @property
    def is_required(self) -> bool:
        """Whether a use has to give it."""
        if self.required is not None:
            return self.required
        return "default" not in self.model_fields_set


class StepListHeader(Model):
    """A list of steps that scenarios use by its name."""

    schema_: Annotated[Literal["steps/v1"], Field(alias="schema")]
    name: Annotated[str, Field(pattern=STEP_LIST_NAME, max_length=64)]
    """What ``use`` calls it, below the name of its library."""
    title: Text = ""
    """What it does, in a line."""
    description: Text = ""
    """More about it."""
    parameters: dict[Name, Parameter] = Field(default={})
    """What a use can give it, as ``params.NAME`` in its templates."""
