"""The rule packs: their examples are their test, and the loader is strict."""

from __future__ import annotations

import re

import pytest

from pipelines.text.boilerplate import strip_boilerplate
from pipelines.text.pack import Pack, read_pack
from pipelines.text.packs import PackLibrary, Packs
from pipelines.text.rule import PackError, Rule
from pipelines.text.rule_examples import failures

LIBRARY = PackLibrary()
RULES = [(pack, rule) for pack in LIBRARY.all_packs() for rule in pack.rules]


@pytest.mark.parametrize(("pack", "rule"), [pytest.param(p, r, id=r.id) for p, r in RULES])
def test_the_examples_of_a_rule_hold(pack: Pack, rule: Rule) -> None:
    """What it drops goes and what it keeps stays, alone and among the rules it serves with."""
    assert rule.drops and rule.keeps
    assert list(failures(rule, LIBRARY.selections(pack))) == []


def rule_toml(**changes: str) -> bytes:
    keys = {
        "id": '"a"',
        "kind": '"ad"',
        "pattern": "'advert'",
        "why": '"x"',
        "drops": '["advert"]',
        "keeps": '["b"]',
    }
    lines = [f"{key} = {value}" for key, value in (keys | changes).items() if value]
    return ("[[rule]]\n" + "\n".join(lines)).encode()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"rule = 3", "written as"),
        (b"nonsense = 3", "unknown key 'nonsense'"),
        (b"= =", "not TOML"),
        (b"\xff", "not TOML"),
        (b"define = 3", "define must"),
        (b'languages = ["xx"]', "another pack has none"),
        (rule_toml(colour='"red"'), "x/a: unknown key 'colour'"),
        (rule_toml(id=""), "(a rule without id): id"),
        (rule_toml(kind='"body"'), "x/a: kind 'body' is none of"),
        (rule_toml(where='"page"'), "x/a: where"),
        (rule_toml(reach='"far"'), "x/a: reach"),
        (rule_toml(where='"span"', reach='"end"'), "reach is for line rules"),
        (rule_toml(pattern="'(?=x)'"), "RE2 refuses"),
        (rule_toml(pattern="'(?P<who>x)'"), "unknown group 'who'"),
        (rule_toml(pattern="'(?P<cut>x)'"), "cut is for span rules"),
        (rule_toml(pattern="'x*'"), "matches the empty text"),
        (rule_toml(pattern="'{{NOBODY}}'"), "nothing defines '{{NOBODY}}'"),
        (rule_toml(why='" "'), "why must be"),
        (rule_toml(drops=""), "drops must list"),
        (rule_toml(keeps="[]"), "keeps must list"),
        (rule_toml(keeps='[""]'), "keeps must list"),
        (rule_toml(max_chars="0"), "max_chars must be"),
        (rule_toml() + b"\n" + rule_toml(), "two rules have this id"),
    ],
)
def test_a_pack_that_is_not_well_formed_is_refused_with_the_place(content: bytes, said: str) -> None:
    with pytest.raises(PackError, match=re.escape(said)) as raised:
        read_pack("common" if said == "another pack has none" else "x", _as_language(content), {})
    assert str(raised.value).startswith(("x", "common"))


def _as_language(content: bytes) -> bytes:
    return content if content.startswith((b"languages", b"=", b"\xff")) else b'languages = ["xx"]\n' + content


def test_a_definition_of_the_pack_goes_before_the_common_one() -> None:
    content = b'languages = ["xx"]\n[define]\nWORD = "advert"\n' + rule_toml(pattern="'{{WORD}}'")
    pack = read_pack("x", content, {"WORD": "other"})
    assert strip_boilerplate("advert", Packs((pack,))).text == ""


def test_select_is_cached_and_takes_the_language_and_the_site() -> None:
    assert LIBRARY.select("bg-BG") is LIBRARY.select("bg")
    assert [pack.name for pack in LIBRARY.select("bg").packs] == ["common", "bg"]
    assert [pack.name for pack in LIBRARY.select("tlh", "https://[bad").packs] == ["common"]
    assert LIBRARY.select(None) is LIBRARY.select("und")


def test_digests_name_the_packs() -> None:
    digests = LIBRARY.select("ru").digests
    assert list(digests) == ["common", "ru"]
    assert all(re.fullmatch("[0-9a-f]{64}", digest) for digest in digests.values())
