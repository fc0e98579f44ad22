"""All phantoms on one page: ``python -m tests.imaging.contact_sheet FILE.png``, to be looked at."""

from __future__ import annotations

import sys
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

from scenario_runner.imaging.factory import preview_png
from scenario_runner.imaging.text.fonts import Typeface
from tests.imaging.planned import factory, plan_series

SIDE = 240

PICTURES: list[tuple[str, str, int, dict[str, Any]]] = [
    ("DX chest PA", "DX", 0, {}),
    ("DX chest lateral", "DX", 0, {"view": "LL"}),
    ("DX hand", "DX", 0, {"body_part": "HAND", "laterality": "L"}),
    ("DX knee", "DX", 0, {"body_part": "KNEE", "view": "AP", "laterality": "L"}),
    ("DX skull", "DX", 0, {"body_part": "SKULL"}),
    ("DX skull lateral", "DX", 0, {"body_part": "SKULL", "view": "LL"}),
    ("DX abdomen", "DX", 0, {"body_part": "ABDOMEN", "view": "AP"}),
    ("CT abdomen", "CT", 19, {"images": 30}),
    ("CT abdomen, lower", "CT", 8, {"images": 30}),
    ("CT chest", "CT", 9, {"images": 30, "body_part": "CHEST"}),
    ("CT head", "CT", 19, {"images": 30, "body_part": "HEAD"}),
    ("PET abdomen", "PT", 15, {"images": 31}),
    ("PET chest", "PT", 15, {"images": 31, "body_part": "CHEST"}),
    ("MR T1", "MR", 14, {"images": 25, "description": "T1"}),
    ("MR T2", "MR", 14, {"images": 25, "description": "T2"}),
    ("MR FLAIR", "MR", 14, {"images": 25, "description": "FLAIR"}),
    ("MG right CC", "MG", 0, {"images": 4}),
    ("MG left MLO", "MG", 3, {"images": 4}),
    (
        "MG tomosynthesis",
        "MG 1.2.840.10008.5.1.4.1.1.13.1.3",
        0,
        {"frames": 15, "laterality": "L"},
    ),
    ("US", "US", 0, {}),
    ("US colour loop", "US", 0, {"frames": 3, "sop_class_uid": "1.2.840.10008.5.1.4.1.1.3.1"}),
    ("XA", "XA", 0, {"frames": 31}),
    ("RF", "RF", 0, {"frames": 25}),
    ("NM", "NM", 0, {"frames": 2}),
    ("IO", "IO", 0, {}),
    ("PX", "PX", 0, {}),
    ("XC", "XC", 0, {}),
    ("ES", "ES", 1, {}),
    ("OT, qa/smpte", "OT", 0, {}),
    ("qa/gradient", "OT", 0, {"phantom": "qa/gradient"}),
    ("qa/noise", "OT", 0, {"phantom": "qa/noise"}),
    ("qa/flat", "OT", 0, {"phantom": "qa/flat"}),
]


def sheet(columns: int = 8) -> Image.Image:
    """Every picture with its name below it."""
    face = Typeface(13)
    height = SIDE + face.height + 4
    rows = -(-len(PICTURES) // columns)
    page = Image.new("RGB", (columns * SIDE, rows * height), (32, 32, 36))
    draw = ImageDraw.Draw(page)
    for number, (title, modality, index, series) in enumerate(PICTURES):
        x, y = number % columns * SIDE, number // columns * height
        planned = plan_series(modality, burn_in=False, **series)
        preview = preview_png(factory().instance(planned.images[index]), SIDE - 6)
        with Image.open(BytesIO(preview.png)) as picture:
            place = (x + (SIDE - picture.width) // 2, y + (SIDE - picture.height) // 2)
            page.paste(picture.convert("RGB"), place)
        draw.bitmap((x + 6, y + SIDE), Image.fromarray(face.line(title)), fill=(220, 220, 220))
    return page


if __name__ == "__main__":
    sheet().save(Path(sys.argv[1]), optimize=True)
