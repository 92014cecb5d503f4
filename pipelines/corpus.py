"""A corpus of raw articles in files, as the cleaning rules meet them: what `newsbeam rules` reads."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from typing import NamedTuple
from urllib.parse import urlsplit

from connectors.sources.files import discover, records
from pipelines.steps.decode_article import DecodeArticle
from pipelines.steps.extract_text import ExtractText
from pipelines.steps.strip_boilerplate import StripBoilerplate
from schemas.article import RawArticle
from schemas.dead_letter import ArticleRejected
from schemas.received import MAX_RECORD_BYTES

_REPORT_RECORDS = 64
_MAX_DOMAIN = 253  # RFC 1035, section 2.3.4; the packs of a site are a file of this name
_DOMAIN = re.compile(r"[\w-]{1,63}(?:\.[\w-]{1,63})+")


class CorpusPage(NamedTuple):
    """One page."""

    text: str
    title: str | None
    language: str | None
    """Of the packs that serve it."""
    address: str | None
    """Its URL or its publisher: what a site's pack is chosen by."""
    site: str | None
    """Its domain."""
    day: date | None
    name: str
    """Where it comes from, for people."""


class Corpus:
    """The pages of some files, in order; memory stays bounded by one page.

    Args:
        paths: as for a replay.

    Raises:
        UnreadableInput: a path is no input.
    """

    def __init__(self, paths: Sequence[str]) -> None:
        self._files = discover(paths)
        self.size_bytes = sum(file.size_bytes for file in self._files)
        """Of all files; 0 for standard input."""
        self.pages = 0
        """Pages handed out so far."""
        self.refused = 0
        """Records that are no article, withdrawals among them: a replay says of each why."""
        self.first_refused = ""
        """Where the first of them lies, and what is wrong with it."""

    def read(self, report: Callable[[int], None] = lambda records: None) -> Iterator[CorpusPage]:
        """Every page.

        Args:
            report: called now and then with the number of records read.
        """
        decode, extract, strip = DecodeArticle(MAX_RECORD_BYTES), ExtractText(), StripBoilerplate()
        strip.setup()
        for file in self._files:
            for received in records(file, MAX_RECORD_BYTES):
                if (self.pages + self.refused) % _REPORT_RECORDS == 0:
                    report(self.pages + self.refused)
                raw, why = None, "withdrawn by its producer"
                try:
                    decoded = decode.convert(received)
                    raw = extract.convert(decoded) if isinstance(decoded, RawArticle) else None
                except ArticleRejected as rejection:
                    why = f"{rejection.fault.reason}: {rejection.fault.detail}"
                if raw is None:
                    self.refused += 1
                    self.first_refused = self.first_refused or f"{received.origin}: {why}"
                    continue
                self.pages += 1
                yield _page(raw, strip.language_of(raw))
        report(self.pages + self.refused)


def _page(raw: RawArticle, language: str | None) -> CorpusPage:
    address = raw.url or raw.publisher
    day = raw.dates[0].value.date() if raw.dates else None
    return CorpusPage(
        raw.text or "", raw.title, language, address, site_of(address), day, raw.url or str(raw.origin)
    )


def site_of(address: str | None) -> str | None:
    """The domain of a URL or host name, without `www.`; None where there is none."""
    try:
        host = urlsplit(address if "//" in address else f"//{address}").hostname if address else None
    except ValueError:
        return None
    return (
        host.removeprefix("www.") if host and len(host) <= _MAX_DOMAIN and _DOMAIN.fullmatch(host) else None
    )
