"""The effective config, value by value, each with where it comes from; secrets masked."""

from __future__ import annotations

import dataclasses
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from connectors.secrets import Secret
from pipelines.config import Config, load
from pipelines.config_lines import lines

MASK = "********"
_SECRET = re.compile(r"(?i)passw|secret|token|credential|api_?key")


@dataclass(frozen=True, slots=True)
class Value:
    """One setting."""

    place: str
    """`sinks[0].kafka_topic`."""
    value: Any
    """As TOML knows it; null where nothing is set and nothing is the default."""
    origin: str
    """`FILE:LINE`, or `default`."""
    note: str | None = None
    """Of a secret: whether it is where it should be."""


def values(path: Path) -> list[Value]:
    """Every setting of a config file, in the order of the reference.

    Raises:
        ConfigError: see `pipelines.config.load`.
    """
    config = load(path)
    return list(_values(config, lines(path.read_text("utf-8")), path.name))


def _values(config: Config, found: Mapping[str, int], file: str) -> Iterator[Value]:
    def of(place: str, value: Any) -> Iterator[Value]:
        if isinstance(value, Secret):
            named = {name: given for name in ("env", "file") if (given := getattr(value, name)) is not None}
            yield Value(place, named, origin(place), _standing(value))
        elif dataclasses.is_dataclass(value):
            for item in dataclasses.fields(value):
                yield from of(f"{place}.{item.name}", getattr(value, item.name))
        elif place == "runner.options":
            for name, inner in value.items():
                masked = MASK if _SECRET.search(name) else _plain(inner)
                yield Value(f"{place}.{name}", masked, origin(f"{place}.{name}"))
        else:
            yield Value(place, _plain(value), origin(place))

    def origin(place: str) -> str:
        return f"{file}:{found[place]}" if place in found else "default"

    yield Value("source.kind", config.source.kind, origin("source.kind"))
    yield from of("source", config.source.options)
    for name in ("limits", "cleaning", "dead_letters", "runner"):
        yield from of(name, getattr(config, name))
    for number, sink in enumerate(config.sinks):
        place = f"sinks[{number}]"
        for name in ("name", "kind", "takes", "on_failure", "keeps"):
            yield from of(f"{place}.{name}", getattr(sink, name))
        yield from of(place, sink.options)


def _plain(value: Any) -> Any:
    if isinstance(value, Path | StrEnum):
        return str(value)
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {str(key): MASK if _SECRET.search(str(key)) else _plain(item) for key, item in value.items()}
    return value


def _standing(secret: Secret) -> str:
    """Whether a secret is there, without a look at it by anybody."""
    if secret.env is not None:
        return f"{secret.env} is {'set' if secret.env in os.environ else 'not set here'}: {MASK}"
    readable = os.access(secret.file or "", os.R_OK)
    return f"{secret.file} {'can be read' if readable else 'cannot be read here'}: {MASK}"
