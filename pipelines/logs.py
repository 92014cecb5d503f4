"""What is logged, and where: warnings of ours and errors of anyone's, on standard error.

No article text and no secret is ever logged: a record is named by its origin. `NEWSBEAM_LOG_FORMAT=json`
makes of each entry one line of JSON, for a log store.
"""

from __future__ import annotations

import io
import logging
import os
import sys
import traceback
from datetime import UTC, datetime
from typing import Literal

import orjson

LogFormat = Literal["text", "json"]
VARIABLE = "NEWSBEAM_LOG_FORMAT"


def configure(form: LogFormat | None = None) -> None:
    """Set up logging for a process of ours, and for those it starts.

    Args:
        form: how entries are written; as the environment says by default, else as text.
    """
    if form is not None:
        os.environ[VARIABLE] = form  # worker processes are told so
    handler = logging.StreamHandler()
    handler.setFormatter(_Json() if is_json() else logging.Formatter("%(levelname)s %(name)s: %(message)s"))
    # Beam warns of extras that nobody asked for; from us a warning is meant.
    logging.basicConfig(level=logging.ERROR, handlers=[handler])
    for ours in ("pipelines", "connectors"):
        logging.getLogger(ours).setLevel(logging.WARNING)


def is_json() -> bool:
    """Whether entries are lines of JSON."""
    return os.environ.get(VARIABLE) == "json"


class _Json(logging.Formatter):
    """An entry as one line of JSON: `time` (UTC), `level`, `logger`, `message`, `process`, `thread`, and
    `exception` where there is one."""

    def format(self, record: logging.LogRecord) -> str:
        moment = datetime.fromtimestamp(record.created, UTC)
        entry = {
            "time": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _utf8(record.getMessage()),
            "process": record.process,
            "thread": record.threadName,
        }
        if record.exc_info and record.exc_info[1]:
            entry["exception"] = _utf8("".join(traceback.format_exception(record.exc_info[1])))
        return orjson.dumps(entry).decode()


def _utf8(text: str) -> str:
    """Text without halves of surrogate pairs, which JSON in UTF-8 cannot hold."""
    return text.encode("utf-8", "replace").decode()


class JsonLines(io.TextIOBase):
    """What commands say to people, a line of JSON each: level `info`, logger `newsbeam`."""

    def __init__(self) -> None:
        self._begun = ""

    def write(self, text: str) -> int:
        *whole, self._begun = (self._begun + text).split("\n")
        for line in whole:
            if line.strip():
                entry = logging.LogRecord("newsbeam", logging.INFO, "", 0, line.strip(), None, None)
                sys.stderr.write(_Json().format(entry) + "\n")
        sys.stderr.flush()
        return len(text)
