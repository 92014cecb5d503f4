"""`newsbeam config check|show|schema`, and the schema that is published."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest

from pipelines.config import load
from pipelines.config_schema import schema
from tests.conftest import Answer

Newsbeam = Callable[..., Answer]
CONFIGS = Path(__file__).parents[2] / "deploy" / "config"
SECRETS = """
[source]
kind = "kafka"
brokers = "b:1"
kafka_topic = "raw"
[source.security]
protocol = "SASL_SSL"
mechanism = "PLAIN"
username = "u"
password = { env = "A_TEST_PASSWORD" }
key_password = { file = "/nowhere" }

[[sinks]]
kind = "jsonl"
path = "out"
[[sinks]]
kind = "jsonl"
path = "letters"
takes = "dead_letters"

[runner]
options = { parallelism = 2, some_token = "hunter2" }
"""


def test_the_published_schema_is_that_of_the_code() -> None:
    published = json.loads((CONFIGS / "newsbeam.schema.json").read_text("utf-8"))
    assert published == schema(), "newsbeam config schema > deploy/config/newsbeam.schema.json"
    jsonschema.Draft7Validator.check_schema(published)


@pytest.mark.parametrize("file", sorted(CONFIGS.rglob("*.toml")), ids=lambda file: file.name)
def test_the_configs_name_their_schema_and_keep_to_it(file: Path) -> None:
    text = file.read_text("utf-8")
    named = re.match(r"#:schema (\S+)\n", text)
    assert named and (file.parent / named[1]).resolve() == CONFIGS / "newsbeam.schema.json"
    jsonschema.Draft7Validator(schema()).validate(tomllib.loads(text))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('kind = "jsonl"', 'kind = "json"'),
        ('path = "out"', 'paht = "out"'),
        ('path = "out"', ""),
        ('path = "out"', 'path = "out"\nname = "a/b"'),
        ('"PLAIN"', '"PLAN"'),
        ("[runner]", "[runer]"),
        ('{ file = "/nowhere" }', '"hunter2"'),
        ("[runner]", "[limits]\nmax_record_bytes = 0\n[runner]"),
    ],
)
def test_what_a_run_refuses_the_schema_refuses(tmp_path: Path, old: str, new: str) -> None:
    validator = jsonschema.Draft7Validator(schema())
    assert validator.is_valid(tomllib.loads(SECRETS)) and old in SECRETS
    text = SECRETS.replace(old, new, 1)
    assert not validator.is_valid(tomllib.loads(text))
    (tmp_path / "c.toml").write_text(text)
    with pytest.raises(Exception, match=r"c\.toml"):
        load(tmp_path / "c.toml")


def test_every_setting_is_described() -> None:
    made = schema()
    tables = [*made["properties"]["source"]["oneOf"], *made["properties"]["sinks"]["items"]["oneOf"]]
    tables += [made["properties"][name] for name in ("limits", "cleaning", "dead_letters", "runner")]
    unnamed = [name for table in tables for name, field in table["properties"].items() if not field]
    assert not unnamed
    stop = made["properties"]["dead_letters"]["properties"]["stop_when_rejected_share"]
    assert stop["description"] and stop["exclusiveMaximum"] == 1


def test_check_says_what_a_file_means_or_where_it_is_wrong(newsbeam: Newsbeam, tmp_path: Path) -> None:
    answer = newsbeam("config", "check", CONFIGS / "minimal.toml")
    assert answer.exit_code == 0
    assert "kafka raw-articles -> articles (kafka articles)" in answer.stdout.decode()
    wrong = tmp_path / "c.toml"
    wrong.write_text(SECRETS.replace('path = "out"', 'path = "out"\ncolour = 1'))
    answer = newsbeam("config", "check", wrong)
    assert answer.exit_code == 1
    assert "c.toml:16: sinks[0].colour: unknown key" in " ".join(answer.stderr.split())
    assert newsbeam("config", "check", tmp_path / "absent.toml").exit_code == 1


def test_show_names_the_line_or_the_default_of_every_setting(newsbeam: Newsbeam, tmp_path: Path) -> None:
    file = tmp_path / "c.toml"
    file.write_text(SECRETS)
    found = {value["place"]: value for value in newsbeam("config", "show", file, "--json").json}
    assert found["source.brokers"] == {
        "place": "source.brokers",
        "value": "b:1",
        "origin": "c.toml:4",
        "note": None,
    }
    assert (found["source.group"]["value"], found["source.group"]["origin"]) == ("newsbeam", "default")
    assert found["sinks[1].takes"]["origin"] == "c.toml:19"
    assert found["runner.options.parallelism"]["value"] == 2


def test_show_masks_secrets(newsbeam: Newsbeam, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_TEST_PASSWORD", "swordfish")
    file = tmp_path / "c.toml"
    file.write_text(SECRETS)
    said = newsbeam("config", "show", file).stdout.decode()
    assert "swordfish" not in said and "hunter2" not in said
    assert "A_TEST_PASSWORD is set: ********" in said and "/nowhere cannot be read here" in said


@pytest.mark.parametrize("text", [SECRETS, (CONFIGS / "reference.toml").read_text("utf-8")])
def test_what_show_prints_is_the_same_config(newsbeam: Newsbeam, tmp_path: Path, text: str) -> None:
    file, again = tmp_path / "c.toml", tmp_path / "again.toml"
    file.write_text(text.replace("some_token", "some_name"))
    again.write_bytes(newsbeam("config", "show", file).stdout)
    assert load(again) == load(file)
