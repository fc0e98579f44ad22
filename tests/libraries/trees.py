"""Folders with libraries, for tests."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml


def write(folder: Path, files: Mapping[str, Any]) -> Path:
    """Write files into a folder: text as it is, mappings as YAML."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        text = content if isinstance(content, str) else yaml.safe_dump(content, sort_keys=False)
        path.write_text(text, encoding="utf-8", newline="\n")
    return folder


def library(name: str, version: str = "1.0.0", **more: Any) -> dict[str, Any]:
    """The head of a library."""
    return {"schema": "library/v1", "name": name, "version": version, **more}


def step_list(name: str, steps: list[Any], **parameters: Any) -> dict[str, Any]:
    """A step list with its parameters."""
    return {"schema": "steps/v1", "name": name, "parameters": parameters, "steps": steps}


def scenario(*steps: Any, **more: Any) -> dict[str, Any]:
    """A scenario of one small image."""
    series = {"modality": "CR", "images": 1, "size": [64, 64]}
    patients = [{"studies": [{"series": [series]}]}]
    return {
        "schema": "scenario/v1", "name": "example", "patients": patients, "steps": list(steps), **more,
    }  # fmt: skip
