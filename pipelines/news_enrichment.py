"""The pipeline: raw news articles in, enriched records and dead letters out.

    Received -> RawArticle -> Article      what a station refuses travels on as a DeadLetter
       source   DecodeArticle    ExtractText, StripBoilerplate, DetectLanguage, TagTopics   sinks

Map-only from source to sink: a GroupByKey, Reshuffle or Flatten between them would hold back all output
of an endless source on the local runner until it ends, and costs 20 to 40 fused stations everywhere.
"""

from __future__ import annotations

import apache_beam as beam

from connectors import sinks, sources
from connectors.delivery import Delivery
from connectors.keeps import Keep
from pipelines.apply import Apply, Step
from pipelines.config import Cleaning, Config, Limits
from pipelines.steps.decode_article import DecodeArticle
from pipelines.steps.detect_language import DetectLanguage
from pipelines.steps.extract_text import ExtractText
from pipelines.steps.strip_boilerplate import StripBoilerplate
from pipelines.steps.tag_topics import TagTopics
from pipelines.tally import Tally
from pipelines.version import VERSION
from schemas.article import Article
from schemas.dead_letter import DeadLetter


def stations(limits: Limits, cleaning: Cleaning = Cleaning()) -> tuple[Step, ...]:  # noqa: B008 - frozen
    """One record's life, top to bottom."""
    return (
        DecodeArticle(limits.max_record_bytes),
        ExtractText(),
        StripBoilerplate(own_packs=cleaning.packs),
        DetectLanguage(),
        TagTopics(),
    )


def build(pipeline: beam.Pipeline, config: Config) -> None:
    """Lay out the pipeline: source, stations, and one branch a sink."""
    outcomes = pipeline | "Read" >> sources.read(config.source.kind, config.source.options)
    for station in stations(config.limits, config.cleaning):
        outcomes |= Apply(station)
    outcomes | "Tally" >> Tally(config.stop(), config.cleaning.packs)

    letters = [sink for sink in config.sinks if sink.takes == "dead_letters"]
    for sink in config.sinks:
        takes = Article if sink.takes == "articles" else DeadLetter
        kept = outcomes | f"Keep for {sink.name}" >> Keep(sink.keeps, sink.name) if sink.keeps else outcomes
        delivery = Delivery(sink.name, takes, VERSION, sink.on_failure)
        undelivered = kept | f"Write {sink.name}" >> sinks.write(sink.kind, sink.options, delivery)
        for letter in letters if takes is Article else ():
            delivery = Delivery(letter.name, DeadLetter, VERSION)
            undelivered | f"Write {letter.name} of {sink.name}" >> sinks.write(
                letter.kind, letter.options, delivery
            )
