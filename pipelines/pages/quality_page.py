"""The quality page: tables of what was right and what was mistaken for what."""

from __future__ import annotations

from pathlib import Path

import jinja2

from pipelines.judgement import Judgement
from pipelines.models import registry
from pipelines.text.topics import media_topics
from pipelines.version import VERSION

_TEMPLATE = Path(__file__).with_name("quality.html")


def render(judged: Judgement) -> str:
    """The page as HTML. What comes from data is escaped."""
    environment = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
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
    page = environment.from_string(_TEMPLATE.read_text("utf-8"))
    return page.render(sections=sections, models=registry.entries(), version=VERSION, names=names)
