"""The config: what it takes, and how it refuses the rest, with the place."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Any

import pytest

from connectors.sinks.jsonl import Options as JsonlOptions
from connectors.sources.files import Options as FilesOptions
from pipelines.config import Cleaning, Config, ConfigError, DeadLetters, Limits, Runner, load
from pipelines.steps.strip_boilerplate import StripBoilerplate
from pipelines.text.packs import load as load_packs

GOOD = """
[source]
kind = "files"
paths = ["a.txt"]

[[sinks]]
kind = "jsonl"
path = "out"

[[sinks]]
kind = "jsonl"
takes = "dead_letters"
path = "letters"

[limits]
max_record_bytes = 100

[runner]
kind = "flink"
options = { parallelism = 2 }
"""


def read(folder: Path, text: str) -> Config:
    (folder / "c.toml").write_text(text)
    return load(folder / "c.toml")


def test_a_config(tmp_path: Path) -> None:
    config = read(tmp_path, GOOD)
    assert config.source.options == FilesOptions(("a.txt",))
    assert config.sinks[0].options == JsonlOptions("out")
    assert (config.sinks[0].name, config.sinks[0].takes) == ("articles", "articles")
    assert config.limits.max_record_bytes == 100
    assert (config.runner.kind, config.runner.options) == ("flink", {"parallelism": 2})


def test_the_command_line_replaces_whole_tables(tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text(GOOD)
    config = load(tmp_path / "c.toml", {"source": {"kind": "files", "paths": ["b.txt"]}})
    assert config.source.options.paths == ("b.txt",)
    assert config.limits.max_record_bytes == 100


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("[limits]", "[limit]", "limit: unknown key; known here: cleaning, dead_letters, limits"),
        ("max_record_bytes", "max_bytes", "limits.max_bytes: unknown key"),
        ("= 100", '= "many"', "limits.max_record_bytes: "),
        ("= 100", "= 0", "limits.max_record_bytes: "),
        ('path = "out"', 'path = "out"\nname = 5', "sinks[0].name: 5; "),
        ('path = "out"', 'path = "out"\nname = "a/b"', "sinks[0].name: 'a/b'; "),
        ('path = "out"', 'path = "out"\nname = "outcome"', "none of the counters'"),
        ('kind = "files"', 'kind = "fils"', "source.kind: 'fils' is none of"),
        ('paths = ["a.txt"]', "paths = 3", "source.paths: "),
        ('paths = ["a.txt"]', "", "source.paths: "),
        ('path = "out"', 'path = "out"\ncolour = 1', "sinks[0].colour: unknown key"),
        ('path = "out"', 'path = "out"\ntakes = "all"', "sinks[0].takes: 'all' is neither"),
        (
            'path = "out"',
            'path = "out"\n[[sinks]]\nkind = "jsonl"\npath = "b"',
            "sinks[1].name: 'articles' is taken",
        ),
        ('kind = "flink"', 'kind = "spark"', "runner.kind: "),
        ("[[sinks]]", "[[sink]]", "sink: unknown key"),
        ("[source]", "[source", "c.toml: "),
        (
            'kind = "files"\npaths = ["a.txt"]',
            'kind = "kafka"\nbrokers = "b:1"\nkafka_topic = "t"\nsecurity = { protokol = "SSL" }',
            "source.security.protokol: unknown key",
        ),
        (
            'kind = "files"\npaths = ["a.txt"]',
            'kind = "kafka"\nbrokers = "b:1"\nkafka_topic = "t"\n'
            'security = { protocol = "SASL_SSL", mechanism = "PLAIN", username = "u", password = "hunter2" }',
            "source.security.password: ",
        ),
    ],
)
def test_a_mistake_is_refused_with_its_place(tmp_path: Path, old: str, new: str, place: str) -> None:
    assert old in GOOD
    with pytest.raises(ConfigError) as refused:
        read(tmp_path, GOOD.replace(old, new, 1))
    assert place in str(refused.value) and "c.toml" in str(refused.value)


def test_a_missing_table_or_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"\[sinks\] is missing"):
        read(tmp_path, '[source]\nkind = "files"\npaths = []\n')
    with pytest.raises(ConfigError, match=r"absent\.toml"):
        load(tmp_path / "absent.toml")


CONFIGS = Path(__file__).parents[2] / "deploy" / "config"


def test_the_minimal_config_is_short_and_runs_on_defaults() -> None:
    text = (CONFIGS / "minimal.toml").read_text()
    assert len([line for line in text.splitlines() if line and not line.startswith("#")]) < 14
    config = load(CONFIGS / "minimal.toml")
    assert (config.source.kind, [sink.takes for sink in config.sinks]) == (
        "kafka",
        ["articles", "dead_letters"],
    )


def test_the_reference_config_names_everything_with_its_default() -> None:
    config, text = load(CONFIGS / "reference.toml"), (CONFIGS / "reference.toml").read_text()
    assert (config.limits, config.runner, config.cleaning) == (Limits(), Runner(), Cleaning())
    assert config.dead_letters == DeadLetters()
    for unset in ("packs", "keep_texts_days", "stop_when_rejected_share"):
        assert f"# {unset} = " in text
    for options in (config.source.options, *(sink.options for sink in config.sinks)):
        _holds_defaults(options, text)
    kinds = {file.stem for file in (CONFIGS.parents[1] / "connectors/sinks").glob("[a-z]*.py")}
    kinds |= {file.stem for file in (CONFIGS.parents[1] / "connectors/sources").glob("[a-z]*.py")}
    assert all(kind in text for kind in kinds)


def _holds_defaults(options: Any, text: str) -> None:
    for item in dataclasses.fields(options):
        assert re.search(rf"^(# )?(\[.*\.)?{item.name}\b", text, re.M), (
            f"{item.name} is not in reference.toml"
        )
        value = getattr(options, item.name)
        if dataclasses.is_dataclass(value):
            _holds_defaults(value, text)
        elif item.default is not dataclasses.MISSING:
            assert value == item.default, item.name


def test_sinks_that_are_no_tables_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="sinks: tables are asked for"):
        read(tmp_path, 'sinks = 3\n[source]\nkind = "files"\npaths = ["x"]\n')


def test_own_packs_are_looked_at_before_a_run(tmp_path: Path) -> None:
    (tmp_path / "packs" / "sites").mkdir(parents=True)
    config = read(tmp_path, f"{GOOD}\n[cleaning]\npacks = '{tmp_path / 'packs'}'\n")
    assert config.cleaning == Cleaning(tmp_path / "packs")
    (tmp_path / "packs/sites/a.bg.toml").write_text("= =")
    load_packs.cache_clear()
    with pytest.raises(ConfigError, match=r"cleaning.packs: .*a.bg.toml: own/sites/a.bg: not TOML"):
        read(tmp_path, f"{GOOD}\n[cleaning]\npacks = '{tmp_path / 'packs'}'\n")


def test_own_packs_are_read_once_by_the_config_and_the_station(tmp_path: Path) -> None:
    (tmp_path / "packs" / "sites").mkdir(parents=True)
    config = read(tmp_path, f"{GOOD}\n[cleaning]\npacks = '{tmp_path / 'packs'}'\n")
    before = load_packs.cache_info().misses
    StripBoilerplate(own_packs=config.cleaning.packs).setup()
    assert load_packs.cache_info().misses == before
