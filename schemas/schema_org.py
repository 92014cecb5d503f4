"""An article as schema.org's NewsArticle, in JSON-LD (https://schema.org/NewsArticle)."""

from __future__ import annotations

from typing import Any

from schemas.article import Article, Precision
from schemas.subjects import MEDIA_TOPICS, subjects, uri


def news_article(article: Article) -> dict[str, Any]:
    """The JSON-LD object of an article; what is not known is left out.

    `datePublished` is a date where only the day is known. A topic is a `DefinedTerm` of IPTC's Media
    Topics; schema.org has no place for its confidence.
    """
    tag, published = article.language.tag, article.published_at
    known: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "@id": article.url,
        "identifier": article.id,
        "url": article.url,
        "headline": article.title,
        "articleBody": article.text,
        "wordCount": article.word_count,
        "inLanguage": None if tag == "und" else tag,
        "datePublished": None
        if published is None
        else published.date().isoformat()
        if article.published_at_precision is Precision.DAY
        else published.isoformat().replace("+00:00", "Z"),
        "author": [{"@type": "Person", "name": name} for name in article.authors],
        "publisher": {"@type": "Organization", "name": article.publisher} if article.publisher else None,
        "sourceOrganization": {"@type": "Organization", "name": article.agency} if article.agency else None,
        "creditText": "; ".join(article.credits),
        "commentCount": article.comment_count,
        "about": [
            {
                "@type": "DefinedTerm",
                "name": topic.name,
                "termCode": topic.code,
                "url": uri(topic),
                "inDefinedTermSet": MEDIA_TOPICS,
            }
            for topic in subjects(article)
        ],
    }
    return {name: value for name, value in known.items() if value or value == 0}
