"""The quality page: tables of what was right and what was mistaken for what."""

from __future__ import annotations

from pipelines.judgement import Judgement
from pipelines.models import registry
from pipelines.pages.template import fill
from pipelines.text.topics import media_topics


def page(judged: Judgement) -> str:
    """The page as HTML. What comes from data is escaped."""
    sections = []
    names = {key: name for key, (_, name) in media_topics().items()}
    for title, tally in (("Languages", judged.languages), ("Topics", judged.topics)):
        if tally.total:
            labels, counts = tally.matrix()
            sections.append(
                {
                    "title": title,
                    "tally": tally,
                    "in_set": tally.in_set / tally.total if title == "Topics" else None,
                    "labels": labels,
                    "counts": counts,
                }
            )
    return fill("quality.html", sections=sections, models=registry.entries(), names=names)
