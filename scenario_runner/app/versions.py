"""What a run ran on: every version that mattered."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

from scenario_runner.version import __version__

_LIBRARIES = (
    "pydicom", "numpy", "pillow", "faker",
    "pyjpegls", "pylibjpeg-openjpeg", "pylibjpeg-rle", "python-gdcm",
)  # fmt: skip
_EXTRAS = ("imagecodecs",)


def environment(plugins: list[str]) -> dict[str, object]:
    """Versions and platform as plain values; never a user's or a host's name."""
    libraries = {}
    for name in (*_LIBRARIES, *_EXTRAS):
        try:
            libraries[name] = version(name)
        except PackageNotFoundError:
            if name not in _EXTRAS:  # pragma: no cover - a broken installation
                libraries[name] = "unknown"
    return {
        "fabricator": __version__,
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.release()} {platform.machine()}",
        "libraries": libraries,
        "plugins": plugins,
    }
