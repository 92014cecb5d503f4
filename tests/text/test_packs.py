"""The rule packs: their examples are their test, and the loader is strict."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from pipelines.text.boilerplate import strip_boilerplate
from pipelines.text.pack import Pack, read_pack
from pipelines.text.packs import RULES as RULES_FOLDER
from pipelines.text.packs import PackLibrary, Packs, check_patterns, chosen_packs
from pipelines.text.rule import PackError, Rule, check_pattern, read_rule
from pipelines.text.rule_examples import failures

LIBRARY = PackLibrary()
RULES = [(pack, rule) for pack in LIBRARY.all_packs() for rule in pack.rules]


@pytest.mark.parametrize(("pack", "rule"), [pytest.param(p, r, id=r.id) for p, r in RULES])
def test_the_examples_of_a_rule_hold(pack: Pack, rule: Rule) -> None:
    """What it drops goes and what it keeps stays, alone and among the rules it serves with."""
    assert rule.drops and rule.keeps
    check_pattern(rule)  # a process only parses it
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
        (b"\xef\xbb\xbf" + rule_toml(), "without a byte order mark"),
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
        (rule_toml(max_chars="true"), "max_chars must be"),
        (rule_toml(since='"2026-05-31"'), "since must be a day, without quotes"),
        (rule_toml(since="2026-05-31T10:00:00"), "since must be a day"),
        (rule_toml(last_checked="3"), "last_checked must be a day"),
        (rule_toml(since="2026-05-31", last_checked="2026-05-30"), "last_checked is before since"),
        (rule_toml(enabled='"no"'), "x/a: enabled must be true or false"),
        (rule_toml() + b"\n" + rule_toml(), "two rules have this id"),
    ],
)
def test_a_pack_that_is_not_well_formed_is_refused_with_the_place(content: bytes, said: str) -> None:
    with pytest.raises(PackError, match=re.escape(said)) as raised:
        read_pack("common" if said == "another pack has none" else "x", _as_language(content), {})
    assert str(raised.value).startswith(("x", "common"))


def test_the_package_s_patterns_are_compiled_when_they_first_match() -> None:
    check = (
        "from pipelines.text.boilerplate import strip_boilerplate\n"
        "from pipelines.text.packs import load\n"
        "assert strip_boilerplate('Снимка: БТА', load().select('bg')).text == ''\n"
        "rules = [rule for pack in load().all_packs() for rule in pack.rules]\n"
        "assert 0 < sum('compiled' in vars(rule) for rule in rules) < 5"
    )
    subprocess.run([sys.executable, "-c", check], cwd=Path(__file__).parents[2], check=True)


@pytest.mark.parametrize(
    ("pattern", "said"), [("(", "RE2 refuses.*: missing"), ("{{NOBODY}}", "nothing defines")]
)
def test_a_tested_pattern_that_is_damaged_is_refused_all_the_same(pattern: str, said: str) -> None:
    content = _as_language(rule_toml(pattern=f"'{pattern}'"))
    with pytest.raises(PackError, match=f"x/a: .*{said}"):
        read_pack("x", content, {}, is_tested=True)


def _as_language(content: bytes) -> bytes:
    return (
        content
        if content.startswith((b"languages", b"=", b"\xef", b"\xff"))
        else b'languages = ["xx"]\n' + content
    )


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


SITE = rule_toml(since="2026-01-31", last_checked="2026-05-31").decode()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"keeps": ""}, "keeps must list"),
        ({"id": ""}, "(a rule without id): id"),
        ({"id": '"b"'}, "two rules have this id"),
        ({"since": ""}, "says since when"),
    ],
)
def test_an_error_names_the_file_and_the_line_the_rule_begins_on(
    tmp_path: Path, changes: dict[str, str], said: str
) -> None:
    days = {"since": "2026-05-30", "last_checked": "2026-05-31"}
    good = rule_toml(id='"b"', why='"""[[rule]] in a text,\nover lines"""', **days)
    bad = rule_toml(**(days | changes))
    file = tmp_path / "sites" / "a.org.toml"
    file.parent.mkdir()
    file.write_bytes(good + b"\n# [[rule]]\r\n" + bad)
    line = (good + b"\n\n").count(b"\n") + 1
    with pytest.raises(PackError, match=re.escape(said)) as raised:
        PackLibrary(own=tmp_path)
    assert str(raised.value).startswith(f"{file}:{line}: own/sites/a.org/")
    with pytest.raises(PackError, match=re.escape(f"{file}:{line}: ")):
        chosen_packs(LIBRARY, [str(file)])


@pytest.mark.parametrize(("pattern", "said"), [("'(?P<who>x)'", "unknown group"), ("'x*'", "the empty text")])
def test_what_only_compiling_finds_in_the_package_s_packs_is_named_alike(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pattern: str, said: str
) -> None:
    """They are only parsed at a start; `rules test` compiles them."""
    file = tmp_path / "xx.toml"
    file.write_bytes(_as_language(b"\n" + rule_toml(pattern=pattern)))
    pack = read_pack("xx", file.read_bytes(), LIBRARY.definitions, is_tested=True)
    monkeypatch.setattr(LIBRARY, "file", lambda name: file)
    with pytest.raises(PackError, match=f"{file}:3: xx/a: .*{said}"):
        check_patterns(pack, LIBRARY)


def test_a_damaged_common_pack_is_refused_with_its_file(tmp_path: Path) -> None:
    (tmp_path / "boilerplate").mkdir()
    shutil.copy(RULES_FOLDER / "dates.toml", tmp_path)
    file = tmp_path / "boilerplate" / "common.toml"
    for content, said in ((b"[[rule", "not TOML"), (b"[defines]", "unknown key 'defines'")):
        file.write_bytes(content)
        with pytest.raises(PackError, match=re.escape(f"{file}: common: {said}")):
            PackLibrary(tmp_path)


def test_a_site_s_file_that_no_address_could_ask_for_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PackError, match="in lower case"):
        PackLibrary(own=own_packs(tmp_path, **{"sites/Example.org": ""}))


def test_a_site_s_rule_says_its_days() -> None:
    assert read_pack("sites/a.bg", SITE.encode(), {}).rules[0].last_checked == date(2026, 5, 31)
    for name in ("sites/a.bg", "own/sites/a.bg"):
        with pytest.raises(PackError, match="says since when, and when last_checked"):
            read_pack(name, rule_toml(since="2026-01-31"), {})


def test_a_rule_that_is_off_is_passed_over_whatever_it_lacks() -> None:
    pack = read_pack("sites/a.bg", rule_toml(enabled="false", kind='""', keeps="[]"), {})
    assert (pack.rules, pack.off) == ((), 1)


def own_packs(folder: Path, **packs: str) -> Path:
    for name, content in packs.items():
        file = folder / f"{name.replace('__', '/').replace('_', '.')}.toml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
    return folder


def test_own_packs_serve_beside_the_package_s(tmp_path: Path) -> None:
    language = 'languages = ["bg", "tlh"]\n' + rule_toml(pattern="'{{MONTH}} реклама'").decode()
    library = PackLibrary(
        own=own_packs(tmp_path, boilerplate__bg=language, boilerplate__common=SITE, sites__a_bg=SITE)
    )
    chosen = library.select("bg", "https://www.a.bg/1")
    names = ["common", "own/common", "bg", "own/bg", "own/sites/a.bg"]
    assert [pack.name for pack in chosen.packs] == names == list(chosen.digests)
    assert chosen.rules[0].id == "own/sites/a.bg/a"
    assert [pack.name for pack in library.select("tlh").packs] == ["common", "own/common", "own/bg"]
    assert library.select("tlh").language == "tlh"
    site = library.all_packs()[-1]
    assert library.selections(site) == [library.select(None, "a.bg")]
    assert library.file("own/bg") == tmp_path / "boilerplate/bg.toml"
    assert LIBRARY.select("bg", "https://www.a.bg/1") is LIBRARY.select("bg")


def test_a_site_s_pack_serves_what_lies_under_its_domain(tmp_path: Path) -> None:
    library = PackLibrary(own=own_packs(tmp_path, sites__a_bg=SITE, sites__sport_a_bg=SITE))
    for site, pack in (
        ("https://a.bg/1", "own/sites/a.bg"),
        ("A.bg", "own/sites/a.bg"),
        ("https://m.sport.a.bg:80/", "own/sites/sport.a.bg"),
        ("https://ba.bg/", None),
        ("https://[bad", None),
    ):
        names = [chosen.name for chosen in library.select(None, site).packs[1:]]
        assert names == ([pack] if pack else [])


def test_a_folder_without_packs_is_refused(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "absent"):
        with pytest.raises(PackError, match="holds neither boilerplate/ nor sites/"):
            PackLibrary(own=folder)


def test_packs_are_chosen_by_name_or_file(tmp_path: Path) -> None:
    file = own_packs(tmp_path, sites__a_bg=SITE) / "sites/a.bg.toml"
    assert [(pack.name, inside) for pack, inside in chosen_packs(LIBRARY, ["bg", str(file)])] == [
        ("bg", True),
        ("own/sites/a.bg", False),
    ]
    shipped = str(LIBRARY.file("bg"))
    assert chosen_packs(LIBRARY, [shipped]) == chosen_packs(LIBRARY, ["bg"])
    assert len(chosen_packs(LIBRARY, [])) == len(LIBRARY.all_packs())
    with pytest.raises(PackError, match="nope: no such pack"):
        chosen_packs(LIBRARY, ["nope"])


def test_a_site_s_selection_finds_what_one_automaton_of_all_its_rules_would(tmp_path: Path) -> None:
    library = PackLibrary(own=own_packs(tmp_path, boilerplate__common=SITE, sites__a_bg=SITE))
    chosen = library.select("bg", "a.bg")
    together = Packs(chosen.packs, "bg")
    texts = ["advert", *(drop for rule in chosen.rules for drop in rule.drops)]
    folded = "\n".join(text.replace("[[", "").replace("]]", "") for text in texts).encode()
    fired = [rule.id for rule in chosen.fired(folded)]
    assert fired == [rule.id for rule in together.fired(folded)]
    assert chosen.fired_open(folded) == together.fired_open(folded)
    assert {"own/sites/a.bg/a", "own/common/a", "bg/related-oshte"} <= set(fired)
    assert library.select("bg", "b.a.bg").wider is library.select("bg")


@pytest.mark.parametrize(
    ("pattern", "wider"),
    [
        (r"photos? of .{2,40}", r"photos? of .{2,}"),
        (r"\d{4} (?:a|b){0,3}c{1,9}", r"\d{4} (?:a|b)*c+"),
        (r"[^.!?]{14,}\{1,2\}", r"[^.!?]{2,}\{1,2\}"),
        (r"\Qa{1,2}\E{1,2}", r"\Qa{1,2}\E+"),
        (r"[a{1,2}]{1,2}[]{3,4}][[:alpha:]{0,5}]\\{0,6}", r"[a{1,2}]+[]{3,4}][[:alpha:]{0,5}]\\*"),
    ],
)
def test_an_automaton_counts_no_stretch(pattern: str, wider: str) -> None:
    table = {"id": "a", "kind": "ui", "pattern": pattern, "why": "w", "drops": ["x"], "keeps": ["y"]}
    rule = read_rule("p", table, {})
    assert rule.wider == rule.anchored.replace(pattern, wider)


def test_a_rule_that_fires_and_does_not_match_takes_nothing() -> None:
    table = {"id": "a", "kind": "ui", "why": "w", "drops": ["x"], "keeps": ["y"], "pattern": r"bo{2,3}h"}
    for where in ("line", "open", "span"):
        rule = read_rule("p", {**table, "where": where}, {})
        packs = Packs((Pack("p", (), (rule,), ""),))
        assert packs.fired(b"booooh") + packs.fired_open(b"booooh") == [rule]
        assert strip_boilerplate("booooh", packs).removed == ()
        assert strip_boilerplate("boooh", packs).text == ""
