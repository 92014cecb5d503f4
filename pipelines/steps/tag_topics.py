"""The station that names an article's topics. After cleaning: other stories' headlines mislead."""

from __future__ import annotations

from dataclasses import replace

from pipelines.models import registry
from pipelines.text import subtopics, topics
from pipelines.text.topics import media_topics
from schemas.article import Article


class TagTopics:
    """`Article -> Article` with `topics` and `subtopics` set; no topic is an answer, nothing is refused."""

    def setup(self) -> None:
        """Load the topic model, once a process. Raises `ModelFault`."""
        self._tagger = topics.load()
        self._subtopics = subtopics.load()
        self._model_id = registry.entries()["topics"].id

    def convert(self, article: Article) -> Article:
        """Judge the title and the clean text."""
        provenance = article.provenance
        found = self._tagger.tag(article.title, article.text)
        return article.evolve(
            topics=found,
            subtopics=self._subtopics.tag(article.language.tag, found, article.title, article.text),
            provenance=replace(provenance, models={**provenance.models, "topics": self._model_id}),
        )

    def evidence(self, article: Article) -> dict[str, tuple[str, ...]]:
        """Code of each of its topics -> the words of the article that spoke most for it, strongest first."""
        keys = {code: key for key, (code, _) in media_topics().items()}
        return {
            topic.code: self._tagger.evidence(article.title, article.text, keys[topic.code])
            for topic in article.topics
            if topic.code in keys
        }
