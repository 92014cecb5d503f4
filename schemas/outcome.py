"""A record on its way through the pipeline."""

from __future__ import annotations

from typing import NamedTuple

from schemas.article import Article, RawArticle
from schemas.dead_letter import DeadLetter
from schemas.received import Received
from schemas.withdrawal import Withdrawal


class Outcome(NamedTuple):
    """A record as it was received, and what it has become so far.

    After the last station the value is an `Article`, a `Withdrawal` or a `DeadLetter`, never anything else.
    """

    received: Received
    value: RawArticle | Article | Withdrawal | DeadLetter
