"""Time per article of cleaning: `python -m tests.benchmarks.cleaning`.

Measures processor time on `articles_2019` in one process, after a first pass that fills RE2's automata, and
prints it as a multiple of a baseline in the same run (splitting and hashing the same texts), so that
figures of different machines compare.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial

from pipelines.text import language, line_model, packs
from pipelines.text.boilerplate import Hints, strip_boilerplate
from tests.shared import SHARED, shared_file

EVERY = 8
"""Of the articles every so many-th is taken."""


def milliseconds(run: Callable[[], object]) -> float:
    """Processor time of one call."""
    start = time.process_time_ns()
    run()
    return (time.process_time_ns() - start) / 1e6


def main() -> int:
    """The command."""
    file = shared_file("data/articles_2019.jsonl.gz")
    if file is None:
        print(f"no articles at {SHARED} (set NEWSBEAM_SHARED): nothing was measured", file=sys.stderr)
        return 0
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        articles = [json.loads(line) for index, line in enumerate(lines) if index % EVERY == 0]
    identifier = language.load()
    library = packs.load()
    scorer = line_model.shipped()
    chosen = [library.select(identifier.guess(a["text"]), a["url"]) for a in articles]
    pairs = list(zip(articles, chosen, strict=True))
    baseline = statistics.median(
        milliseconds(lambda a=a: hashlib.sha256(a["text"].encode()).hexdigest() + str(len(a["text"].split())))
        for a in articles
    )
    print(f"{len(articles):,} articles; baseline (split and hash): median {baseline:.4f} ms")
    for name, model in (("rules", None), ("rules and line scorer", scorer)):
        for warm in (False, True):
            times = sorted(
                milliseconds(partial(strip_boilerplate, a["text"], p, Hints(a["title"]), model))
                for a, p in pairs
            )
            if warm:
                median, p99 = statistics.median(times), times[int(len(times) * 0.99)]
                print(
                    f"{name:22} median {median:.3f} ms ({median / baseline:.1f} x baseline), "
                    f"mean {statistics.mean(times):.3f}, p99 {p99:.2f}"
                )
    return 0


if __name__ == "__main__":
    sys.exit(main())
