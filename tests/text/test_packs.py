"""The rule packs: their examples are their test, and the loader is strict."""

from __future__ import annotations

import re

import pytest

from pipelines.text.boilerplate import strip_boilerplate
from pipelines.text.packs import Pack, PackLibrary, Packs, read_pack
from pipelines.text.rule import PackError, Rule

LIBRARY = PackLibrary()
RULES = [(pack, rule) for pack in LIBRARY.all_packs() for rule in pack.rules]
MARK = re.compile(r"\[\[(.*?)\]\]", re.DOTALL)


def alone(rule: Rule) -> Packs:
    return Packs((Pack("alone", ("xx",), (rule,), ""),))


def selections(pack: Pack) -> list[Packs]:
    """The selections that a pack takes part in."""
    if pack.name.startswith("sites/"):
        return [LIBRARY.select(None, pack.name.removeprefix("sites/"))]
    tags = pack.languages or tuple(LIBRARY.languages)
    return [LIBRARY.select(tag) for tag in tags]


def squeezed(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize(
    ("rule", "example"), [pytest.param(r, x, id=f"{r.id}-{x[:30]}") for _, r in RULES for x in r.drops]
)
def test_rule_drops_its_examples(rule: Rule, example: str) -> None:
    raw = MARK.sub(r"\1", example)
    expected = squeezed(MARK.sub("", example)) if MARK.search(example) else ""
    cleaned = strip_boilerplate(raw, alone(rule))
    assert squeezed(cleaned.text) == expected
    assert {removal.rule for removal in cleaned.removed} == {rule.id}


@pytest.mark.parametrize(
    ("pack", "rule", "example"),
    [pytest.param(p, r, x, id=f"{r.id}-{x[:30]}") for p, r in RULES for x in r.keeps],
)
def test_no_rule_touches_what_a_rule_keeps(pack: Pack, rule: Rule, example: str) -> None:
    assert strip_boilerplate(example, alone(rule)).removed == ()
    for packs in selections(pack):
        assert strip_boilerplate(example, packs).removed == ()


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
