"""The configuration of a run: frozen dataclasses from TOML. An unknown key is refused, with its place.

`deploy/config/minimal.toml` is the shortest that runs, `deploy/config/reference.toml` lists everything.
"""

from __future__ import annotations

import dataclasses
import importlib
import re
import tomllib
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter, ValidationError

from connectors.changed import ChangedSince
from connectors.delivery import OnFailure
from connectors.keeps import Keeps
from pipelines.config_lines import line_of, lines
from pipelines.refusals import Stop
from pipelines.text.packs import load as load_packs
from pipelines.text.rule import PackError
from schemas.received import MAX_RECORD_BYTES

NAME = re.compile(r"[A-Za-z0-9._-]+")
COUNTER_GROUPS = ("outcome", "reason", "language", "topic", "junk", "microseconds", "passed_by")
"""What `pipelines/tally.py` counts under: a sink of such a name would be counted in."""


Kind = Literal["direct", "prism", "portable", "flink", "dataflow"]
"""Of engines."""


class ConfigError(Exception):
    """The configuration is at fault; the message names the file and the place."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one record may ask for."""

    max_record_bytes: Annotated[int, Field(gt=0)] = MAX_RECORD_BYTES
    """A longer raw record is rejected as `too_large`."""


@dataclass(frozen=True, slots=True)
class Cleaning:
    """What cleans besides the package's own rules."""

    packs: Path | None = None
    """A folder of one's own rule packs (`sites/<domain>.toml`, `boilerplate/<language>.toml`), added to the
    package's."""


@dataclass(frozen=True, slots=True)
class DeadLetters:
    """How long what was refused is kept whole, and when too much is refused."""

    keep_texts_days: Annotated[int, Field(gt=0)] | None = None
    """`newsbeam dead-letters sweep` takes the texts out of older letters; what else they say stays."""
    stop_when_rejected_share: Annotated[float, Field(gt=0, lt=1)] | None = None
    """A run whose input has gone bad is stopped: more than this share of the latest records was refused."""
    stop_after_records: Annotated[int, Field(gt=0)] = 1000
    """How many of the latest records that share is of, in each worker process."""


@dataclass(frozen=True, slots=True)
class Runner:
    """Which engine runs the pipeline."""

    kind: Kind = "direct"
    options: Mapping[str, Any] = field(default_factory=dict)
    """Beam's own pipeline options, by name (`parallelism = 2`, `job_endpoint = "localhost:8099"`)."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where raw records come from: a module of `connectors/sources` and its `Options`."""

    kind: str
    options: Any


@dataclass(frozen=True, slots=True)
class Sink:
    """Where records go: a module of `connectors/sinks` and its `Options`."""

    name: str
    """Stands in the counters and in the dead letters of what it could not take."""
    kind: str
    takes: Literal["articles", "dead_letters"]
    """What it takes; a run needs a sink for each."""
    options: Any
    keeps: Keeps | ChangedSince = Keeps()  # noqa: RUF009 - frozen
    """Which articles it is for; all, unless conditions are given."""
    on_failure: OnFailure = "stop"
    """What a failing sink for articles does: stop the pipeline, or make dead letters."""


@dataclass(frozen=True, slots=True)
class Config:
    """One run."""

    source: Source
    sinks: tuple[Sink, ...]
    limits: Limits = Limits()
    cleaning: Cleaning = Cleaning()
    dead_letters: DeadLetters = DeadLetters()
    runner: Runner = Runner()

    def stop(self) -> Stop | None:
        """When a worker process has refused too much, if ever."""
        if self.dead_letters.stop_when_rejected_share is None:
            return None
        return Stop(
            self.dead_letters.stop_when_rejected_share,
            self.dead_letters.stop_after_records,
            by_drain=self.runner.kind == "direct",
        )


def load(path: Path | None, overrides: Mapping[str, Any] | None = None) -> Config:
    """The configuration in a TOML file, with whole tables replaced by `overrides`.

    Raises:
        ConfigError: not readable, not TOML, an unknown key, a value of the wrong type, or a table that
            is missing.
    """
    where, text = str(path) if path else "command line", ""
    tables: dict[str, Any] = {}
    if path is not None:
        try:
            text = path.read_text("utf-8")
            tables = tomllib.loads(text)
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise ConfigError(f"{where}: {error}") from None
    tables |= overrides or {}
    try:
        return _config(tables)
    except ConfigError as error:
        line = line_of(str(error).partition(": ")[0], lines(text))
        raise ConfigError(f"{where}:{f'{line}:' if line else ''} {error}") from None


def _config(tables: Mapping[str, Any]) -> Config:
    _known(tables, {item.name for item in dataclasses.fields(Config)}, "")
    for needed in ("source", "sinks"):
        if not tables.get(needed):
            raise ConfigError(f"[{needed}] is missing")
    if not isinstance(tables["sinks"], list):
        raise ConfigError("sinks: tables are asked for, [[sinks]]")
    names: set[str] = set()
    sinks = []
    for number, table in enumerate(tables["sinks"]):
        sink = _sink(table, f"sinks[{number}]")
        if sink.name in names:
            raise ConfigError(f"sinks[{number}].name: {sink.name!r} is taken")
        names.add(sink.name)
        sinks.append(sink)
    for takes, lost in (("articles", "what is enriched"), ("dead_letters", "what is refused")):
        if not any(sink.takes == takes for sink in sinks):
            raise ConfigError(f'[[sinks]]: none takes = "{takes}", and {lost} would be lost')
    cleaning: Cleaning = _dataclass(Cleaning, tables.get("cleaning", {}), "cleaning")
    if cleaning.packs is not None:
        try:
            load_packs(None, cleaning.packs)  # as the station asks: read once
        except PackError as error:
            raise ConfigError(f"cleaning.packs: {error}") from None
    return Config(
        source=_source(tables["source"]),
        sinks=tuple(sinks),
        limits=_dataclass(Limits, tables.get("limits", {}), "limits"),
        cleaning=cleaning,
        dead_letters=_dataclass(DeadLetters, tables.get("dead_letters", {}), "dead_letters"),
        runner=_dataclass(Runner, tables.get("runner", {}), "runner"),
    )


def _source(table: Any) -> Source:
    kind, rest = _kind(table, "sources", "source")
    return Source(kind, _dataclass(options_of("sources", kind), rest, "source"))


def _sink(table: Any, place: str) -> Sink:
    kind, rest = _kind(table, "sinks", place)
    takes = rest.pop("takes", "articles")
    if takes not in ("articles", "dead_letters"):
        raise ConfigError(f"{place}.takes: {takes!r} is neither 'articles' nor 'dead_letters'")
    name = rest.pop("name", takes)
    if not isinstance(name, str) or not NAME.fullmatch(name) or name in COUNTER_GROUPS:
        raise ConfigError(
            f"{place}.name: {name!r}; letters, digits, . _ - are asked for, and none of the counters' "
            f"{', '.join(COUNTER_GROUPS)}"
        )
    keeps = _dataclass(Keeps, rest.pop("keeps", {}), f"{place}.keeps")
    on_failure = rest.pop("on_failure", "stop")
    if on_failure not in typing.get_args(OnFailure):
        raise ConfigError(f"{place}.on_failure: {on_failure!r} is neither 'stop' nor 'dead_letter'")
    if takes == "dead_letters" and (keeps or on_failure != "stop"):
        raise ConfigError(f"{place}: a sink for dead letters takes all of them, or stops the pipeline")
    return Sink(name, kind, takes, _dataclass(options_of("sinks", kind), rest, place), keeps, on_failure)


def _kind(table: Any, group: Literal["sources", "sinks"], place: str) -> tuple[str, dict[str, Any]]:
    if not isinstance(table, Mapping):
        raise ConfigError(f"{place}: a table is asked for")
    rest = dict(table)
    kind = rest.pop("kind", None)
    if kind not in kinds(group):
        raise ConfigError(f"{place}.kind: {kind!r} is none of {', '.join(kinds(group))}")
    return kind, rest


def kinds(group: Literal["sources", "sinks"]) -> list[str]:
    """The kinds of sources, or of sinks: the modules there are."""
    return sorted(file.stem for file in (Path(__file__).parents[1] / "connectors" / group).glob("[a-z]*.py"))


def options_of(group: Literal["sources", "sinks"], kind: str) -> type:
    """The options of a kind of source or sink.

    Raises:
        ConfigError: a package that it needs is not installed.
    """
    try:
        options: type = importlib.import_module(f"connectors.{group}.{kind}").Options
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"{kind}: the package {error.name} is not installed: pip install 'newsbeam[{kind}]'"
        ) from None
    return options


def _dataclass(cls: type, table: Any, place: str) -> Any:
    if not isinstance(table, Mapping):
        raise ConfigError(f"[{place}]: a table is asked for")
    _known_in(cls, table, place)
    try:
        return TypeAdapter(cls).validate_python(table)
    except ValidationError as error:
        first = error.errors()[0]
        at = ".".join([place, *(str(part) for part in first["loc"])])
        raise ConfigError(f"{at}: {first['msg']}") from None


def _known_in(cls: type, table: Mapping[str, Any], place: str) -> None:
    """Refuse unknown keys in a dataclass's table and in the tables inside it."""
    _known(table, {item.name for item in dataclasses.fields(cls)}, place)
    for name, hint in typing.get_type_hints(cls).items():
        for inner in (hint, *typing.get_args(hint)):
            if dataclasses.is_dataclass(inner) and isinstance(table.get(name), Mapping):
                _known_in(typing.cast(type, inner), table[name], f"{place}.{name}")


def _known(table: Mapping[str, Any], known: set[str], place: str) -> None:
    for key in table:
        if key not in known:
            at = f"{place}.{key}" if place else str(key)
            raise ConfigError(f"{at}: unknown key; known here: {', '.join(sorted(known))}")
