"""An article that its producer took back: what the sinks do instead of writing it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from schemas.origin import Origin


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """The order to let go of one article, version 1 (`schemas/wire/withdrawal.v1.*`)."""

    id: str
    """The article's."""
    origin: Origin
    """Where the withdrawal was read."""
    url: str | None = None
    """The article's address, where the withdrawal named it."""
    fetched_at: datetime | None = None
    """When the producer saw that the article was gone. Without it the Kafka time counts; without that,
    too, the withdrawal is final: no version of the article comes after it."""
    withdrawn: bool = True
    """Always true: it tells such a line from an article's."""
