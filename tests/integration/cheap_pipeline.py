"""A pipeline process to kill: the real source, railway and sinks around a station that costs nothing.

python -m tests.integration.cheap_pipeline '{"source": {...}, "out": TOPIC, "letters": TOPIC}'

With "options" it is submitted to Flink, as by `newsbeam run --runner flink --detach`; --from-savepoint PATH
goes on from there.
"""

from __future__ import annotations

import hashlib
import os
import sys
from typing import Any

import apache_beam as beam
import orjson

from connectors import drain, runner
from connectors.delivery import Delivery
from connectors.sinks import kafka as sink
from connectors.sources import kafka as source
from pipelines.apply import Apply
from schemas.article import Article, Provenance
from schemas.dead_letter import ArticleRejected, DeadLetter, Reason
from schemas.received import Received


class Pass:
    """`{"id": ..., "text": ...}` becomes an article as it is; what is no JSON is refused."""

    def setup(self) -> None:
        """Nothing to load."""

    def convert(self, received: Received) -> Article:
        if received.fault is not None:
            raise ArticleRejected(received.fault.reason, received.fault.detail)
        try:
            record = orjson.loads(received.payload)
        except orjson.JSONDecodeError:
            raise ArticleRejected(Reason.NOT_JSON, "not JSON") from None
        text = record["text"]
        return Article(
            id=record["id"],
            text=text,
            text_sha256=hashlib.sha256(text.encode()).hexdigest(),
            char_count=len(text),
            word_count=len(text.split()),
            origin=received.origin,
            provenance=Provenance("0.1.0"),
        )


def build(pipeline: beam.Pipeline, settings: dict[str, Any]) -> None:
    options = source.Options(**settings["source"])
    if settings.get("before"):
        pipeline | "Another" >> beam.Create([1]) | beam.Map(str)
    outcomes = pipeline | source.read(options) | Apply(Pass())
    for name, kafka_topic, takes in (
        ("articles", settings["out"], Article),
        ("dead_letters", settings["letters"], DeadLetter),
    ):
        target = sink.Options(options.brokers, kafka_topic)
        outcomes | f"Write {name}" >> sink.write(target, Delivery(name, takes, "0.1.0"))


def submit(settings: dict[str, Any]) -> str:
    """Hand the pipeline to Flink with `settings["options"]`; the job's id, once it runs."""
    from apache_beam.options.pipeline_options import PipelineOptions

    from pipelines import engines
    from pipelines.config import Runner
    from pipelines.flink import Flink

    runner = Runner("flink", settings["options"])
    engines.refuse_unsafe(runner)
    options = engines.options(runner, is_live=True)
    pipeline = beam.Pipeline(options=PipelineOptions.from_dictionary(options))
    build(pipeline, settings)
    pipeline.run()
    return Flink(options["flink_master"]).wait_until_running(options["job_name"], 300).id


def main() -> None:
    from apache_beam.runners.portability.fn_api_runner import FnApiRunner

    settings = orjson.loads(sys.argv[1])
    if "options" in settings:
        if "--from-savepoint" in sys.argv:
            settings["options"]["savepoint_path"] = sys.argv[sys.argv.index("--from-savepoint") + 1]
        print("job", submit(settings), flush=True)
        os._exit(0)  # Beam would wait for its threads
    drain.on_signals()
    runner.install()
    pipeline = beam.Pipeline(runner=FnApiRunner())
    build(pipeline, settings)
    pipeline.run()


if __name__ == "__main__":
    main()
