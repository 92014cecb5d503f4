"""The run report: its figures, its bounds, its page, and the commands that write it."""

from __future__ import annotations

import gzip
import json
import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st
from lxml import html

from pipelines import run_report
from pipelines.pages.report_page import bars, page
from pipelines.run_report import LISTED, OTHERS, First, Lengths, RunReport
from tests.conftest import Answer

Newsbeam = Callable[..., Answer]
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=y>\x1b[2J\u202e"


def article(number: int = 0, cut: int = 0, **changes: Any) -> dict[str, Any]:
    removed = [{"start": 0, "end": cut, "text": "x" * cut, "kind": "ad", "rule": "common/ad"}] if cut else []
    return {
        "id": f"id{number:03}",
        "title": f"Title {number}",
        "url": f"https://www.example.org/{number}",
        "publisher": None,
        "origin": {"kafka_topic": None, "path": "in.jsonl", "record": number},
        "language": {"tag": "bg"},
        "topics": [{"name": "politics"}],
        "removed": removed,
        "char_count": 1000 - cut,
        "published_at": "2026-01-02T00:00:00Z",
        "published_at_origin": "producer",
        "date_conflict": False,
        "date_candidates": [{"value": "2026-01-02T00:00:00Z", "origin": "producer", "text": "2 January"}],
        **changes,
    }


def letter(number: int, reason: str = "not_json", **changes: Any) -> dict[str, Any]:
    return {
        "kind": "rejected",
        "reason": reason,
        "step": "DecodeArticle",
        "detail": "line 1",
        "origin": {"kafka_topic": "raw", "partition": 0, "offset": number},
        "payload": f"payload {number}",
        "payload_base64": None,
        **changes,
    }


def test_figures() -> None:
    report = RunReport()
    for number, cut in enumerate([0, 100, 900]):
        report.add_article(article(number, cut))
    report.add_article(article(3, 0, topics=[], publisher="The Paper", date_conflict=True, char_count=0))
    report.add_withdrawal({})
    for number in (7, 3, 5):
        report.add_letter(letter(number))
    report.add_letter(letter(1, "bad_charset", payload=None, payload_base64="AAAA"))

    assert report.outcomes == {"enriched": 4, "withdrawn": 1, "rejected": 4}
    assert report.topics == {"politics": 3, "none": 1}
    assert report.junk_chars == {"ad": 1000}
    assert (report.before.chars, report.after.chars) == (3000, 2000)
    assert report.shares == {0: 2, 2: 1, 18: 1}
    first, second = report.top_publishers()
    assert (first.name, first.articles, round(first.share, 3)) == ("www.example.org", 3, 0.333)
    assert (second.name, second.share) == ("The Paper", 0.0)
    assert [(one.id, one.share, one.cuts) for one in report.worst] == [
        ("id002", 0.9, (("ad", "common/ad", 900),)),
        ("id001", 0.1, (("ad", "common/ad", 100),)),
    ]
    assert [one.id for one in report.conflicts] == ["id003"]
    groups = [(one.reason, one.count, one.origin, one.example) for one in report.all_letters()]
    assert groups == [
        ("not_json", 3, "raw-0-3", "payload 3"),
        ("bad_charset", 1, "raw-0-1", "base64: AAAA"),
    ]


def test_the_order_of_records_does_not_matter() -> None:
    rows = [article(n, n * 7 % 500, date_conflict=n % 3 == 0) for n in range(120)]
    letters = [letter(n, ("schema", "empty")[n % 2]) for n in range(30)]
    pages = []
    for seed in range(3):
        random.Random(seed).shuffle(rows)
        random.Random(seed).shuffle(letters)
        report = RunReport()
        for row in rows:
            report.add_article(row)
        for one in letters:
            report.add_letter(one)
        pages.append(page(report, "out"))
    assert pages[0] == pages[1] == pages[2]


@given(st.lists(st.tuples(st.integers(0, 5), st.text("abc", max_size=3)), unique_by=lambda one: one[1]))
def test_the_first_of_a_list_are_its_largest_then_its_first_names(items: list[tuple[int, str]]) -> None:
    first: First[str] = First()
    for key, name in items:
        first.add(key, name, name)
    ranked = sorted(items, key=lambda one: (one[0], [-ord(char) for char in one[1]]), reverse=True)
    assert list(first) == [name for _, name in ranked[:LISTED]]
    assert first.count == len(items)


@given(st.integers(1, 10**7))
def test_a_length_lies_in_its_bar(chars: int) -> None:
    lengths = Lengths()
    lengths.add(chars)
    low, high = Lengths.bounds(next(iter(lengths.bars)))
    assert low <= chars <= high
    assert low <= lengths.median() <= high


@given(st.lists(st.integers(0, 10**7), min_size=1))
def test_the_median_is_as_near_as_its_bar_is_wide(chars: list[int]) -> None:
    lengths = Lengths()
    for one in chars:
        lengths.add(one)
    middle = max(1, sorted(chars)[(len(chars) - 1) // 2])
    assert middle / 1.6 - 1 <= lengths.median() <= middle * 1.6 + 1


def test_memory_is_bounded_in_publishers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_report, "MOST_PUBLISHERS", 5)
    report = RunReport()
    for number in range(50):
        report.add_article(article(number, 10, publisher=f"p{number}"))
    assert len(report.publishers) == 6
    assert report.publishers[OTHERS].articles == 45
    assert report.top_publishers()[-1].name == OTHERS
    assert len(list(report.worst)) == LISTED and report.worst.count == 50


def test_a_long_chart_ends_in_all_others_and_keeps_the_sum() -> None:
    shown = bars({f"k{n:03}": n for n in range(100)}, None)
    assert len(shown) == LISTED
    assert (shown[0].name, shown[-1].name) == ("k099", "all others")
    assert sum(bar.count for bar in shown) == sum(range(100))
    assert all(0 <= bar.share <= 1 for bar in shown)
    assert bars({}, None) == []


def test_hostile_records_stay_text_and_nothing_is_fetched() -> None:
    report = RunReport()
    report.add_article(
        article(1, 500, id=HOSTILE, title=HOSTILE, url=HOSTILE, publisher=HOSTILE, date_conflict=True)
    )
    report.add_article(article(2, 500, url="http://[bad", title=None))
    report.add_letter(letter(1, detail=HOSTILE, payload=HOSTILE, step=HOSTILE))
    made = page(report, HOSTILE)
    tree = html.fromstring(made)
    assert not tree.xpath("//script | //img | //link | //iframe | //object | //*[@onerror]")
    assert all(link.startswith("#") for link in tree.xpath("//@href | //@src"))
    assert "alert(1)" in tree.text_content()
    assert "\x1b" not in made
    assert not re.search(r"url\(|@import", made)
    assert "default-src 'none'" in made
    ids = set(tree.xpath("//section/@id"))
    assert {link[1:] for link in tree.xpath("//nav/a/@href")} <= ids


def test_an_empty_run_has_a_page() -> None:
    assert "None: every record became an article" in page(RunReport(), "out")


def test_packed_files_are_reported_and_damaged_ones_named(newsbeam: Newsbeam, tmp_path: Path) -> None:
    folder = tmp_path / "out" / "articles"
    folder.mkdir(parents=True)
    for number, (name, pack) in enumerate((("a.gz", gzip.compress), ("b.zst", zstandard.compress))):
        (folder / name.replace(".", ".jsonl.")).write_bytes(pack(json.dumps(article(number)).encode()))
    ran = newsbeam("report", tmp_path / "out", "--html", tmp_path / "r.html")
    assert ran.exit_code == 0 and "2 records" in ran.stderr
    damaged = folder / "b.jsonl.zst"
    damaged.write_bytes(damaged.read_bytes()[:-3])
    ran = newsbeam("report", tmp_path / "out", "--html", tmp_path / "r.html")
    assert ran.exit_code == 2 and str(damaged) in ran.stderr


def test_wrong_usage_is_refused_before_the_run(newsbeam: Newsbeam, seeds: Path, tmp_path: Path) -> None:
    for arguments, message in (
        (["--output", "-", "--report", tmp_path / "r.html"], "were written to files"),
        (["--format", "ninjs", "--report", tmp_path / "r.html"], "ninjs"),
        (["--report", tmp_path / "nowhere" / "r.html"], "folder that exists"),
        (["--report", tmp_path], "folder that exists"),
    ):
        answer = newsbeam("replay", seeds, *arguments)
        assert answer.exit_code == 2
        assert message in answer.stderr
    answer = newsbeam("report", tmp_path)
    assert answer.exit_code == 2 and "holds no output of a replay" in answer.stderr


@pytest.mark.pipeline
@pytest.mark.parametrize("form", ["jsonl", "parquet"])
def test_a_replay_of_two_workers_is_reported_whole(
    newsbeam: Newsbeam, seeds: Path, tmp_path: Path, form: str
) -> None:
    source, out = tmp_path / "in.jsonl", tmp_path / "out"
    text = (seeds / sorted(file.name for file in seeds.iterdir())[0]).read_text()
    rows = [json.dumps({"id": f"a{n}", "title": f"T{n}", "text": text}) for n in range(130)]
    source.write_text("\n".join([*rows, "{", "[]"]) + "\n")
    ran = newsbeam(
        "replay",
        source,
        "-o",
        out,
        "--format",
        form,
        "--workers",
        2,
        "--report",
        tmp_path / "r.html",
        "--json",
    )
    assert ran.exit_code == 0, ran.stderr
    assert ran.json["outcomes"]["enriched"] == 130
    assert set(ran.json["station_seconds"]) == {
        "DecodeArticle",
        "ExtractText",
        "StripBoilerplate",
        "DetectLanguage",
        "TagTopics",
    }
    assert all(seconds > 0 for seconds in ran.json["station_seconds"].values())
    made = html.fromstring((tmp_path / "r.html").read_text())
    assert made.xpath("string(//h1)") == "What newsbeam made of 132 records"
    assert len(made.xpath("//*[@id='time']//tr")) == 5
    assert len(made.xpath("//*[@id='letters']//li")) == 2
    again = newsbeam("report", out, "--html", tmp_path / "again.html")
    assert again.exit_code == 0, again.stderr
    later = html.fromstring((tmp_path / "again.html").read_text())
    for section in ("languages", "topics", "junk", "lengths", "publishers", "worst", "dates", "letters"):
        ours, theirs = (one.xpath(f"//*[@id='{section}']")[0] for one in (made, later))
        assert html.tostring(ours) == html.tostring(theirs), section
