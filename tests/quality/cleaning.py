"""Scores cleaning on the line gold: `python -m tests.quality.cleaning`.

The gold's sites are divided by a hash of their names. Rules are found on seven eighths; the hidden
eighth gives the honest figure, and its floors. Pages that went worst are only shown of open sites.

    --worst N         show the N worst pages of the open sites
    --scorer          train a line scorer on the open sites and score the hidden ones with it (two minutes)
    --update-floors   raise the floors to what was measured
    --lower           with --update-floors: floors may fall, too
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict

from tests.quality import floors, gold
from tests.quality.line_score import KEEP, Score, score
from tests.shared import SHARED

TABLE = "cleaning"
MIN_JUNK_LINES = 15
"""A language or kind with fewer junk lines has no floor of its own."""

Pages = list[gold.Cleaned]


def figures(cleaned: Pages) -> dict[str, float]:
    """The figures with floors, of hidden sites: overall, by language (F1), by kind (recall)."""
    total = score(cleaned)
    found = {
        "precision": total.precision,
        "recall": total.recall,
        "f1": total.f1,
        "body_kept": total.body_kept,
        "exact_pages": total.exact_pages / total.pages,
    }
    for language, part in by_language(cleaned).items():
        result = score(part)
        if result.found + result.missed >= MIN_JUNK_LINES:
            found[f"f1_{language}"] = result.f1
            found[f"body_kept_{language}"] = result.body_kept
    for kind, counts in total.kinds.items():
        if counts.total() >= MIN_JUNK_LINES:
            found[f"recall_{kind}"] = counts["found"] / counts.total()
    return found


def by_language(cleaned: Pages) -> dict[str, Pages]:
    """The pages of each language, in the order of the tags."""
    parts: dict[str, Pages] = defaultdict(list)
    for row, text in cleaned:
        parts[row["lang"]].append((row, text))
    return dict(sorted(parts.items()))


def _line(name: str, result: Score) -> str:
    return (
        f"{name:8} {result.pages:5} pages  junk P {result.precision:.3f} R {result.recall:.3f} "
        f"F1 {result.f1:.3f}  body kept {result.body_kept:.4f}  exact {result.exact_pages}/{result.pages}"
        f"  spans {result.spans_removed}/{result.spans}"
    )


def _report(name: str, cleaned: Pages) -> None:
    print(f"\n{name}")
    for language, part in by_language(cleaned).items():
        print(_line(language, score(part)))
    total = score(cleaned)
    print(_line("all", total))
    kinds = sorted(total.kinds.items())
    print("  ".join(f"{kind} {counts['found']}/{counts.total()}" for kind, counts in kinds))


def _worst(cleaned: Pages, count: int) -> None:
    scored = [(score([page]), page[0]) for page in cleaned]
    scored.sort(key=lambda pair: (-pair[0].wrong, -pair[0].missed, pair[1]["id"]))
    for result, row in scored[:count]:
        if not result.mistakes:
            break
        print(f"\n{row['id']}  {row['lang']}  {row['site']}  {row['title']}")
        for mistake in result.mistakes:
            sign = "lost" if mistake.label in KEEP else "left"
            print(f"  {sign} {mistake.line:3} {mistake.label:8} {mistake.text[:120]}")


def main() -> int:
    """The command; returns its exit code: 1 where a figure is under its floor."""
    parser = argparse.ArgumentParser(description="Score cleaning on the line gold.")
    parser.add_argument("--worst", type=int, default=10, metavar="N")
    parser.add_argument("--scorer", action="store_true")
    parser.add_argument("--update-floors", action="store_true")
    parser.add_argument("--lower", action="store_true")
    options = parser.parse_args()
    if not SHARED.is_dir():
        print(f"no gold at {SHARED} (set NEWSBEAM_SHARED): nothing was scored", file=sys.stderr)
        return 0
    cleaned = gold.clean(list(gold.pages(SHARED)))
    shown = [page for page in cleaned if not gold.is_hidden(page[0]["site"])]
    hidden = [page for page in cleaned if gold.is_hidden(page[0]["site"])]
    _worst(shown, options.worst)
    _report("open sites: rules are found here", shown)
    _report("hidden sites, rules alone: the floors hold here", hidden)
    if options.scorer:
        open_rows, hidden_rows = [row for row, _ in shown], [row for row, _ in hidden]
        _report(
            "hidden sites, with a line scorer trained on the open ones",
            gold.clean(hidden_rows, gold.scorer_of(open_rows, SHARED)),
        )
    measured = figures(hidden)
    if options.update_floors:
        falling = floors.update(TABLE, measured, may_lower=options.lower)
        print(
            "\n".join(["", "floors would fall (use --lower):", *falling]) if falling else "\nfloors written"
        )
        return 1 if falling else 0
    failures = floors.below(TABLE, measured)
    print("\n".join(["", *failures]) if failures else "\nno figure is under its floor")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
