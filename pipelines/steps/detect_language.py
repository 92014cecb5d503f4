"""The station that names an article's language. After cleaning: boilerplate is often in another one."""

from __future__ import annotations

from dataclasses import replace

from pipelines.models import registry
from pipelines.text.language import LanguageIdentifier
from schemas.article import Article


class DetectLanguage:
    """`Article -> Article` with `language` and `languages` set; `und` is an answer, nothing is refused."""

    def setup(self) -> None:
        """Load lid.176, once a process. Raises `ModelFault`."""
        self._identifier = LanguageIdentifier(registry.load_fasttext("language"))
        self._model_id = registry.entries()["language"].id

    def convert(self, article: Article) -> Article:
        """Judge the clean text; the producer's hints only break ties."""
        language, shares = self._identifier.identify(article.text, article.hints)
        provenance = article.provenance
        return article.evolve(
            language=language,
            languages=shares,
            provenance=replace(provenance, models={**provenance.models, "language": self._model_id}),
        )
