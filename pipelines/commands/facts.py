"""What a record says of its article, in words: for `newsbeam explain`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from schemas.article import Article, DateCandidate, Topic


def facts(article: Article, evidence: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """What the record says of the article, by name; without what it does not know."""
    language = f"{article.language.tag} ({article.language.confidence})"
    if len(article.languages) > 1:
        language += ": " + ", ".join(f"{share.tag} {share.share:.0%}" for share in article.languages)
    rows = [
        ("id", article.id),
        ("title", article.title or "(none)"),
        ("authors", ", ".join(article.authors)),
        ("published", _published(article)),
        ("dates seen", "\n".join(_date(candidate) for candidate in article.date_candidates) or "(none)"),
        ("language", language),
        ("topics", "\n".join(_topic(t, evidence.get(t.code, ())) for t in article.topics) or "(none)"),
        ("related", "\n".join(article.related)),
        ("credits", "\n".join(article.credits)),
        ("agency", article.agency or ""),
        ("comments", "" if article.comment_count is None else str(article.comment_count)),
        ("length", f"{article.char_count:,} characters, {article.word_count:,} words"),
        (
            "removed",
            f"{sum(len(r.text) for r in article.removed):,} characters in {len(article.removed)} spans",
        ),
        ("warnings", "\n".join(article.warnings)),
    ]
    return {name: value for name, value in rows if value}


def _topic(topic: Topic, words: Sequence[str]) -> str:
    spoke = f": {', '.join(words)}" if words else ""
    return f"{topic.name} ({topic.confidence}) {topic.code}{spoke}"


def _published(article: Article) -> str:
    if article.published_at is None:
        return (
            "unknown: the dates seen and the years in the text disagree"
            if article.date_conflict
            else "unknown"
        )
    conflict = "; another date or the years in the text disagree" if article.date_conflict else ""
    day = article.published_at.strftime(
        "%Y-%m-%d" if article.published_at_precision == "day" else "%Y-%m-%d %H:%M UTC"
    )
    return f"{day} (by {article.published_at_origin}, to the {article.published_at_precision}){conflict}"


def _date(candidate: DateCandidate) -> str:
    words = f" “{candidate.text}”" if candidate.text else ""
    return f"{candidate.value:%Y-%m-%d %H:%M} {candidate.origin}, to the {candidate.precision}{words}"
