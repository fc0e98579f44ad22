"""The page of the site file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenario_runner.language.schema import make_site_schema
from scenario_runner.reference.tables import GENERATED, keys
from scenario_runner.reference.words import Words

if TYPE_CHECKING:
    from scenario_runner.plugins import Plugins

_INTRODUCTION = f"""{GENERATED}

# The site file

A site file names the PACS, so that no scenario holds a host. [Sites and PACS](../guide/sites-and-pacs.md)
shows it at work. Values may be [templates](templates.md) that use `env`, but not those of `schema`,
`name` and `plugins`; whatever comes from `env` is a secret and shown nowhere. A duration may also be a
plain number of seconds.
"""

_SERVICES = """## A target

A target has at least one service: `dicom`, `dicomweb`, `orthanc`, `embedded`, or the kind of a plugin. Where
several can do the same and a step does not choose with `via`, they are asked in this order.
"""


def site_page(plugins: Plugins) -> str:
    """``site.md``: the keys of the file, and those of a target."""
    schema = make_site_schema(plugins)
    words = Words(schema["$defs"], {"site.TargetSpec": "[target](#a-target)"})
    target = schema["$defs"]["site.TargetSpec"]
    parts = [_INTRODUCTION, "## The file\n", keys(schema, words), "", _SERVICES]
    return "\n".join([*parts, keys(target, words), ""])
