"""Mining: what recurs on one site is proposed, what is said once is not, and memory has a bound."""

from __future__ import annotations

import tomllib
from datetime import date

import pytest

from pipelines.text import mining
from pipelines.text.mining import Form, Miner, Proposal, SiteReport
from pipelines.text.pack import read_pack
from pipelines.text.packs import PackLibrary
from pipelines.text.rule import PackError
from pipelines.text.site_pack import draft

LIBRARY = PackLibrary()
DAY = date(2026, 5, 31)


def body(number: int) -> str:
    word = "абвгдежзик"[number % 10] * number
    return f"Това е {'съвсем ' * (number % 5)}ново изречение под номер {word}, достатъчно дълго."


def mined(pages: list[str], min_pages: int = 3) -> SiteReport:
    miner = Miner(min_pages)
    for number, page in enumerate(pages):
        miner.add("a.bg", page, date(2026, 1, 1 + number))
    (report,) = miner.reports()
    return report


def patterns(report: SiteReport) -> dict[str, Proposal]:
    return {proposal.pattern: proposal for proposal in report.proposals}


def test_a_line_that_recurs_is_proposed_with_its_place_and_days() -> None:
    report = mined(
        [
            f"{body(n)}\n\n{body(n + 20)}\n\n\n{body(n + 40)}\n{body(n + 60)}\nЗа реклама\nx{n}"
            for n in range(5)
        ]
    )
    assert report.pages == 5
    (found,) = report.proposals
    assert (found.form, found.pattern, found.pages, found.share) == (Form.LINE, "За реклама", 5, 1.0)
    assert (found.head, found.middle, found.foot) == (0, 0, 4)  # from the second sighting on
    assert (found.first, found.last) == (date(2026, 1, 2), date(2026, 1, 5))


def test_numbers_and_names_are_made_general_where_they_vary() -> None:
    names = ["Иван Петров", "Петър Иванов", "Мария Кирова", "Анна Димова"]
    report = mined([f"{body(n)}\n{names[n]}, a.bg, {n} януари 2026" for n in range(4)])
    assert list(patterns(report)) == [r"{{NAME}}, a\.bg, \d+ {{MONTH}} \d+"]
    report = mined([f"{body(n)}\nИван Петров, a.bg, {n} януари 2026" for n in range(4)])
    assert list(patterns(report)) == [r"Иван Петров, a\.bg, \d+ {{MONTH}} \d+"]


def test_a_marker_in_front_and_one_behind_are_proposed() -> None:
    report = mined(
        [f"{body(n)}\nВижте тук: {body(n + 30)[:-1]}\n{body(n + 50)[:40]} | Спорт" for n in range(4)]
    )
    assert {(p.form, p.pattern) for p in report.proposals} == {
        (Form.LEAD, r"Вижте тук: \S.*"),
        (Form.TAIL, r".*\S \| Спорт"),
    }


def test_body_text_and_lines_without_letters_are_not_proposed() -> None:
    assert (
        mined([f"{body(n)}\n{n}:{n + 1}\n12\nИван Петров" for n in range(6)]).proposals[0].pattern
        == "Иван Петров"
    )
    assert mined([body(n) for n in range(9)]).proposals == ()


def test_an_article_sent_several_times_counts_once() -> None:
    report = mined([f"{body(1)}\nЗаглавие на статията\n{body(2)}"] * 5)
    assert (report.pages, report.repeats, report.proposals) == (1, 4, ())


def test_sites_are_kept_apart() -> None:
    miner = Miner(2)
    for number in range(3):
        miner.add("a.bg", f"{body(number)}\nЗа реклама", None)
        miner.add(f"{number}.bg", f"{body(number)}\nСамо тук", None)
    found = {report.site: [p.pattern for p in report.proposals] for report in miner.reports()}
    assert found == {"a.bg": ["За реклама"], "0.bg": [], "1.bg": [], "2.bg": []}


def test_what_is_rare_is_forgotten_when_too_much_is_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mining, "MAX_HELD", 40)
    miner = Miner(2)
    for number in range(60):
        # Each page repeats one line of the page before.
        miner.add("a.bg", f"{body(number)}\nЗа реклама\nред {'я' * number}\nред {'я' * (number + 1)}", None)
    assert miner.forgotten > 0
    assert len(miner._held) <= 41 + 4
    (report,) = miner.reports()
    assert report.proposals[0].pattern == "За реклама" and report.proposals[0].pages == 60


def proposal(pattern: str = "За реклама", **changes: object) -> Proposal:
    fields = {
        "form": Form.LINE, "pattern": pattern, "pages": 4, "share": 0.5, "head": 0, "middle": 1, "foot": 3,
        "examples": ("За реклама",), "first": None, "last": None,
    }  # fmt: skip
    return Proposal(**(fields | changes))  # type: ignore[arg-type]


def report(*proposals: Proposal) -> SiteReport:
    return SiteReport("a.bg", 8, 0, None, None, proposals)


def test_a_draft_is_off_and_lacks_what_a_person_must_say() -> None:
    text, added = draft(report(proposal()), DAY, "", LIBRARY.definitions)
    assert added == 1
    (rule,) = tomllib.loads(text)["rule"]
    assert (rule["enabled"], rule["since"], rule["last_checked"]) == (False, DAY, DAY)
    assert rule["drops"] == ["За реклама"]
    pack = read_pack("own/sites/a.bg", text.encode(), LIBRARY.definitions)
    assert (pack.rules, pack.off) == ((), 1)
    text = text.replace("enabled = false\n", "")
    for missing, said in (
        ('kind = ""', 'kind = "ad"'),
        ('why = ""', 'why = "x"'),
        ("keeps = []", 'keeps = ["x"]'),
    ):
        with pytest.raises(PackError, match=missing.partition(" ")[0]):
            read_pack("own/sites/a.bg", text.encode(), LIBRARY.definitions)
        text = text.replace(missing, said)
    assert read_pack("own/sites/a.bg", text.encode(), LIBRARY.definitions).rules[0].since == DAY


def test_a_draft_adds_below_what_stands_there_and_only_what_is_new() -> None:
    first, _ = draft(report(proposal()), DAY, "", LIBRARY.definitions)
    edited = first + "# my note\n"
    again, added = draft(
        report(proposal(), proposal("Нещо 'друго'", examples=("Нещо 'друго'",))),
        DAY,
        edited,
        LIBRARY.definitions,
    )
    assert added == 1 and again.startswith(edited.rstrip("\n"))
    assert [rule["pattern"] for rule in tomllib.loads(again)["rule"]] == ["За реклама", "Нещо 'друго'"]
    assert draft(report(proposal()), DAY, again, LIBRARY.definitions)[1] == 0


def test_a_proposal_whose_pattern_does_not_take_its_examples_is_dropped() -> None:
    assert draft(report(proposal(examples=("Друго",))), DAY, "", LIBRARY.definitions)[1] == 0


def test_a_pack_that_is_no_toml_is_not_touched() -> None:
    with pytest.raises(PackError, match="not TOML"):
        draft(report(proposal()), DAY, "= =", LIBRARY.definitions)
