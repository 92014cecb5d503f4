"""The station that names an article's language. After cleaning: boilerplate is often in another one."""

from __future__ import annotations

from dataclasses import replace

from pipelines.models import registry
from pipelines.text import language
from schemas.article import Article


class DetectLanguage:
    """`Article -> Article` with `language` and `languages` set; `und` is an answer, nothing is refused."""

    def setup(self) -> None:
        """Load lid.176, once a process. Raises `ModelFault`."""
        self._identifier = language.load()
        self._model_id = registry.entries()["language"].id

    def convert(self, article: Article) -> Article:
        """Judge the clean text. What the producer, the page and the publisher's domain say of the language is
        kept in `hints`, and breaks ties only."""
        hints = article.hints
        usual = language.publisher_language(article.url or article.publisher)
        if usual is not None and "publisher_language" not in hints:
            hints = {**hints, "publisher_language": usual}
        found, shares = self._identifier.identify(article.text, hints)
        provenance = article.provenance
        return article.evolve(
            language=found,
            languages=shares,
            hints=hints,
            provenance=replace(provenance, models={**provenance.models, "language": self._model_id}),
        )
