"""Scores text extraction on two public sets of pages, by the rules of the gold's own scorer.

    python -m tests.quality.html        all pages (a minute), beside trafilatura alone, with the worst

trafilatura's set: the share of wanted segments found and of unwanted ones avoided, over all pages.
scrapinghub's set: four-word shingles of each page; F1 of mean precision and mean recall. Rules were found
on the sites whose half is `dev`; `held` ones only measure.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import tld
import trafilatura

from pipelines.text.web_page import read_page
from schemas.dead_letter import ArticleRejected
from tests.shared import shared_file

FLOORS = Path(__file__).with_name("floors.toml")
SAMPLE = 5
"""The test reads the pages of every fifth site."""
_WAYBACK = re.compile(r"https?://web\.archive\.org/web/\w+/(?:https?://)?(.*)")


class Score(NamedTuple):
    """F1 on either set, 0-1."""

    trafilatura: float
    scrapinghub: float


def load(path: Path) -> Iterator[Mapping[str, Any]]:
    """The pages of `html_dev.jsonl.gz`."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def shard(page: Mapping[str, Any]) -> int:
    """A number from 0 to 255 that all pages of one site share."""
    return hashlib.sha256(_site(page).encode()).digest()[0]


def half(page: Mapping[str, Any]) -> str:
    """`dev` or `held`."""
    return "held" if shard(page) % 2 else "dev"


def text_of(page: Mapping[str, Any]) -> str:
    """What newsbeam makes of a page; empty where it refuses it."""
    try:
        return read_page(page["html"], None if "unknown.invalid" in page["url"] else page["url"]).text
    except ArticleRejected:
        return ""


def score(pages: Iterable[tuple[Mapping[str, Any], str]]) -> Score:
    """The scores of texts, given beside their pages."""
    segments: Counter[tuple[bool, bool]] = Counter()
    precision, recall = [], []
    for page, text in pages:
        if page["set"] == "trafilatura":
            segments.update(_segments(page, text))
        else:
            p, r = _overlap(page, text)
            recall.append(r)
            if text.strip():
                precision.append(p)
    found, missed, wrong = segments[True, True], segments[True, False], segments[False, True]
    p, r = (sum(values) / max(1, len(values)) for values in (precision, recall))
    return Score(2 * found / max(1, 2 * found + missed + wrong), 2 * p * r / max(1e-9, p + r))


def floors() -> Mapping[str, float]:
    """The floors of table `[html]`."""
    table: Mapping[str, float] = tomllib.loads(FLOORS.read_text(encoding="utf-8"))["html"]
    return table


def main() -> None:
    path = shared_file("data/html_dev.jsonl.gz")
    if path is None:
        print("HTML: skipped, no html_dev.jsonl.gz (set NEWSBEAM_SHARED)")
        return
    pages = list(load(path))
    readers: dict[str, Callable[[Mapping[str, Any]], str]] = {
        "trafilatura": lambda page: trafilatura.extract(page["html"], include_comments=False) or "",
        "newsbeam": text_of,
    }
    read = {name: [(page, reader(page)) for page in pages] for name, reader in readers.items()}
    print(f"{'HTML, F1 of the text':24} {'trafilatura 990':>16} {'scrapinghub 181':>16}")
    for name, texts in read.items():
        for part in ("dev", "held", "all"):
            chosen = score(both for both in texts if part in ("all", half(both[0])))
            print(f"{name:12} {part:11} {chosen.trafilatura:16.4f} {chosen.scrapinghub:16.4f}")
    print("\nworst pages")
    for page, text in sorted(read["newsbeam"], key=lambda both: _quality(*both))[:15]:
        print(f"{_quality(page, text):6.2f}  {page['url'][:90]}")


def _site(page: Mapping[str, Any]) -> str:
    url = page["url"]
    if "unknown.invalid" in url:
        return str(page["id"])
    if match := _WAYBACK.match(url):
        url = f"https://{match.group(1)}"
    return tld.get_fld(url, fail_silently=True) or urlsplit(url).netloc


def _segments(page: Mapping[str, Any], text: str) -> Iterator[tuple[bool, bool]]:
    text = _squash(text)
    for wanted, segments in ((True, page["with"]), (False, page["without"])):
        for segment in segments:
            yield wanted, _squash(segment) in text


def _overlap(page: Mapping[str, Any], text: str) -> tuple[float, float]:
    gold, ours = _shingles(page["body"]), _shingles(text)
    both = (gold & ours).total()
    return both / max(1, ours.total()), both / max(1, gold.total())


def _quality(page: Mapping[str, Any], text: str) -> float:
    if page["set"] == "trafilatura":
        judged = [wanted == found for wanted, found in _segments(page, text)]
        return sum(judged) / max(1, len(judged))
    precision, recall = _overlap(page, text)
    return 2 * precision * recall / max(1e-9, precision + recall)


def _squash(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


def _shingles(text: str) -> Counter[tuple[str, ...]]:
    words = re.findall(r"\w+", text)
    return Counter(run for i in range(max(1, len(words) - 3)) if (run := tuple(words[i : i + 4])))


if __name__ == "__main__":
    main()
