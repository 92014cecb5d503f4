"""What changed between two outputs: found exactly, whatever the order, in bounded memory."""

from __future__ import annotations

import json
import pickle
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.changed import ChangedSince, write_index
from pipelines.output_diff import OutputDiff, compare
from schemas import codec
from tests.conftest import Answer, written
from tests.schemas.test_wire import FULL

Newsbeam = Callable[..., Answer]


def article(id: str, text: str = "Text.", tag: str = "bg", **more: Any) -> dict[str, Any]:
    return {
        "id": id,
        "text": text,
        "char_count": len(text),
        "origin": {"path": "a", "record": 1},
        "provenance": {"newsbeam": "1", "rules": {"bg": "0123456789abcdef"}, "models": {}},
        "language": {"tag": tag, "confidence": 90},
        "topics": [],
        "removed": [],
        **more,
    }


def cut(start: int, text: str, rule: str) -> dict[str, Any]:
    return {"start": start, "end": start + len(text), "text": text, "rule": rule, "kind": "ad"}


def diff(old: list[dict[str, Any]], new: list[dict[str, Any]]) -> OutputDiff:
    with tempfile.TemporaryDirectory() as scratch:
        return compare(old, new, Path(scratch))


def test_text_language_and_topics_by_what_changed() -> None:
    sport = {"code": "medtop:15000000", "name": "sport", "confidence": 50}
    old = [
        article("same"),
        article("gone"),
        article("a", removed=[cut(0, "Ad one", "bg/ad"), cut(9, "Tail", "bg/tail")], topics=[sport]),
        article("b", tag="bg", topics=[sport]),
    ]
    new = [
        article("b", tag="mk", topics=[sport | {"confidence": 60}]),
        article("a", text="Text. Ad one", removed=[cut(9, "Tail", "common/tail")]),
        article("same", origin={"path": "b"}, provenance={"newsbeam": "2", "rules": {"bg": "ffff"}}),
        article("come"),
    ]
    found = diff(old, new)
    assert (found.articles, found.same, found.changed) == ({"old": 4, "new": 4}, 1, 2)
    assert (found.only_old, found.only_new) == (1, 1)
    assert found.examples == {"changed": ["b", "a"], "only_new": ["come"], "only_old": ["gone"]}
    assert dict(found.fields) == {"text": 1, "char_count": 1, "removed": 1, "language": 1, "topics": 2}
    rules = {rule: (one.removed_chars, one.left_chars, one.example) for rule, one in found.rules.items()}
    assert rules == {"bg/ad": (0, 6, "Ad one"), "bg/tail": (0, 4, "Tail"), "common/tail": (4, 0, "Tail")}
    assert dict(found.languages) == {("bg", "mk"): 1}
    assert {topic: dict(counts) for topic, counts in found.topics.items()} == {
        "sport": {"lost": 1, "kept": 1}
    }
    assert found.provenance == {"old": [], "new": ["newsbeam 2", "rule bg ffff"]}
    assert found.chars == {"old": 15, "new": 22} and found.differs
    json.dumps(found.as_dict())


_OUTPUTS = st.dictionaries(st.text("abcdef", min_size=1, max_size=2), st.integers(0, 2), max_size=20)


@settings(max_examples=50, deadline=None)
@given(_OUTPUTS, _OUTPUTS, st.randoms())
def test_the_counts_are_those_of_two_dictionaries(
    old: dict[str, int], new: dict[str, int], random: Any
) -> None:
    records = [[article(id, text="x" * n) for id, n in output.items()] for output in (old, new)]
    for output in records:
        random.shuffle(output)
    found = diff(*records)
    assert found.same == sum(new.get(id) == n for id, n in old.items())
    assert found.changed == sum(id in new and new[id] != n for id, n in old.items())
    assert (found.only_old, found.only_new) == (len(old.keys() - new.keys()), len(new.keys() - old.keys()))
    assert found.differs == (old != new)


def test_an_article_has_changed_by_all_but_its_origin_and_its_makers(tmp_path: Path) -> None:
    known = json.loads(codec.encode(FULL))
    assert write_index([known, known], tmp_path / "old.db") == 1
    changed = pickle.loads(pickle.dumps(ChangedSince(tmp_path / "old.db")))
    assert not changed.has(FULL)
    assert not changed.has(FULL.evolve(origin=FULL.origin.__class__("files", "elsewhere", 7)))
    for other in ({"text": "x"}, {"topics": ()}, {"date_conflict": not FULL.date_conflict}, {"id": "y"}):
        assert changed.has(FULL.evolve(**other))


@pytest.mark.pipeline
class TestCommands:
    PACK = (
        'languages = ["en"]\n[[rule]]\nid = "weather"\nkind = "promo"\npattern = "The weather.*"\n'
        'why = "A test."\ndrops = ["The weather is fine."]\nkeeps = ["A storm came."]\n'
    )

    @pytest.fixture
    def outputs(self, newsbeam: Newsbeam, tmp_path: Path) -> tuple[Path, Path]:
        """Three articles before and after a rule that cuts a line of one of them; one was refused before."""
        story = "The parliament voted on Monday evening, after a long debate about the budget of the year."
        texts = [story, f"{story}\n\nThe weather tomorrow", f"{story} Nobody was surprised."]
        lines = [json.dumps({"id": f"a{n}", "text": text}) for n, text in enumerate(texts)]
        (tmp_path / "in.jsonl").write_text("\n".join(lines) + "\n{oops\n")
        (tmp_path / "packs" / "boilerplate").mkdir(parents=True)
        (tmp_path / "packs" / "boilerplate" / "en.toml").write_text(self.PACK)
        (tmp_path / "c.toml").write_text(f'[cleaning]\npacks = "{tmp_path / "packs"}"\n')
        assert newsbeam("replay", tmp_path / "in.jsonl", "-o", tmp_path / "old").exit_code == 0
        return tmp_path / "old", tmp_path / "new"

    def test_diff_and_only_changed(
        self, newsbeam: Newsbeam, outputs: tuple[Path, Path], tmp_path: Path
    ) -> None:
        old, new = outputs
        replay = ("replay", tmp_path / "in.jsonl", "--config", tmp_path / "c.toml", "-o")
        assert newsbeam(*replay, new).exit_code == 0
        assert newsbeam("diff", old, old).exit_code == 0
        answer = newsbeam("diff", old, new, "--json")
        assert answer.exit_code == 1
        assert answer.json["changed"] == 1 and answer.json["examples"] == {"changed": ["a1"]}
        assert answer.json["rules"]["own/en/weather"]["removed"] == 1
        said = newsbeam("diff", old, new).stdout.decode()
        assert "3 articles and 3: 1 of the 3 in both changed" in said and "own/en/weather" in said

        some = tmp_path / "some"
        answer = newsbeam(*replay, some, "--only-changed", old, "--json", "--workers", "2")
        assert answer.exit_code == 0, answer.stderr
        assert answer.json["sinks"]["articles"] == {"delivered": 1, "kept_out": 2}
        assert [record["id"] for record in written(some)] == ["a1"]
        assert written(some) == [record for record in written(new) if record["id"] == "a1"]
        assert newsbeam(*replay, old, "--overwrite", "--only-changed", old).exit_code == 2
        assert newsbeam(*replay, some, "--resume", "--only-changed", old).exit_code == 2

    def test_what_is_no_output_is_wrong_usage(self, newsbeam: Newsbeam, tmp_path: Path) -> None:
        (tmp_path / "x.jsonl").write_text("[1]\n")
        (tmp_path / "y.jsonl").write_text("oops\n")
        for file in ("x.jsonl", "y.jsonl", "absent"):
            answer = newsbeam("diff", tmp_path / file, tmp_path / file)
            assert answer.exit_code == 2 and file in answer.stderr
