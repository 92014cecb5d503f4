"""What an article is about, on every level."""

from __future__ import annotations

from collections.abc import Iterator

from schemas.article import Article, Subtopic, Topic

MEDIA_TOPICS = "http://cv.iptc.org/newscodes/mediatopic/"
"""IPTC's vocabulary of Media Topics."""


def subjects(article: Article) -> Iterator[Topic | Subtopic]:
    """An article's topics, then those under them. Who has one under a topic has the topic, too."""
    yield from article.topics
    yield from article.subtopics


def uri(subject: Topic | Subtopic) -> str:
    """IPTC's address of a Media Topic: `http://cv.iptc.org/newscodes/mediatopic/11000000`."""
    return MEDIA_TOPICS + subject.code.removeprefix("medtop:")
