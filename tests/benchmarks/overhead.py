"""What Beam costs: the pipeline on the local runner against a bare loop over the same stations.

    make benchmark            or   python -m tests.benchmarks.overhead [--articles N] [--rounds N]

Both read the same articles, run the same stations and write the same files; they take turns, and the
best turn of each counts: what a shared machine adds is never less than nothing. Times are the
processor's, of all threads, start-up aside. Prints articles a second of one core for each, the ratio,
Beam's overhead an article, and where the time of the bare loop goes.
Goals: overhead <= 0.04 ms an article, >= 2,000 articles a second.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections import Counter
from itertools import islice
from pathlib import Path

from connectors.sinks.jsonl import Files
from connectors.sinks.jsonl import Options as JsonlOptions
from connectors.sources.files import discover, records
from pipelines.apply import apply
from pipelines.config import Config, Limits, load
from pipelines.news_enrichment import stations
from pipelines.running import run
from pipelines.tally import count
from schemas.article import Article
from schemas.outcome import Outcome
from schemas.received import MAX_RECORD_BYTES, Received
from tests.shared import shared_file


def bare_loop(path: Path, output: Path) -> tuple[int, float]:
    """The same work without Beam: read, stations, tally, write. Articles and seconds."""
    steps = stations(Limits())
    for step in steps:
        step.setup()
    articles, letters = (Files(JsonlOptions(str(output / name))) for name in ("articles", "dead_letters"))
    articles.open()
    letters.open()
    counts: Counter[str] = Counter()
    begun, read = time.process_time(), 0
    for file in discover([str(path)]):
        for received in records(file, MAX_RECORD_BYTES):
            record: Received | Outcome = received
            for step in steps:
                record = apply(step, record)
            assert isinstance(record, Outcome)
            count(record.value, counts)
            (articles if isinstance(record.value, Article) else letters).write(record.value)  # type: ignore[arg-type]
            read += 1
    articles.flush()
    letters.flush()
    return read, time.process_time() - begun


def pipeline(path: Path, output: Path) -> tuple[int, float]:
    """The pipeline on the local runner, start-up included."""
    config: Config = load(
        None,
        {
            "source": {"kind": "files", "paths": [str(path)]},
            "sinks": [
                {"kind": "jsonl", "takes": "articles", "path": str(output / "articles")},
                {"kind": "jsonl", "takes": "dead_letters", "path": str(output / "dead_letters")},
            ],
        },
    )
    begun = time.process_time()
    counts = run(config)
    return counts["read"], time.process_time() - begun


def profile(path: Path, articles: int) -> dict[str, float]:
    """Milliseconds each station takes on the median article, and encoding."""
    from schemas.codec import encode

    steps = stations(Limits())
    for step in steps:
        step.setup()
    spent: dict[str, list[float]] = {type(step).__name__: [] for step in steps} | {"encode": []}
    (file,) = discover([str(path)])
    for received in islice(records(file, MAX_RECORD_BYTES), articles):
        record: Received | Outcome = received
        for step in steps:
            begun = time.thread_time()
            record = apply(step, record)
            spent[type(step).__name__].append(time.thread_time() - begun)
        assert isinstance(record, Outcome)
        begun = time.thread_time()
        encode(record.value)  # type: ignore[arg-type]
        spent["encode"].append(time.thread_time() - begun)
    return {name: statistics.median(seconds) * 1_000 for name, seconds in spent.items()}


def main() -> None:
    """Print the comparison."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--articles", type=int, default=4_000, help="how many of articles_2019 (default 4000)"
    )
    parser.add_argument("--rounds", type=int, default=6, help="turns of each (default 6)")
    arguments = parser.parse_args()
    source = shared_file("data/articles_2019.jsonl.gz")
    if source is None:
        print("skipped: ../shared/data/articles_2019.jsonl.gz is not here (NEWSBEAM_SHARED names its folder)")
        return
    with tempfile.TemporaryDirectory() as folder:
        sample = Path(folder) / "sample.jsonl"
        (file,) = discover([str(source)])
        with sample.open("wb") as lines:
            for received in islice(records(file, MAX_RECORD_BYTES), arguments.articles):
                lines.write(received.payload + b"\n")
        one = Path(folder) / "one.jsonl"
        one.write_bytes(sample.open("rb").readline())
        loop, beam = [], []
        for turn in range(arguments.rounds):
            for name, work, times in (("loop", bare_loop, loop), ("beam", pipeline, beam)):
                start_up = work(one, Path(folder) / f"{name}{turn}-start")[1]
                read, seconds = work(sample, Path(folder) / f"{name}{turn}")
                times.append((seconds - start_up) / read)
        medians = profile(sample, arguments.articles)
    bare, through = min(loop), min(beam)
    print(f"{arguments.articles:,} articles, {arguments.rounds} turns each, the best of each")
    print(f"bare loop          {1 / bare:8,.0f} articles/s   {bare * 1_000:.3f} ms an article")
    print(f"pipeline           {1 / through:8,.0f} articles/s   {through * 1_000:.3f} ms an article")
    print(f"ratio              {bare / through:8.2f}              goal 2,000 articles/s")
    print(f"Beam's overhead    {(through - bare) * 1_000:8.3f} ms an article   goal 0.040")
    print("where the time goes (ms, median article):")
    for name, milliseconds in medians.items():
        print(f"  {name:18} {milliseconds:.3f}")


if __name__ == "__main__":
    main()
