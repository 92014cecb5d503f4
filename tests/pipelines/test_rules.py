"""`newsbeam rules`, as a user calls it."""

from __future__ import annotations

import gzip
import json
import re
import shutil
import subprocess
import tomllib
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipelines.corpus import site_of
from pipelines.enrich import Enricher
from pipelines.rules_at import NoSuchRules, rules_of
from pipelines.text.packs import RULES
from schemas.article import Article
from schemas.codec import encode
from tests.conftest import Answer

Newsbeam = Callable[..., Answer]

RULE = """[[rule]]
id = "house"
kind = "promo"
pattern = '''наш(?:ият|а) \\pL+ \\(\\d+\\)'''
why = "The house's own promotion."
since = 2026-01-31
last_checked = 2026-05-31
drops = ["Нашият покрив (12)"]
keeps = ["Нашият покрив има 12 броя."]  # a trap
"""


def page(number: int, *more: str, site: str = "a.bg") -> dict[str, Any]:
    words = " ".join(
        f"{word}{'абвгдежзик'[number % 10]}{number}" for word in ("дума", "реч", "вест", "ред", "лист")
    )
    lines = [f"Общинският съвет прие на заседанието си {words} с голямо мнозинство.", *more]
    return {
        "url": f"https://{site}/{number}",
        "published_at": f"2026-05-{number + 1:02}",
        "text": "\n\n".join(lines),
    }


def corpus(folder: Path, records: list[dict[str, Any]]) -> Path:
    file = folder / "corpus.jsonl.gz"
    file.write_bytes(gzip.compress("\n".join(json.dumps(record) for record in records).encode()))
    return file


@pytest.fixture
def own(tmp_path: Path) -> Path:
    (tmp_path / "own" / "sites").mkdir(parents=True)
    (tmp_path / "own" / "sites" / "a.bg.toml").write_text(RULE)
    return tmp_path / "own"


class TestTest:
    def test_what_holds(self, newsbeam: Newsbeam, own: Path) -> None:
        answer = newsbeam("rules", "test", "own/sites/a.bg", "--packs", own)
        assert (answer.exit_code, answer.stdout) == (0, b"1 rules in 1 packs, 2 examples: all hold\n")

    def test_what_does_not_hold_is_told_with_the_reason(self, newsbeam: Newsbeam, own: Path) -> None:
        file = own / "sites" / "a.bg.toml"
        file.write_text(RULE.replace("(12)", "(12) е тук"))
        answer = newsbeam("rules", "test", file)
        said = answer.stdout.decode()
        assert answer.exit_code == 1
        assert "own/sites/a.bg/house drops" in said and "the rule does not match it" in said
        assert "1 do not hold" in said

    def test_wrong_usage(self, newsbeam: Newsbeam, own: Path, tmp_path: Path) -> None:
        assert "no such pack" in newsbeam("rules", "test", "nope").stderr
        (own / "sites" / "a.bg.toml").write_text(RULE.replace("promo", "nonsense"))
        for command in (("test",), ("coverage", "x"), ("mine", "x"), ("diff", "x"), ("keep", "x", "0")):
            answer = newsbeam("rules", *command, "--packs", own)
            assert answer.exit_code == 2 and "own/sites/a.bg/house: kind" in answer.stderr


class TestCoverage:
    def test_what_fired_and_what_never_did(self, newsbeam: Newsbeam, own: Path, tmp_path: Path) -> None:
        records = [page(n, "Нашият покрив (3)", "Снимка: БТА", site=f"{'abc'[n]}.bg") for n in range(3)]
        file = corpus(tmp_path, [*records, {"text": 3}])
        answer = newsbeam("rules", "coverage", file, "--packs", own, "--json")
        found = answer.json
        fired = {use["rule"]: (use["removals"], use["pages"], use["sites"]) for use in found["fired"]}
        assert fired["bg/photo-credit"] == (3, 3, 3) and fired["own/sites/a.bg/house"] == (1, 1, 1)
        assert found["pages"] == 3 and "ru" in found["packs_without_pages"]
        assert "common/injected-date" in found["never_fired"]["common"]
        assert "1 records are no articles" in answer.stderr and "#3: schema: text" in answer.stderr
        said = newsbeam("rules", "coverage", file, "--packs", own).stdout.decode()
        assert "bg/photo-credit" in said and "never fired" in said and "no page for: " in said


class TestMine:
    def test_a_pack_is_proposed_and_never_switched_on(self, newsbeam: Newsbeam, tmp_path: Path) -> None:
        recurs = "Четете последните новини първо при нас"
        records = [page(n, f"изречение {n} без край", recurs, "Снимка: БТА") for n in range(4)]
        file = corpus(tmp_path, [*records, page(9, site="b.bg"), {"text": "Без адрес е това."}])
        answer = newsbeam("rules", "mine", file, "-o", tmp_path / "packs")
        assert answer.exit_code == 0, answer.stderr
        assert "b.bg (1)" in answer.stderr and "1 pages have neither a url nor a publisher" in answer.stderr
        content = (tmp_path / "packs/sites/a.bg.toml").read_text()
        rules = tomllib.loads(content)["rule"]
        assert [rule["pattern"] for rule in rules] == [recurs, r"изречение \d+ без край"]
        assert all(rule["enabled"] is False for rule in rules)
        assert "# On 4 of 4 pages (100%)" in content
        # As they are they change nothing, and are not proposed again.
        test = newsbeam("rules", "test", "own/sites/a.bg", "--packs", tmp_path / "packs").stdout.decode()
        assert "0 rules in 1 packs, 0 examples; 2 more rules are off: all hold" in test
        again = newsbeam("rules", "mine", file, "-o", tmp_path / "packs", "--packs", tmp_path / "packs")
        assert "nothing new to propose" in again.stderr
        assert (tmp_path / "packs/sites/a.bg.toml").read_text() == content

    def test_as_json_and_as_a_table(self, newsbeam: Newsbeam, tmp_path: Path) -> None:
        file = corpus(tmp_path, [page(n, "Дневникът на нашия квартал и на града") for n in range(3)])
        (site,) = newsbeam("rules", "mine", file, "--json").json["sites"]
        assert (site["site"], site["pages"], len(site["proposals"])) == ("a.bg", 3, 1)
        assert site["proposals"][0]["first"] == "2026-05-02"
        assert "a.bg: 3 pages" in newsbeam("rules", "mine", file).stdout.decode()
        assert (
            newsbeam("rules", "mine", file, "--min-pages", "4", "--json").json["sites"][0]["proposals"] == []
        )


class TestDiff:
    def test_a_changed_pack_is_shown_by_rule(self, newsbeam: Newsbeam, own: Path, tmp_path: Path) -> None:
        file = corpus(tmp_path, [page(n, "Нашият покрив (3)") for n in range(2)])
        old = tmp_path / "old" / "sites"
        shutil.copytree(own / "sites", old)
        same = newsbeam("rules", "diff", file, "--packs", own, "--against", old.parent)
        assert same.exit_code == 0 and b"0 of 2 pages differ" in same.stdout
        (own / "sites" / "a.bg.toml").write_text(RULE.replace("promo", "ad"))
        moved = newsbeam("rules", "diff", file, "--packs", own, "--against", old.parent, "--json")
        assert moved.exit_code == 1
        assert [(c["change"], c["parts"]) for c in moved.json["changes"]] == [("removed by another rule", 2)]
        (old / "a.bg.toml").write_text(RULE.replace("наш(", "ваш("))
        answer = newsbeam("rules", "diff", file, "--packs", own, "--against", old.parent)
        said = answer.stdout.decode()
        assert answer.exit_code == 1 and "own/sites/a.bg/house\n  removed: 2 times on 2 pages" in said
        assert "- Нашият покрив (3)   https://a.bg/0" in said and "2 of 2 pages differ" in said

    def test_nowhere_to_compare_with_is_wrong_usage(self, newsbeam: Newsbeam, tmp_path: Path) -> None:
        answer = newsbeam("rules", "diff", corpus(tmp_path, [page(1)]), "--against", "no-such-revision")
        assert answer.exit_code == 2 and "no Git revision" in answer.stderr

    def test_a_revision_of_own_packs(self, own: Path, tmp_path: Path) -> None:
        def git(*arguments: str) -> None:
            named = ("-c", "user.name=x", "-c", "user.email=x@example.org")
            subprocess.run(["git", "-C", own, *named, *arguments], check=True, capture_output=True)

        git("init", "-q")
        git("add", ".")
        git("commit", "-qm", "first", "--no-gpg-sign")
        git("tag", "then")
        (own / "sites" / "a.bg.toml").write_text("changed")
        rules, before = rules_of("then", own, tmp_path / "scratch")
        assert rules == RULES and before is not None
        assert (before / "sites" / "a.bg.toml").read_text() == RULE
        for against in ("absent", "--help"):
            with pytest.raises(NoSuchRules):
                rules_of(against, own, tmp_path / "other")
        for object_ in (own / ".git" / "objects").glob("??/*"):
            if b"blob" in zlib.decompress(object_.read_bytes())[:4]:
                object_.unlink()
        with pytest.raises(NoSuchRules, match=r"does not hand out sites/a\.bg\.toml"):
            rules_of("then", own, tmp_path / "lost")


@pytest.fixture(scope="module")
def enricher() -> Enricher:
    return Enricher()


class TestKeep:
    @pytest.fixture
    def record(self, newsbeam: Newsbeam, own: Path, tmp_path: Path) -> str:
        from pipelines.config import Cleaning

        article = Enricher(cleaning=Cleaning(own)).enrich(page(1, "Нашият покрив (3)"))
        assert isinstance(article, Article) and article.removed
        return encode(article).decode()

    def test_the_example_goes_to_the_rule_and_its_test_fails(
        self, newsbeam: Newsbeam, own: Path, tmp_path: Path, record: str
    ) -> None:
        (tmp_path / "r.jsonl").write_text(record)
        for given in (tmp_path / "r.jsonl", record):
            answer = newsbeam("rules", "keep", given, "покрив (3)", "--packs", own)
            assert answer.exit_code == 0, answer.stderr
        assert "was already a keeps example" in answer.stdout.decode()
        content = (own / "sites" / "a.bg.toml").read_text()
        kept = '["Нашият покрив има 12 броя.", "Нашият покрив (3)"]  # a trap'
        assert content == RULE.replace('["Нашият покрив има 12 броя."]  # a trap', kept)
        named = re.findall("`newsbeam (rules test .*)` fails", answer.stdout.decode())
        assert newsbeam(*named[0].split(" ")).exit_code == 1

    def test_a_rule_that_is_not_there_is_named(self, newsbeam: Newsbeam, own: Path, record: str) -> None:
        answer = newsbeam("rules", "keep", record, "0")
        assert answer.exit_code == 2
        assert "own/sites/a.bg/house is a rule of your own packs: name their folder" in answer.stderr
        (own / "sites" / "a.bg.toml").write_text(RULE.replace('"house"', '"renamed"'))
        answer = newsbeam("rules", "keep", record, "0", "--packs", own)
        assert answer.exit_code == 0 and "which no pack here has any more" in answer.stdout.decode()

    def test_what_the_page_decided_goes_to_the_list_of_kept_lines(
        self, newsbeam: Newsbeam, own: Path, tmp_path: Path, enricher: Enricher
    ) -> None:
        label = "Важно за всички"
        raw = page(1, label, page(2)["text"], label, page(3)["text"], label)
        article = enricher.enrich(raw)
        assert isinstance(article, Article)
        (tmp_path / "r.jsonl").write_bytes(encode(article))
        assert [removal.text.strip() for removal in article.removed] == [label] * 3
        answer = newsbeam("rules", "keep", tmp_path / "r.jsonl", "1")
        assert answer.exit_code == 1 and "--packs DIR" in answer.stdout.decode()
        for _ in range(2):
            assert newsbeam("rules", "keep", tmp_path / "r.jsonl", "1", "--packs", own).exit_code == 0
        (line,) = (own / "kept_lines.jsonl").read_text().splitlines()
        assert json.loads(line)["line"] == label and json.loads(line)["text"] == raw["text"]
        answer = newsbeam("rules", "test", "kept_lines", "--packs", own)
        assert answer.exit_code == 1 and f"example   {label}" in answer.stdout.decode()
        assert "1 kept lines: 1 do not hold" in answer.stdout.decode()
        assert newsbeam("rules", "test", "kept_lines").exit_code == 2

    def test_wrong_usage(self, newsbeam: Newsbeam, own: Path, tmp_path: Path, record: str) -> None:
        (tmp_path / "two.jsonl").write_text(f"{record}\n{record}\n")
        for arguments, said in (
            ((tmp_path / "two.jsonl", "0"), "several articles"),
            ((tmp_path / "two.jsonl", "0", "--id", "x"), "no article with id x"),
            (("{}", "0"), "no record that a replay writes"),
            ((record, "nothing"), "no removal has this text"),
        ):
            answer = newsbeam("rules", "keep", *arguments, "--packs", own)
            assert answer.exit_code == 2 and said in answer.stderr


@pytest.mark.parametrize(
    ("address", "site"),
    [
        ("https://www.Example.org:8080/a", "example.org"),
        ("вестник.бг", "вестник.бг"),
        ("https://../../etc", None),
        ("https://a..bg/", None),
        (f"https://{'a.' * 200}bg/", None),
        ("https://a\0b.bg/", None),
        ("localhost", None),
        (None, None),
    ],
)
def test_a_site_is_a_domain_that_a_file_can_be_named_by(address: str | None, site: str | None) -> None:
    assert site_of(address) == site


@pytest.mark.parametrize("command", ["coverage", "mine", "diff"])
def test_an_input_without_articles_is_wrong_usage(newsbeam: Newsbeam, tmp_path: Path, command: str) -> None:
    (tmp_path / "x.jsonl").write_text('{"text": 3}\n')
    assert "the input holds no article" in newsbeam("rules", command, tmp_path / "x.jsonl", "--json").stderr
    assert newsbeam("rules", command, tmp_path / "absent").exit_code == 2
