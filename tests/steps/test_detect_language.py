"""The station writes the language and its model into the record, and nothing else."""

from __future__ import annotations

from pipelines.steps.detect_language import DetectLanguage
from schemas.article import Article, Language, Provenance
from schemas.origin import Origin


def test_writes_language_shares_and_model() -> None:
    text = "Vyriausybė trečiadienį patvirtino mokyklų remonto programą, kuriai bus skirta šimtas milijonų."
    article = Article(
        id="a",
        text=text,
        text_sha256="",
        char_count=len(text),
        word_count=11,
        origin=Origin("files", path="a.txt", record=0),
        provenance=Provenance("0", models={"topics": "t"}),
    )
    step = DetectLanguage()
    step.setup()
    told = step.convert(article)
    assert told.language == Language("lt", 99)
    assert [share.tag for share in told.languages] == ["lt"]
    assert told.provenance.models == {"topics": "t", "language": "lid.176"}
    assert told.evolve(language=article.language, languages=(), provenance=article.provenance) == article
    assert article.language.tag == "und"
