"""An article as IPTC's ninjs 3.1 (News in JSON).

https://iptc.org/std/ninjs/ninjs-schema_3.1.json; the properties are those of its `ninjsType`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import quote

from schemas.article import Article
from schemas.subjects import subjects, uri

_SCHEMA = "http://www.iptc.org/std/ninjs/ninjs-schema_3.1.json"


def ninjs(article: Article) -> dict[str, Any]:
    """The ninjs object of an article; what is not known is left out.

    `uri` is `urn:newsbeam:` and the article's id; the address and the bare id stand in `altIds`. A topic is
    a subject with its Media Topic's URI and our confidence. `contentCreated` is `published_at` (midnight
    where only the day is known), `versionCreated` is `fetched_at`. The ledger of what was removed, offsets
    and provenance have no place in ninjs.
    """
    tag = article.language.tag
    known: dict[str, Any] = {
        "standard": {"name": "ninjs", "version": "3.1", "schema": _SCHEMA},
        "uri": f"urn:newsbeam:{quote(article.id, safe='')}",
        "type": "text",
        "representationType": "full",
        "versionCreated": _time(article.fetched_at),
        "contentCreated": _time(article.published_at),
        "pubStatus": "usable",
        "language": None if tag == "und" else tag,
        "by": ", ".join(article.authors),
        "headlines": [{"role": "main", "contentType": "text/plain", "value": article.title}]
        if article.title
        else None,
        "bodies": [
            {
                "role": "main",
                "contentType": "text/plain",
                "charCount": article.char_count,
                "wordCount": article.word_count,
                "value": article.text,
            }
        ],
        "people": [{"name": name, "rel": "author"} for name in article.authors],
        "subjects": [
            {
                "name": topic.name,
                "rel": "about",
                "uri": uri(topic),
                "literal": topic.code,
                "confidence": topic.confidence,
            }
            for topic in subjects(article)
        ],
        "infoSources": [
            {"name": name, "role": role}
            for name, role in ((article.publisher, "publisher"), (article.agency, "agency"))
            if name
        ],
        "altIds": [
            {"role": role, "value": value}
            for role, value in (("id", article.id), ("url", article.url))
            if value
        ],
    }
    return {name: value for name, value in known.items() if value}


def _time(value: datetime | None) -> str | None:
    return value.isoformat().replace("+00:00", "Z") if value else None
