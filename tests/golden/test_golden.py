"""Golden runs of the real main: what becomes of the seeds and of a file of odd records, byte by byte.

NEWSBEAM_UPDATE_GOLDEN=1 writes the expected files anew; read the diff before you commit it. Digests of
rule packs are left out: they change with every rule, and a test of their own holds them.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Answer, written

HERE = Path(__file__).parent
EXPECTED = HERE / "expected"


def golden(records: list[dict[str, Any]]) -> str:
    """Records as the golden files hold them: a field a line, so that a diff can be read."""
    for record in records:
        if "provenance" in record:
            record["provenance"] = {"rules": sorted(record["provenance"]["rules"])}
    return json.dumps(records, ensure_ascii=False, indent=1) + "\n"


@pytest.mark.pipeline
@pytest.mark.parametrize("name", ["seeds", "odd"])
def test_golden(newsbeam: Callable[..., Answer], tmp_path: Path, name: str) -> None:
    assert newsbeam("replay", HERE / name, "-o", tmp_path).exit_code == 0
    for kind in ("articles", "dead_letters"):
        got, file = golden(written(tmp_path, kind)), EXPECTED / f"{name}.{kind}.json"
        if os.environ.get("NEWSBEAM_UPDATE_GOLDEN") and not os.environ.get("CI"):
            file.parent.mkdir(exist_ok=True)
            file.write_text(got, "utf-8")
        assert got == file.read_text("utf-8"), f"{file.name}: NEWSBEAM_UPDATE_GOLDEN=1 writes it anew"
