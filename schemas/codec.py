"""Records to bytes and back: JSON by orjson, in the order and names of `schemas/wire`.

The same record gives the same bytes: no clock, no random, fields in the order of their class, times
in UTC with `Z`.
"""

from __future__ import annotations

from typing import Any

import orjson
from pydantic import TypeAdapter

from schemas.article import Article
from schemas.dead_letter import DeadLetter
from schemas.withdrawal import Withdrawal

_OPTIONS = orjson.OPT_UTC_Z
_ARTICLE: TypeAdapter[Article] = TypeAdapter(Article)
_DEAD_LETTER: TypeAdapter[DeadLetter] = TypeAdapter(DeadLetter)


def encode(record: Article | DeadLetter | Withdrawal) -> bytes:
    """One record as one line of JSON, without the line's end."""
    return orjson.dumps(record, option=_OPTIONS)


def decode_article(line: bytes | str) -> Article:
    """A written article. Raises `pydantic.ValidationError` where it is none."""
    return _ARTICLE.validate_json(line)


def decode_dead_letter(line: bytes | str) -> DeadLetter:
    """A written dead letter. Raises `pydantic.ValidationError` where it is none."""
    return _DEAD_LETTER.validate_json(line)


def plain(record: Any) -> Any:
    """A record as dicts, lists and strings, as a reader of its JSON sees it."""
    return orjson.loads(orjson.dumps(record, option=_OPTIONS))
