"""Dependencies point one way: schemas <- pipelines/text <- pipelines/steps <- pipelines -> connectors."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MAY_NOT_IMPORT = {
    "schemas": ("pipelines", "connectors", "apache_beam"),
    "connectors": ("pipelines",),
    "pipelines/text": ("apache_beam", "connectors", "pipelines.steps"),
    "pipelines/steps": ("apache_beam", "connectors"),
}


def imports(file: Path) -> set[str]:
    """Every module a file imports, at its top or inside a function."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: relative import"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


@pytest.mark.parametrize("layer", MAY_NOT_IMPORT)
def test_a_layer_imports_nothing_above_it(layer: str) -> None:
    files = sorted((ROOT / layer).rglob("*.py"))
    assert files
    for file in files:
        for module in imports(file):
            for forbidden in MAY_NOT_IMPORT[layer]:
                assert f"{module}.".startswith(f"{forbidden}.") is False, f"{file} imports {module}"


def test_text_and_steps_use_of_pipelines_is_text_models_and_version() -> None:
    allowed = ("pipelines.text.", "pipelines.models.", "pipelines.version.", "pipelines.rules.")
    for layer in ("pipelines/text", "pipelines/steps"):
        for file in sorted((ROOT / layer).rglob("*.py")):
            for module in imports(file):
                if module.startswith("pipelines."):
                    assert f"{module}.".startswith(allowed), f"{file} imports {module}"


def test_the_main_file_can_be_read_in_five_minutes() -> None:
    assert len((ROOT / "pipelines/news_enrichment.py").read_text().splitlines()) <= 120
    for step in (ROOT / "pipelines/steps").glob("*.py"):
        assert len(step.read_text().splitlines()) <= 80, step
