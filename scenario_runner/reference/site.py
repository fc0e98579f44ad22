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

A target has at least one service: `dicom`, `dicomweb`, `orthanc`, `hl7`, `fhir`, `embedded`, or the kind of a plugin. Where
several can do the same and a step does not choose with `via`, they are asked in this order.
"""

_EXPECTS = """
## What a PACS is known to do

`expects` declares where a PACS does less than others, or does it in a way of its own, so that no scenario has to:

```yaml
targets:
  pacs:
    dicom: {host: 127.0.0.1, port: 11112, ae_title: ARCHIVE}
    expects:
      transfer_syntaxes: [implicit-le, explicit-le, jpeg-lossless]
      sop_classes: [CTImageStorage, MRImageStorage, SecondaryCaptureImageStorage]
      converts_character_sets: true
      unsupported_keys: [ModalitiesInStudy]
```

Both lists are whole: what is not in them is not taken. What could only be sent in another transfer syntax, or is of
another SOP class, is left out by `send` and told, series by series: *left out: 'pacs' takes no JPEG-LS Lossless Image
Compression (expects.transfer_syntaxes)*. What is not lossy compressed goes in `implicit-le` instead, where that is
listed and the step does not say `transcode: false`, and is not left out. Checks and waits hold for what was sent. When
nothing is left to send, the rest of the case and the case itself are `skipped` for that reason. A send that is to
be refused (`expect: failure`, or `fails`) is tried all the same.

Where a PACS is said to have no worklist, MPPS or commitment, the step that needs it is skipped, and so are later steps and
checks that name that step (`of`, `what`, `with`) or use in a template what it would have saved. The rest goes on and is judged.
"""


def site_page(plugins: Plugins) -> str:
    """``site.md``: the keys of the file, and those of a target."""
    schema = make_site_schema(plugins)
    words = Words(schema["$defs"], {"site.TargetSpec": "[target](#a-target)"})
    target = schema["$defs"]["site.TargetSpec"]
    parts = [_INTRODUCTION, "## The file\n", keys(schema, words), "", _SERVICES]
    return "\n".join([*parts, keys(target, words), _EXPECTS])
