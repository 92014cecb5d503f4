"""What language and topics cost an article, beside a yardstick measured in the same run.

    python -m tests.benchmarks.tagging [--articles N]

The yardstick is lid.176's bare prediction on 300 characters: 0.07 ms on the machine of the design. Times
are the thread's own processor time, medians of the articles of 2019, so that a machine's other work
disturbs them little. Goals there: language <= 0.10 ms, topics <= 0.12 ms.
"""

from __future__ import annotations

import argparse
import gzip
import statistics
import time
from collections.abc import Callable
from itertools import islice

import orjson

from pipelines.models.registry import load_fasttext
from pipelines.text import language, topics
from pipelines.text.topics import features
from tests.shared import shared_file

YARDSTICK_CHARS = 300


def main() -> None:
    """Print the median milliseconds of each job and its ratio to the yardstick."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--articles", type=int, default=3000)
    arguments = parser.parse_args()
    path = shared_file("data/articles_2019.jsonl.gz")
    if path is None:
        print("tagging: no shared data (set NEWSBEAM_SHARED)")
        return
    with gzip.open(path, "rb") as lines:
        articles = [orjson.loads(line) for line in islice(lines, arguments.articles)]
    model = load_fasttext("language")
    identifier, tagger = language.load(), topics.load()
    jobs: dict[str, Callable[[str, str], object]] = {
        "yardstick": lambda _, text: model.f.predict(
            text[:YARDSTICK_CHARS].replace("\n", " ") + "\n", 4, 0.0, "strict"
        ),
        "language": lambda _, text: identifier.identify(text),
        "language, guess": lambda _, text: identifier.guess(text),
        "topics": tagger.tag,
        "topics, features": features,
    }
    yardstick = 0.0
    for name, job in jobs.items():
        median = statistics.median(_seconds(job, article) for article in articles) * 1e3
        yardstick = yardstick or median
        print(f"{name:18} {median:.3f} ms  {median / yardstick:.2f} of the yardstick")


def _seconds(job: Callable[[str, str], object], article: dict[str, str]) -> float:
    begun = time.thread_time()
    job(article["title"], article["text"])
    return time.thread_time() - begun


if __name__ == "__main__":
    main()
