"""The station that names an article's topics. After cleaning: other stories' headlines mislead."""

from __future__ import annotations

from dataclasses import replace

from pipelines.models import registry
from pipelines.text.topics import Calibration, TopicTagger
from schemas.article import Article


class TagTopics:
    """`Article -> Article` with `topics` set; no topic is an answer, nothing is refused."""

    def setup(self) -> None:
        """Load the topic model, once a process. Raises `ModelFault`."""
        entry = registry.entries()["topics"]
        self._tagger = TopicTagger(registry.load_fasttext("topics"), Calibration(**entry.calibration))
        self._model_id = entry.id

    def convert(self, article: Article) -> Article:
        """Judge the title and the clean text."""
        provenance = article.provenance
        return article.evolve(
            topics=self._tagger.tag(article.title, article.text),
            provenance=replace(provenance, models={**provenance.models, "topics": self._model_id}),
        )
