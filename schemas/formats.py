"""The JSON an article can be written as."""

from __future__ import annotations

from typing import Literal

import orjson

from schemas import codec
from schemas.article import Article
from schemas.dead_letter import DeadLetter
from schemas.ninjs import ninjs
from schemas.schema_org import news_article
from schemas.withdrawal import Withdrawal

Format = Literal["newsbeam", "ninjs", "schema_org"]
_FORMATS = {"ninjs": ninjs, "schema_org": news_article}


def encode_as(format: Format, record: Article | Withdrawal | DeadLetter) -> bytes:
    """One record as one line of JSON. What is no article has newsbeam's own form, whatever the format."""
    if format == "newsbeam" or not isinstance(record, Article):
        return codec.encode(record)
    return orjson.dumps(_FORMATS[format](record))
