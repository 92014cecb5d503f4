"""An editor's "wrongly removed" becomes an example; the pack's file keeps its form."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.text.keeps import NoSuchSpan, add_keep, find_removal, find_rule, line_of, takes
from pipelines.text.packs import PackLibrary
from schemas.article import Article, Provenance, Removal, RemovalKind
from schemas.origin import Origin

LIBRARY = PackLibrary()
RAW = "Първо изречение.\n\n  Снимка: БТА  \nВторо (ВИДЕО) изречение.\nСнимка: ЕПА"


def article() -> Article:
    cuts = [
        (16, 33),
        (RAW.index(" (ВИДЕО)"), RAW.index(" изречение.\nСн")),
        (RAW.index("\nСнимка: ЕПА"), len(RAW)),
    ]
    removed = tuple(Removal(a, b, RAW[a:b], RemovalKind.CREDIT, f"bg/{n}") for n, (a, b) in enumerate(cuts))
    text, at = "", 0
    for removal in removed:
        text, at = text + RAW[at : removal.start], removal.end
    return Article("1", text + RAW[at:], "", 0, 0, Origin("files"), Provenance("0"), removed=removed)


def test_a_removal_is_found_by_number_or_text() -> None:
    assert find_removal(article(), "1") == 1
    assert find_removal(article(), "Снимка:  БТА") == 0
    assert find_removal(article(), "ЕПА") == 2
    for span, said in (("Снимка", "several removals"), ("нищо", "no removal has"), ("9", "no removal has")):
        with pytest.raises(NoSuchSpan, match=said):
            find_removal(article(), span)
    with pytest.raises(NoSuchSpan, match="nothing was removed"):
        find_removal(article().evolve(removed=()), "x")


def test_the_example_is_the_whole_line_as_it_arrived() -> None:
    assert [line_of(article(), removal) for removal in article().removed] == [
        "Снимка: БТА",
        "Второ (ВИДЕО) изречение.",
        "Снимка: ЕПА",
    ]


def test_rules_are_found_by_id_and_structure_is_none() -> None:
    rule = LIBRARY.select("bg").rules[0]
    found = find_rule(LIBRARY, rule.id)
    assert found is not None and found.rule == rule and rule.id.startswith(found.pack.name)
    assert find_rule(LIBRARY, "line_model") is find_rule(LIBRARY, "document/repeat") is None
    photo = find_rule(LIBRARY, "bg/photo-credit")
    assert (
        photo is not None and takes(photo.rule, "Снимка: БТА") and not takes(photo.rule, "Първо изречение.")
    )


PACK = """# A pack.
languages = ["xx"]

[[rule]]
id = "a"  # the first
pattern = '''\\d+'''
keeps = ["x"] # one

[[rule]]
id = "b"
keeps = [
    "one",  # why
    "two",
]
"""


@pytest.mark.parametrize(("rule", "number"), [("a", 0), ("b", 1)])
@given(example=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30))
def test_the_file_gains_one_example_and_keeps_the_rest(rule: str, number: int, example: str) -> None:
    changed = add_keep(PACK, rule, example)
    before, after = tomllib.loads(PACK)["rule"], tomllib.loads(changed)["rule"]
    if example not in before[number]["keeps"]:
        before[number]["keeps"].append(example)
    assert after == before
    for comment in ("# A pack.", "# the first", "# one", "# why"):
        assert comment in changed
    assert add_keep(changed, rule, example) == changed


def test_a_long_list_stays_a_line_an_example() -> None:
    assert '    "two",\n    "three",\n]\n' in add_keep(PACK, "b", "three")
    with pytest.raises(KeyError):
        add_keep(PACK, "c", "x")


def test_every_shipped_pack_can_be_edited_and_back() -> None:
    for pack in LIBRARY.all_packs():
        content = LIBRARY.file(pack.name).read_bytes().decode()
        rule = pack.rules[0]
        own_id = rule.id.removeprefix(f"{pack.name}/")
        assert add_keep(content, own_id, rule.keeps[0]) == content
        changed = add_keep(content, own_id, "нов пример").splitlines()
        assert sum(line not in content.splitlines() for line in changed) <= 1
