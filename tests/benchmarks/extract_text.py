"""What reading a page costs: `ExtractText` against bare trafilatura, in the same run.

    python -m tests.benchmarks.extract_text [--pages N]

Both read the same pages in turns, page by page, so that the machine's other work falls on both. Times are
the processor's.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import statistics
import time
from collections.abc import Callable

import trafilatura

from pipelines.steps.extract_text import ExtractText
from schemas.article import RawArticle
from schemas.dead_letter import ArticleRejected
from schemas.origin import Origin
from tests.quality.html import load
from tests.shared import shared_file


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pages", type=int, default=300)
    args = parser.parse_args()
    path = shared_file("data/html_dev.jsonl.gz")
    if path is None:
        print("ExtractText: skipped, no html_dev.jsonl.gz (set NEWSBEAM_SHARED)")
        return
    step = ExtractText()
    step.setup()
    readers: dict[str, Callable[[str], object]] = {
        "trafilatura": lambda html: trafilatura.extract(html, include_comments=False),
        "newsbeam": lambda html: step.convert(RawArticle(id="1", origin=Origin("files"), html=html)),
        "plain text": lambda html: step.convert(RawArticle(id="1", origin=Origin("files"), text=html)),
    }
    spent: dict[str, list[float]] = {name: [] for name in readers}
    for number, page in enumerate(itertools.islice(load(path), args.pages)):
        turns = list(readers.items())
        for name, read in turns if number % 2 else reversed(turns):  # who comes second finds warm caches
            begun = time.process_time()
            with contextlib.suppress(ArticleRejected):
                read(page["html"])
            spent[name].append(1000 * (time.process_time() - begun))
    print(f"{'ms a page':12} {'median':>8} {'mean':>8} {'p95':>8} {'worst':>8}")
    for name, times in spent.items():
        p95 = statistics.quantiles(times, n=20)[-1]
        figures = (statistics.median(times), statistics.mean(times), p95, max(times))
        print(f"{name:12} " + " ".join(f"{figure:8.3f}" for figure in figures))
    ratio = statistics.median(spent["newsbeam"]) / statistics.median(spent["trafilatura"])
    print(f"{'ratio':12} {ratio:8.2f}")


if __name__ == "__main__":
    main()
