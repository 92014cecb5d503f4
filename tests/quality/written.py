"""What the rules take of lines that were written without a look at them: `python -m tests.quality.written`.

The lines (`pipelines/models/teaching/written/`) are divided by a checksum: rules may be written
from one half; on the other, which nobody looks at for that, lies the honest figure, and its floors.

    --update-floors   raise the floors to what was measured
    --lower           with --update-floors: floors may fall, too
"""

from __future__ import annotations

import argparse
import sys
import zlib
from collections import Counter, defaultdict
from collections.abc import Mapping

from pipelines.models import written_lines
from pipelines.models.written_lines import WrittenLine
from pipelines.text import packs
from pipelines.text.boilerplate import strip_boilerplate
from tests.quality import floors

TABLE = "written"
TAKEN = 0.8
"""A junk line is taken where so much of it goes."""


def is_held_out(line: WrittenLine) -> bool:
    """Whether no rule may be written from a line."""
    return zlib.crc32(line.text.encode()) % 2 == 1


def count() -> Mapping[str, Counter[str]]:
    """Language -> how many lines of each half are `junk`, and `taken`; how many are `kept`, and `cut`."""
    library = packs.load()
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for line in written_lines.read():
        half = "held out " if is_held_out(line) else "seen "
        removed = strip_boilerplate(line.text, library.select(line.language)).removed
        found = counts[line.language]
        if line.is_junk:
            found[half + "junk"] += 1
            found[half + "taken"] += sum(len(removal.text) for removal in removed) >= TAKEN * len(line.text)
        else:
            found["kept"] += 1
            found["cut"] += bool(removed)
    return counts


def figures(counts: Mapping[str, Counter[str]]) -> dict[str, float]:
    """The figures with floors: the share of held-out junk that is taken, in all and by language, and the
    share of an article's lines that stay."""
    total = sum(counts.values(), Counter[str]())
    shares = {f"taken_{language}": _share(found, "held out ") for language, found in sorted(counts.items())}
    return {"taken": _share(total, "held out "), "stays": 1 - total["cut"] / total["kept"], **shares}


def _share(found: Counter[str], half: str) -> float:
    return found[half + "taken"] / found[half + "junk"]


def main() -> int:
    """The command; returns its exit code: 1 where a figure is under its floor."""
    parser = argparse.ArgumentParser(description="Score the rules on written lines.")
    parser.add_argument("--update-floors", action="store_true")
    parser.add_argument("--lower", action="store_true")
    options = parser.parse_args()
    counts = count()
    for language, found in {
        **dict(sorted(counts.items())),
        "all": sum(counts.values(), Counter[str]()),
    }.items():
        print(
            f"{language:4} junk taken: "
            f"held out {_share(found, 'held out '):.3f} of {found['held out junk']:5}, "
            f"seen {_share(found, 'seen '):.3f} of {found['seen junk']:5}; "
            f"lines of articles cut: {found['cut']:3} of {found['kept']:5}"
        )
    measured = figures(counts)
    if options.update_floors:
        falling = floors.update(TABLE, measured, may_lower=options.lower)
        print("\n".join(["floors would fall (use --lower):", *falling]) if falling else "floors written")
        return 1 if falling else 0
    failures = floors.below(TABLE, measured)
    print("\n".join(failures) if failures else "no figure is under its floor")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
