"""What an article is about, on every level."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from schemas.article import Article


class Subject(Protocol):
    """A Media Topic of an article: a topic, or one under it."""

    @property
    def code(self) -> str:
        """`medtop:11000000`."""

    @property
    def name(self) -> str:
        """In English."""

    @property
    def confidence(self) -> int:
        """0-100."""


def subjects(article: Article) -> Iterator[Subject]:
    """An article's topics, then those under them. Who has one under a topic has the topic, too."""
    yield from article.topics
    yield from article.subtopics
