"""Document rules: what only the page as a whole tells. They need no language.

Each looks at the lines that no rule has taken yet and may take some; each takes only what stands
beside clear evidence, since doubt keeps the line.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from itertools import accumulate, pairwise, takewhile

from pipelines.text.ledger import Cut
from pipelines.text.page import HEADLINE_CHARS, Page
from pipelines.text.rule import Reach, Rule
from schemas.article import RemovalKind

HEAD_LINES = 8
"""A page's title stands among its first lines."""
RUN_LINES = 30
"""A list of other stories is not longer."""
FOOT_SHARE = 0.5
"""A foot holds at most this share of the running text above it."""

REPEATS = 3
"""So often a line must stand in a page to be taken for a label."""
MIN_REPEATED_CHARS = 4
KICKER_CHARS = 45
"""A kicker is not longer."""
KICKER_LANGUAGES = frozenset({"de"})
"""Languages whose papers print a line of its own above the headline (the Dachzeile): 102 of 103 such first
lines of 364 articles were one. Elsewhere such a line is as often the article's summary."""
KICKER_WORDS = 3
"""Elsewhere a kicker has at most so many words: of 110 such first lines that were read, five were not one."""
ITEM_WORDS = 4
"""Where lines of at most so many words follow it, it may be the first of a list or of the subheads."""
NAME_WORDS = range(2, 4)
"""So many words has a person's name below an article."""
NAME_CHARS = 40
"""A name is not longer."""
LAST_LABELS = 8
"""At most so many labels in a row end a page; more are a list."""
LABEL_CHARS = 29
"""A label that ends a page is not longer: of those of 30 to 60 characters half are the article's."""
_RATING = frozenset("●○◐★☆")
"""A test of several products gives the same rating more than once."""

_NAME = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_NOT_ALNUM = re.compile(r"[\W_]+")
_IN_LISTS = frozenset(
    {
        RemovalKind.RELATED_LINK,
        RemovalKind.RELATED_TAIL,
        RemovalKind.MASTHEAD_DATE,
        RemovalKind.TAGS,
        RemovalKind.UI,
    }
)
"""What stands between the headlines of a list: pointers, their days, their sections, labels."""

TITLE_RULE = "document/title"
KICKER_RULE = "document/kicker"
LAST_NAME_RULE = "document/last_name"
LAST_LABEL_RULE = "document/last_label"
DOUBLED_TITLE_RULE = "document/doubled_title"
DOUBLED_TAIL_RULE = "document/doubled_tail"
REPEAT_RULE = "document/repeat"


def take_title(page: Page, title: str | None) -> str | None:
    """Take the lines that repeat the title.

    With a known title these are the lines that say the same; without one, a line among the first
    that stands twice in a row above the first paragraph is the title.

    Args:
        page: the page.
        title: the producer's title, if any.

    Returns:
        The title found in the text where none was known.
    """
    if title:
        wanted = plain(title)
        for index, line in enumerate(page.lines):
            if page.cuts[index] is None and len(line) <= 2 * len(title) and _is_title(line, wanted):
                _take(page, index, RemovalKind.TITLE, TITLE_RULE)
        return None
    for index in range(min(HEAD_LINES, len(page.lines) - 1)):
        if page.cuts[index] is not None:
            continue
        if page.is_paragraph(index) and not page.is_headline(index):
            break
        if page.lines[index] == page.lines[index + 1] and page.is_headline(index):
            _take(page, index, RemovalKind.TITLE, DOUBLED_TITLE_RULE)
            _take(page, index + 1, RemovalKind.TITLE, DOUBLED_TITLE_RULE)
            return page.lines[index]
    return None


def take_kicker(page: Page, title: str | None, language: str | None) -> None:
    """Take the line above the headline: the page's first, short and no sentence, over one that is neither.

    Outside `KICKER_LANGUAGES` it also has few words, the first of them capitalised, and nothing that follows
    looks like an item of a list. Without a known title the first line may be the headline itself.

    Args:
        page: the page.
        title: the article's, if known.
        language: its primary language tag.
    """
    match page.undecided() if title else []:
        case [first, below, *further] if _is_kicker(page.lines[first]) and not _is_kicker(page.lines[below]):
            if language in KICKER_LANGUAGES:
                is_kicker = first == 0
            else:
                is_item_below = any(_may_be_item(page, index) for index in (below, *further))
                is_kicker = _has_few_words(page.lines[first]) and not is_item_below
            if is_kicker:
                _take(page, first, RemovalKind.TITLE, KICKER_RULE)


def _is_kicker(line: str) -> bool:
    return len(line) <= KICKER_CHARS and line[-1].isalnum() and any(map(str.isalpha, line))


def _has_few_words(line: str) -> bool:
    return line[0].isupper() and len(line.split()) <= KICKER_WORDS and not _has_digit(line)


def _may_be_item(page: Page, index: int) -> bool:
    line = page.lines[index]
    if page.is_paragraph(index) or page.ends_sentence(index):
        return False
    return len(line.split()) <= ITEM_WORDS or _has_digit(line)


def take_doubled_tail(page: Page) -> None:
    """Take a foot that lists other stories with each headline printed twice (picture and link).

    The pairs must follow one another to the end of the page with at most two lines (a summary)
    after each; one pair is enough right under a line that a rule took, else it takes two. Lines only
    behind the last pair are no summary: the pairs were pictures in the article. One word ("Instagram"
    under each embedded post) is no headline.
    """
    lines = page.lines
    pairs = [
        index
        for index in range(1, len(lines) - 1)
        if lines[index] == lines[index + 1]
        and " " in lines[index]
        and page.cuts[index] is None
        and page.is_headline(index)
    ]
    first = len(lines)
    summaries: list[int] = []
    for index in reversed(pairs):
        between = sum(page.cuts[k] is None for k in range(index + 2, min(first, index + 2 + RUN_LINES)))
        if between > 2 or first - index > RUN_LINES:
            break
        first = index
        summaries.append(between)
    count = len(summaries)
    if count >= 2 and summaries[0] > max(summaries[1:]):
        return
    if count >= 2 or (count == 1 and page.cuts[first - 1] is not None):
        if not any(page.cuts[k] is None and page.is_paragraph(k) for k in range(first)):
            return
        headlines = set(pairs)
        for index in range(first, len(lines)):
            is_headline = index in headlines or index - 1 in headlines
            name = "headline" if is_headline else "summary"
            _take(page, index, RemovalKind.RELATED_TAIL, DOUBLED_TAIL_RULE, {name: lines[index]})


def take_reaches(page: Page, headers: Mapping[int, Rule]) -> None:
    """Take what headers reach: the run of headlines under one, or the page's foot.

    Args:
        page: the page.
        headers: the lines that line rules took, and their rules.
    """
    above = list(accumulate((_paragraph_chars(page, index) for index in range(len(page.lines))), initial=0))
    for index, rule in sorted(headers.items()):
        if rule.reach is Reach.RUN:
            _take_run(page, index, rule)
        elif rule.reach is Reach.END and above[-1] - above[index] <= FOOT_SHARE * above[index]:
            for below in range(index + 1, len(page.lines)):
                _take(page, below, rule.kind, rule.id)
            return


def _take_run(page: Page, index: int, rule: Rule) -> None:
    run: list[int] = []
    for below in range(index + 1, min(index + 1 + RUN_LINES, len(page.lines))):
        cut = page.cuts[below]
        if cut is not None and (cut.kind not in _IN_LISTS or not any(map(str.isalnum, page.lines[below]))):
            break  # a credit, a ruled line: the list's end
        if cut is None and not page.is_headline(below):
            run = run[:-1]  # right above a paragraph stands its subhead
            break
        run.append(below)
    for below in run:
        _take(page, below, RemovalKind.RELATED_TAIL, rule.id)


def take_repeats(page: Page) -> None:
    """Take short lines without a full stop that stand three times or more: captions, labels, names.

    One of them at least stands right under a paragraph: what stands under other short lines alone is an
    item of a list or a table. Lines with digits are left alone: rows of tables repeat.
    """
    if len(set(page.lines)) == len(page.lines):
        return
    counts = Counter(page.lines)
    undecided = page.undecided()
    labels = {
        page.lines[index]
        for above, index in pairwise(undecided)
        if counts[page.lines[index]] >= REPEATS and _is_label(page.lines[index]) and page.is_paragraph(above)
    }
    for index in undecided:
        if page.lines[index] in labels:
            _take(page, index, RemovalKind.UI, REPEAT_RULE)


def take_last_lines(page: Page) -> None:
    """Take a bare name or labels that end the page right under a paragraph.

    A name is the author's or a caption; of 10 labelled pages that end so, and 27 others that were read, none
    ends with the article's own text. Labels are tags, links, pictures'; so were 16 of 18 single ones on
    labelled pages and 95 of 100 others (some are subheads of nothing, or say whose letter it was), and all
    runs of them on 8 labelled pages and of 8 other sites.
    """
    undecided = page.undecided()
    match undecided:
        case [*_, above, last] if page.is_paragraph(above) and _is_name(page.lines[last]):
            _take(page, last, RemovalKind.BYLINE, LAST_NAME_RULE)
            return
    labels = list(takewhile(lambda index: _is_last_label(page.lines[index]), reversed(undecided)))
    if 0 < len(labels) <= LAST_LABELS and len(labels) < len(undecided):
        above = undecided[-len(labels) - 1]
        if page.is_paragraph(above) and page.ends_sentence(above):
            for index in labels:
                _take(page, index, RemovalKind.UI, LAST_LABEL_RULE)


def _is_last_label(line: str) -> bool:
    return (
        len(line) <= LABEL_CHARS
        and line[0].isalpha()
        and line[-1].isalnum()
        and line.lower() != line.upper()  # where letters have no case, so many are a sentence
        and not _has_digit(line)
        and ": " not in line
    )


def _is_name(line: str) -> bool:
    words = line.split()
    return (
        len(words) in NAME_WORDS
        and len(line) <= NAME_CHARS
        and all(word[0].isupper() and not word.isupper() and _NAME.fullmatch(word) for word in words)
    )


def _is_label(line: str) -> bool:
    return (
        MIN_REPEATED_CHARS <= len(line) <= HEADLINE_CHARS
        and line[-1] not in ".!?…:;,"
        and not _has_digit(line)
        and any(char.isalpha() for char in line)
        and _RATING.isdisjoint(line)
    )


def _has_digit(line: str) -> bool:
    return any(map(str.isdecimal, line))


def _paragraph_chars(page: Page, index: int) -> int:
    """The line's length where it stays and is running text, else 0."""
    return len(page.lines[index]) if page.cuts[index] is None and page.is_paragraph(index) else 0


def _take(page: Page, index: int, kind: RemovalKind, rule: str, groups: dict[str, str] | None = None) -> None:
    if page.cuts[index] is None:
        cut = Cut(page.starts[index], page.end(index), kind, rule)
        page.cuts[index] = cut
        page.groups[cut] = groups or {}


def _is_title(line: str, wanted: str) -> bool:
    for char in line:
        if char.isalnum():
            break
    else:
        return False
    return char.casefold()[:1] == wanted[:1] and plain(line) == wanted


def plain(text: str) -> str:
    """A text's letters and digits in lower case: what is compared of two titles."""
    return _NOT_ALNUM.sub("", text.casefold())
