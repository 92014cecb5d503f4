"""Scores text extraction on two public sets of pages, by the rules of the gold's own scorer.

    python -m tests.quality.html [--update-floors [--lower]]

All pages (some minutes), read by trafilatura alone, by newsbeam, and by newsbeam with cleaning; then the
pages of the open half that went worst.

trafilatura's set: the share of wanted segments found and of unwanted ones avoided, over all pages.
scrapinghub's set: four-word shingles of each page; F1 of mean precision and mean recall. Rules were found
on the sites of the half `dev`; the others give the honest figure, and a part of them the floors.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import tld
import trafilatura

from pipelines.steps.extract_text import ExtractText
from pipelines.steps.strip_boilerplate import StripBoilerplate
from pipelines.text.web_page import read_page
from schemas.article import RawArticle
from schemas.dead_letter import ArticleRejected
from schemas.origin import Origin
from tests.quality import floors
from tests.shared import shared_file

TABLE = "html"
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


def is_pinned(page: Mapping[str, Any]) -> bool:
    """Whether a page is of those that the floors are measured on: half of the sites of `held`."""
    return shard(page) % 4 == 3


def figures(scores: Score) -> dict[str, float]:
    """The figures that have floors."""
    return {"f1_trafilatura": scores.trafilatura, "f1_scrapinghub": scores.scrapinghub}


def main() -> int:
    """The command; returns its exit code: 1 where a figure is under its floor."""
    parser = argparse.ArgumentParser(description="Score text extraction from HTML.")
    parser.add_argument("--update-floors", action="store_true")
    parser.add_argument("--lower", action="store_true", help="with --update-floors: floors may fall, too")
    options = parser.parse_args()
    path = shared_file("data/html_dev.jsonl.gz")
    if path is None:
        print("no html_dev.jsonl.gz (set NEWSBEAM_SHARED): nothing was scored", file=sys.stderr)
        return 0
    pages = list(load(path))
    readers = {"trafilatura": _by_trafilatura, "newsbeam": text_of, "and cleaned": _Cleaner().text_of}
    read = {name: [(page, reader(page)) for page in pages] for name, reader in readers.items()}
    print(f"{'F1 of the text':24} {'trafilatura 990':>16} {'scrapinghub 181':>16}")
    for name, texts in read.items():
        for part in ("dev", "held", "all"):
            chosen = score(both for both in texts if part in ("all", half(both[0])))
            print(f"{name:12} {part:11} {chosen.trafilatura:16.4f} {chosen.scrapinghub:16.4f}")
    print("\nworst pages of the open half")
    shown = [both for both in read["newsbeam"] if half(both[0]) == "dev"]
    for page, text in sorted(shown, key=lambda both: _quality(*both))[:15]:
        print(f"{_quality(page, text):6.2f}  {page['url'][:90]}")
    measured = figures(score(both for both in read["newsbeam"] if is_pinned(both[0])))
    failures = floors.below(TABLE, measured)
    if options.update_floors:
        failures = floors.update(TABLE, measured, may_lower=options.lower)
    print("\n".join(["", *failures]) if failures else "\nno figure is under its floor")
    return 1 if failures else 0


def _by_trafilatura(page: Mapping[str, Any]) -> str:
    return trafilatura.extract(page["html"], include_comments=False) or ""


class _Cleaner:
    def __init__(self) -> None:
        self._steps = (ExtractText(), StripBoilerplate())
        for step in self._steps:
            step.setup()

    def text_of(self, page: Mapping[str, Any]) -> str:
        extract, strip = self._steps
        raw = RawArticle(id=page["id"], origin=Origin("files"), html=page["html"])
        try:
            return strip.convert(extract.convert(raw)).text
        except ArticleRejected:
            return ""


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
    sys.exit(main())
