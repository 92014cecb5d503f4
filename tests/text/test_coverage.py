"""Coverage: counts by rule, and what never fired."""

from __future__ import annotations

from pipelines.text.boilerplate import strip_boilerplate
from pipelines.text.coverage import Coverage
from pipelines.text.packs import PackLibrary

LIBRARY = PackLibrary()


def test_coverage_counts_rules_pages_and_sites() -> None:
    found, packs = Coverage(), LIBRARY.select("bg")
    text = "Президентът пристигна в София днес.\n\nСнимка: БТА\n\nОще едно изречение има тук.\n\nСнимка: ЕПА"
    for site in ("a.bg", "a.bg", "b.bg", None):
        found.add(site, packs, strip_boilerplate(text, packs).removed)
    (use,) = found.uses()
    assert (use.rule, use.removals, use.pages, use.sites) == ("bg/photo-credit", 8, 4, {"a.bg", "b.bg"})
    assert use.example == "Снимка: БТА"
    never = found.never(LIBRARY)
    assert set(never) == {"bg", "common"} and "bg/photo-credit" not in never["bg"]
    assert len(never["bg"]) == len(LIBRARY.languages["bg"].rules) - 1
    assert "ru" in found.unserved(LIBRARY) and "bg" not in found.unserved(LIBRARY)
