"""The station writes the topics and their model into the record, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.models import registry
from pipelines.steps.tag_topics import TagTopics
from schemas.article import Article, Provenance
from schemas.origin import Origin


def _article(text: str, title: str | None = None) -> Article:
    return Article(
        id="a",
        text=text,
        text_sha256="",
        char_count=len(text),
        word_count=0,
        origin=Origin("files", path="a.txt", record=0),
        provenance=Provenance("0", models={"language": "l"}),
        title=title,
    )


def test_writes_topics_and_model() -> None:
    article = _article("Отборът победи с 3:1 в мача от първенството по футбол, треньорът похвали вратаря.")
    step = TagTopics()
    step.setup()
    told = step.convert(article)
    assert [topic.name for topic in told.topics] == ["sport"]
    assert told.provenance.models == {"language": "l", "topics": registry.entries()["topics"].id}
    assert told.evolve(topics=(), provenance=article.provenance) == article


@pytest.mark.parametrize("seed", sorted((Path(__file__).parents[1] / "golden" / "seeds").glob("*.txt")))
def test_the_seeds_are_about_politics_or_conflict(seed: Path) -> None:
    step = TagTopics()
    step.setup()
    names = [topic.name for topic in step.convert(_article(seed.read_text("utf-8"))).topics]
    assert {"politics", "conflict, war and peace"} & set(names)
    if seed.name.startswith("004"):
        assert "politics" in names  # a state visit between two states at war: readers put politics first
