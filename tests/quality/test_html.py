"""Text extraction keeps its floors."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.quality import floors, html


@pytest.mark.timeout(600)
def test_extraction_keeps_its_floors(shared: Path) -> None:
    path = shared / "data" / "html_dev.jsonl.gz"
    if not path.exists():
        pytest.skip(f"no {path.name} in {shared}")
    pinned = [page for page in html.load(path) if html.is_pinned(page)]
    assert floors.read(html.TABLE), "floors.toml has no floors for HTML"
    scores = html.score((page, html.text_of(page)) for page in pinned)
    assert floors.below(html.TABLE, html.figures(scores)) == []


def test_the_scorer_knows_good_from_bad() -> None:
    pages = [
        {
            "set": "trafilatura",
            "with": ["two words"],
            "without": ["an ad"],
            "url": "https://a.test/1",
            "id": "1",
        },
        {"set": "scrapinghub", "body": "one two three four five", "url": "https://b.test/1", "id": "2"},
    ]
    good = html.score(zip(pages, ["has two\nwords", "one two three four five"], strict=True))
    bad = html.score(zip(pages, ["has an ad", "six seven eight nine ten"], strict=True))
    empty = html.score(zip(pages, ["", ""], strict=True))
    assert good == (1, 1)
    assert bad == empty == (0, 0)
