"""Which OHIF is installed: one version, known by its bytes, and what of it is needed here."""

from __future__ import annotations

import re
from typing import Final

NAME: Final = "@ohif/app"
VERSION: Final = "3.13.2"
LICENCE: Final = "MIT"
FETCHED: Final = 49_906_651
"""Bytes of the package as npm has it."""
KEPT: Final = 11_000_000
"""Bytes on the disk, about."""
DIGEST: Final = (
    "5997719a9986eeba85816f5924b71b82bdd70ad2e2d4a0cd3e831a798e4f3dee"
    "a3e06e1f8c48e393271933a0ba664d85f3b04ac457e9abe8dde715d907d13c10"
)
"""SHA-512 of the package, as npm tells it."""
CONTENT: Final = "c603a84d0928125c77e7371fd50653298fafba700f046fbaa0cc100df39ecb2a"
"""What ``digest_of`` says of the files that are kept, for who has the package unpacked."""
REVISION: Final = f"{VERSION}-1"
"""Goes up with what is done to the files, so that no browser keeps older ones: it is part of their addresses."""

BUILD: Final = "dist/"
"""Where the package has the viewer."""
TERMS: Final = "LICENSE"
_LEFT_OUT: Final = re.compile(
    r".*\.map"  # 38 MB
    r"|ort/.*"  # 136 MB: models that find outlines, for a tool that asks a stranger for them
    r"|dicom-microscopy-viewer/.*|assets/(android|apple|mstile|coast|yandex|browserconfig|manifest).*"
    r"|(sw|init-service-worker|google|app-config)\.js"  # of public servers, or of sub-paths that are not ours
    r"|(polyfill|es6-shim|oidc-client)\.min\.js|silent-refresh\.html|index\.html"
    r"|(serve|manifest)\.json|_headers|_redirects"
)
LARGEST: Final = 64 << 20
"""Bytes of any file of it."""


def is_kept(name: str) -> bool:
    """Whether a file of the package is needed: the licence, and of the build what is not left out."""
    if not name.startswith(BUILD):
        return name == TERMS
    return _LEFT_OUT.fullmatch(name.removeprefix(BUILD)) is None


def address(registry: str) -> str:
    """Where a registry that speaks npm's language has the package."""
    plain = NAME.partition("/")[2]
    return f"{registry.rstrip('/')}/{NAME}/-/{plain}-{VERSION}.tgz"
