"""The scripts of `deploy/`, as modules, and its YAML."""

from __future__ import annotations

import sys
from functools import cache
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType
from typing import Any

import yaml

DEPLOY = Path(__file__).parents[2] / "deploy"


@cache
def script(name: str) -> ModuleType:
    """A script of `deploy/`, which need not be called *.py, as a module."""
    path = DEPLOY / name
    loader = SourceFileLoader(name.replace("/", "_").replace("-", "_").removesuffix(".py"), str(path))
    spec = spec_from_loader(loader.name, loader)
    assert spec is not None
    module = module_from_spec(spec)
    sys.modules[loader.name] = module  # dataclasses look their module up
    written, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    sys.path.insert(0, str(path.parent))
    try:
        loader.exec_module(module)
    finally:
        sys.path.remove(str(path.parent))
        sys.dont_write_bytecode = written
    return module


def documents(path: Path) -> list[dict[str, Any]]:
    """All documents of a YAML file."""
    return list(yaml.safe_load_all(path.read_text("utf-8")))


def parse(arguments: list[str]) -> None:
    """Have the `newsbeam` command take arguments, without running it. What it does not take, it raises."""
    import typer

    from pipelines.cli import app

    name, *rest = arguments
    group: Any = typer.main.get_command(app)
    group.commands[name].make_context(name, rest)
