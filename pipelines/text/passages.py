"""Which pieces of a text are looked at to tell its language."""

from __future__ import annotations

SAMPLE_CHARS = 200
"""What the samples of a text hold together."""
MIN_BLOCK_CHARS = 60
_BLOCK_CHARS = 400
_MAX_BLOCKS = 24


def samples(text: str) -> tuple[str, ...]:
    """Two samples, of two pieces each, a third of the text apart: another language that holds two fifths of
    the text shows in one of them. A short text is one sample."""
    if len(text) <= 2 * SAMPLE_CHARS:
        return (text[:SAMPLE_CHARS],)
    piece = SAMPLE_CHARS // 4
    third = len(text) // 3
    pieces = [text[start : start + piece] for start in (0, third, 2 * third, len(text) - piece)]
    return " ".join(pieces[:2]), " ".join(pieces[2:])


def blocks(text: str) -> list[str]:
    """A text's lines, the short joined and the long cut; evenly chosen ones of a long text."""
    found = []
    pending = ""
    for line in text.splitlines():
        pending = f"{pending} {line}" if pending else line
        if len(pending) >= MIN_BLOCK_CHARS:
            found += [pending[i : i + _BLOCK_CHARS] for i in range(0, len(pending), _BLOCK_CHARS)]
            pending = ""
    if pending:
        found.append(pending)
    if len(found) <= _MAX_BLOCKS:
        return found
    return [found[i * len(found) // _MAX_BLOCKS] for i in range(_MAX_BLOCKS)]
