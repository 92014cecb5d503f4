"""Scores language and topics beside their floors: `python -m tests.quality.tagging`.

--update-floors   raise the floors to what was measured
--lower           with --update-floors: floors may fall, too
"""

from __future__ import annotations

import argparse
import sys

from tests.quality import floors, language, topics
from tests.shared import SHARED


def main() -> int:
    """The command; returns its exit code: 1 where a figure is under its floor."""
    parser = argparse.ArgumentParser(description="Score language and topics.")
    parser.add_argument("--update-floors", action="store_true")
    parser.add_argument("--lower", action="store_true", help="with --update-floors: floors may fall, too")
    options = parser.parse_args()
    measured = {topics.TABLE: topics.figures()}
    if SHARED.is_dir():
        measured[language.TABLE] = language.figures(SHARED)
    else:
        print(f"no shared data at {SHARED}: language was not scored", file=sys.stderr)
    failures = []
    for table, figures in measured.items():
        pinned = floors.read(table)
        print(f"\n{table:24} measured    floor")
        for name, value in sorted(figures.items()):
            print(f"  {name:22} {value:8.4f} {pinned.get(name, float('nan')):8.4f}")
        if options.update_floors:
            failures += floors.update(table, figures, may_lower=options.lower)
        else:
            failures += floors.below(table, figures)
    print("\n".join(["", *failures]) if failures else "\nno figure is under its floor")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
