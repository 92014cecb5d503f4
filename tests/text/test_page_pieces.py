"""Paragraphs that come back: pieces of one article, never another story's."""

from __future__ import annotations

import pytest

from pipelines.text import page_pieces
from pipelines.text.page_pieces import with_pieces, with_stated
from pipelines.text.page_tree import parse

ONE = "The council adopted the budget late on Monday after nine hours of debate."
TWO = "It raises spending on roads by a tenth, the mayor told reporters afterwards."
THREE = "The opposition said that it would take the decision to the courts next week."


def piece(text: str, *, cls: str = "chunk", tag: str = "div") -> str:
    return f"<{tag} class='{cls}'><p>{text}</p></{tag}>"


def test_pieces_around_an_ad_come_back_in_their_places() -> None:
    root = parse(
        f"<body><h1>A title</h1>{piece(ONE)}<div class='x'>Ad</div>{piece(TWO)}{piece(THREE)}</body>"
    )
    assert with_pieces(root, [ONE]) == [ONE, TWO, THREE]
    assert with_pieces(root, [TWO, "Note."]) == [ONE, TWO, THREE, "Note."]
    assert with_pieces(root, [ONE, THREE]) == [ONE, TWO, THREE]


@pytest.mark.parametrize(
    "other",
    [
        f"<h1>Another story</h1>{piece(TWO)}",
        f"<header>Another story</header>{piece(TWO)}",
        f"<article>{piece(TWO)}</article>",
        piece(TWO, cls="teaser"),
        piece(f"<a href='/2'>{TWO}</a>"),
        f"<a href='/2'>{piece(TWO, tag='span')}</a>",
        f"<div class='comments'>{piece(TWO)}</div>",
    ],
)
def test_another_story_stays_out(other: str) -> None:
    root = parse(f"<body><h1>A title</h1>{piece(ONE)}{other}</body>")
    assert with_pieces(root, [ONE]) == [ONE]


def test_an_article_in_a_part_that_is_named_as_none_takes_no_other_such_part_along() -> None:
    comments = f"<div class='comments'><p>{TWO}</p><p>{THREE}</p></div>"
    root = parse(f"<body><h1>A title</h1><div class='related'><p>{ONE}</p></div>{comments}</body>")
    assert with_pieces(root, [ONE]) == [ONE]


def test_a_small_box_stays_out() -> None:
    long = [f"{ONE} Part {number}." for number in range(9)]
    root = parse(f"<body>{''.join(map(piece, long))}{piece('Only a note of the editors.')}</body>")
    assert with_pieces(root, long) == long


def test_the_page_says_itself_what_its_article_is() -> None:
    root = parse(f"<body><p>A teaser of some words.</p><section><p>{ONE}</p><p>{TWO}</p></section></body>")
    assert with_stated(root, ["A teaser of some words."], [f"{ONE} {TWO}"]) == [ONE, TWO]
    assert with_stated(root, ["A teaser of some words."], [ONE, THREE]) == [ONE, THREE]


def test_a_summary_in_article_body_changes_nothing() -> None:
    root = parse(f"<body><p>{ONE}</p><p>{TWO}</p></body>")
    assert with_stated(root, [ONE, TWO], [ONE]) == [ONE, TWO]
    assert with_stated(root, [ONE, TWO], []) == [ONE, TWO]


def test_a_huge_page_is_left_as_it_was_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_pieces, "MAX_COMPARED_CHARS", 10)
    root = parse(f"<body>{piece(ONE)}{piece(TWO)}</body>")
    assert with_pieces(root, [ONE]) == [ONE]
    assert with_stated(root, [ONE], [f"{ONE} {TWO} {THREE}"]) == [ONE]
