"""A page's headline: what it is called in several places, and the one that most of them agree on."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from pipelines.text.page_tree import letters, squash

MAX_CHARS = 400
"""A longer one is no headline."""
MIN_SHOWN_CHARS = 15
"""A shorter h1 may be a section's name, which a title may begin with by chance."""
MIN_NAME_CHARS = 4
"""A shorter part of the host's name (`m`, `de`) begins many words."""
MIN_COMMON_CHARS = 25
"""Letters that a cut headline must share with the whole one."""
_SEPARATOR = re.compile(r"\s+[|\-–—·•»›:~/]+\s+|\s*[|»›•]\s*|\s*::\s*")


class Headline(NamedTuple):
    """A headline and the place where it stands."""

    origin: str
    """`json_ld`, `h1`, `og`, `twitter` or `title_tag`."""
    text: str


def without_site(title: str, *, sites: Sequence[str], host: str, shown: Sequence[str]) -> str:
    """A title without the name of its site, or a kicker, at the end or the start.

    Args:
        title: as a meta tag or `<title>` has it.
        sites: what the page calls its site.
        host: the page's host name, or empty.
        shown: the headlines that the page shows, in h1.
    """
    title = squash(title[: 2 * MAX_CHARS])
    for headline in shown:
        if len(headline) >= MIN_SHOWN_CHARS and (title.startswith(headline) or title.endswith(headline)):
            return headline
    host = host.removeprefix("www.")
    known = {letters(site) for site in sites} | {letters(host)}
    domain = letters(host.rpartition(".")[0])
    names = tuple(name for name in {*known, *map(letters, host.split("."))} if len(name) >= MIN_NAME_CHARS)

    def is_site(part: str) -> bool:
        key = letters(part)
        return key in known or (len(key) >= 3 and (key in domain or (domain != "" and domain in key)))

    while separators := list(_SEPARATOR.finditer(title)):
        # The name may have a claim behind it: "Headline | The Gazette - All of the news".
        named = (one for one in separators[:-1] if letters(title[one.end() :]).startswith(names))
        if is_site(title[separators[-1].end() :]):
            title = title[: separators[-1].start()]
        elif claim := next(named, None):
            title = title[: claim.start()]
        elif is_site(title[: separators[0].start()]):
            title = title[separators[0].end() :]
        else:
            break
    return title.strip()


def is_same(key: str, others: Sequence[str]) -> bool:
    """Whether a headline is one of the others, or one of them cut off; all given as `letters`."""
    return bool(key) and any(key == other or _is_cut(key, other) or _is_cut(other, key) for other in others)


def choose(found: Sequence[Headline]) -> Headline | None:
    """The page's headline: what JSON-LD says, else what most places agree on, in the order given.

    One that is cut off gives way to the whole one; a short one of JSON-LD alone is a template's.
    """
    found = [one for one in found if 0 < len(one.text) <= MAX_CHARS]
    if not found:
        return None
    keys = [letters(one.text) for one in found]

    def trust(i: int) -> tuple[int, int, int, int]:
        alike = {one.origin for one, key in zip(found, keys, strict=True) if is_same(key, [keys[i]])}
        equal = {one.origin for one, key in zip(found, keys, strict=True) if key == keys[i]}
        rank = 0
        if found[i].origin == "json_ld":
            rank = 1 if len(alike) > 1 or len(keys[i]) >= MIN_SHOWN_CHARS else -1
        return rank, len(alike), len(equal), -i

    best = max(range(len(found)), key=trust)
    if found[best].origin == "json_ld" or found[best].text.endswith(("…", "...")):
        for whole, key in zip(found, keys, strict=True):
            if whole.origin != "title_tag" and _is_cut(keys[best], key):
                return whole
    return found[best]


def _is_cut(short: str, whole: str) -> bool:
    return MIN_COMMON_CHARS <= len(short) < len(whole) and whole.startswith(short)
