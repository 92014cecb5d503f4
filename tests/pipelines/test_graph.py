"""The pipeline's graph: map-only from source to sinks, whatever the source and however many the sinks."""

from __future__ import annotations

from typing import Any

import apache_beam as beam
import pytest
from apache_beam.pipeline import PipelineVisitor

from pipelines.config import load
from pipelines.news_enrichment import build

FILES = {"kind": "files", "paths": ["a.txt"]}
KAFKA = {"kind": "kafka", "brokers": "localhost:9", "kafka_topic": "raw"}
TO_FILES = [
    {"kind": "jsonl", "takes": "articles", "path": "a"},
    {"kind": "jsonl", "takes": "dead_letters", "path": "d"},
]
TO_KAFKA = [
    {"kind": "kafka", "takes": "articles", "brokers": "localhost:9", "kafka_topic": "a"},
    {"kind": "kafka", "takes": "dead_letters", "brokers": "localhost:9", "kafka_topic": "d"},
]


class _Labels(PipelineVisitor):
    def __init__(self) -> None:
        self.labels: list[str] = []
        self.barriers: list[str] = []

    def visit_transform(self, node: Any) -> None:
        self.labels.append(node.full_label)
        if isinstance(node.transform, beam.GroupByKey | beam.Flatten) or node.side_inputs:
            self.barriers.append(node.full_label)


def labels_of(source: dict[str, Any], sinks: list[dict[str, Any]]) -> _Labels:
    pipeline, visitor = beam.Pipeline(), _Labels()
    build(pipeline, load(None, {"source": source, "sinks": sinks}))
    pipeline.visit(visitor)
    return visitor


@pytest.mark.parametrize("source", [FILES, KAFKA], ids=["files", "kafka"])
@pytest.mark.parametrize("sinks", [TO_FILES, TO_KAFKA, [*TO_KAFKA[:1], *TO_FILES[1:]]])
def test_nothing_holds_records_back_between_source_and_sinks(
    source: dict[str, Any], sinks: list[dict[str, Any]]
) -> None:
    graph = labels_of(source, sinks)
    for barrier in graph.barriers:
        # The one that spreads a source's partitions carries no records.
        assert barrier.startswith("Read/") and "Spread partitions" in barrier
    assert [
        label.split("/")[0]
        for label in graph.labels
        if not label.startswith("Read/") and label.split("/")[0] != "Tally"
    ] == [
        "DecodeArticle",
        "ExtractText",
        "StripBoilerplate",
        "DetectLanguage",
        "TagTopics",
        "Write articles",
        "Write dead_letters of articles",
        "Write dead_letters",
    ]
