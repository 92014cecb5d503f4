"""What travels in the package: models and rule packs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pipelines.doctor.finding import Finding, fail, ok
from pipelines.models.registry import ModelFault, entries, verified
from pipelines.text.packs import load as load_packs
from pipelines.text.rule import PackError, check_pattern

_AGAIN = "install newsbeam again: pip install --force-reinstall --no-deps newsbeam"


def examine_package(own_packs: Path | None = None) -> Iterator[Finding]:
    """Looks at models' digests, and at the packs' patterns (their examples are `newsbeam rules test`'s)."""
    try:
        jobs = list(entries())
    except ModelFault as fault:
        yield fail("models", str(fault), _AGAIN)
        jobs = []
    for job in jobs:
        try:
            verified(job)
        except ModelFault as fault:
            yield fail(f"model {job}", str(fault), _AGAIN)
        else:
            entry = entries()[job]
            yield ok(f"model {job}", f"{entry.id}, {entry.bytes / 1e6:.1f} MB, digest as listed")
    try:
        packs = load_packs(None, own_packs).all_packs()
        for rule in (rule for pack in packs for rule in pack.rules):
            check_pattern(rule)
    except PackError as error:
        yield fail("rule packs", str(error), "mend the pack; newsbeam rules test says more")
    else:
        rules = sum(len(pack.rules) for pack in packs)
        yield ok("rule packs", f"{len(packs):,} packs, {rules:,} rules")
