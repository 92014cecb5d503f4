"""Cleaning a text: the seeds, the invariants, hostile input."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.text.boilerplate import Hints, strip_boilerplate
from pipelines.text.ledger import restore
from pipelines.text.packs import PackLibrary
from schemas.article import DateOrigin, RemovalKind

LIBRARY = PackLibrary()
GOLDEN = Path(__file__).parents[1] / "golden"
SEEDS = dict(zip(sorted((GOLDEN / "seeds").glob("*.txt")), ("bg", "ru", "ru", "lt", "bg"), strict=True))


def read(path: Path) -> str:
    return path.read_bytes().decode("utf-8")


@pytest.mark.parametrize(
    ("seed", "language"), [pytest.param(*item, id=item[0].stem) for item in SEEDS.items()]
)
def test_seeds_are_exact(seed: Path, language: str) -> None:
    raw = read(seed)
    cleaned = strip_boilerplate(raw, LIBRARY.select(language))
    assert cleaned.text == read(GOLDEN / "clean" / seed.name)
    assert restore(cleaned.text, cleaned.removed) == raw


def seed(number: int) -> tuple[str, str]:
    path, language = list(SEEDS.items())[number]
    return read(path), language


def test_what_was_removed_is_data() -> None:
    text, language = seed(0)
    cleaned = strip_boilerplate(text, LIBRARY.select(language))
    assert cleaned.credits == ("Kremlin.ru",)
    assert len(cleaned.related) == 5
    assert "Разузнаването: Нов контингент севернокорейски военни пристига в Русия" in cleaned.related
    assert [(d.origin, d.value.day) for d in cleaned.dates] == [(DateOrigin.INJECTED, 13)]


def test_a_foot_is_taken_with_its_headlines_and_the_title_found() -> None:
    text, language = seed(4)
    cleaned = strip_boilerplate(text, LIBRARY.select(language))
    assert cleaned.title == "Подготвя се посещение на Путин в Северна Корея"
    assert cleaned.comment_count == 0
    assert [d.origin for d in cleaned.dates] == [DateOrigin.MASTHEAD]
    assert len(cleaned.related) == 3
    kinds = [removal.kind for removal in cleaned.removed]
    assert kinds.count(RemovalKind.RELATED_TAIL) == 9


def test_the_known_title_is_taken_where_it_is_repeated() -> None:
    packs = LIBRARY.select("en")
    cleaned = strip_boilerplate("Big News\nIt happened.", packs, Hints(title="Big news!"))
    assert cleaned.text == "It happened."
    assert cleaned.title is None


def test_a_bare_name_is_taken_where_the_page_ends_with_it() -> None:
    body = "The council voted on Friday to close the old bridge for repairs until the summer of next year."
    packs = LIBRARY.select("en")
    (removal,) = strip_boilerplate(f"{body}\nAnne-Marie O'Neil", packs).removed
    assert (removal.kind, removal.rule) == ("byline", "document/last_name")
    assert strip_boilerplate(f"{body}\nAnna Lee\nShare", packs).text == body
    for last in (f"Anna Lee\n{body}", "Winners:\nAnna Lee"):
        assert strip_boilerplate(f"{body}\n{last}", packs).text == f"{body}\n{last}"
    assert strip_boilerplate("Anna Lee", packs).text == "Anna Lee"


def test_labels_are_taken_where_the_page_ends_with_them() -> None:
    body = "The council voted on Friday to close the old bridge for repairs until the summer of next year."
    packs = LIBRARY.select("en")
    for label in ("HALLOWEEN", "The fire last night", "Tim Martin, Calgary"):
        (removal,) = strip_boilerplate(f"{body}\n{label}", packs).removed
        assert (removal.kind, removal.rule) == ("ui", "document/last_label")
    tags = "Edson Álvarez\nAjax\nEredivisie"
    assert strip_boilerplate(f"{body}\n{tags}", packs).text == body
    for last in (
        "It was not.",
        f"The council will now hear, one by one, on three evenings in the town hall:\n{tags}",
        "\n".join(["Ajax"] * 2 + ["Leeds", "Lyon", "Lens", "Nice", "Bari", "Roma", "Pisa"]),
        "Start: next Monday",
        "Leeds 2 York 1",
        "一座新桥在星期五开放",
        "An evening of songs by the river",
        "Teams:\nLeeds",
        f"Leeds\n{body}",
    ):
        assert strip_boilerplate(f"{body}\n{last}", packs).text == f"{body}\n{last}"


def test_a_german_kicker_is_taken_above_a_sentence_where_the_title_is_known() -> None:
    lead = "Ein Fußgänger ist am Donnerstag in Neukölln von einem Lastwagen überrollt worden."
    raw, title = f"Schwerer Unfall in Neukölln\n{lead}", Hints(title="Fußgänger überrollt")
    packs = LIBRARY.select("de")
    (removal,) = strip_boilerplate(raw, packs, title).removed
    assert (removal.kind, removal.rule) == ("title", "document/kicker")
    assert strip_boilerplate(lead, packs, title).removed == ()
    for kept in (f"Vier Tote bei Unfall\n{raw}", f"Schwerer Unfall in Neukölln.\n{lead}", "Schwerer Unfall"):
        assert strip_boilerplate(kept, packs, title).text == kept
    assert strip_boilerplate(raw, packs).text == raw
    assert strip_boilerplate(raw, LIBRARY.select("es"), title).text == raw


def test_elsewhere_a_kicker_has_few_words_and_no_items_below() -> None:
    lead = (
        "El candidato pidió ayer el voto en la plaza mayor, ante unas dos mil personas llegadas en autobús."
    )
    title, packs = Hints(title="El candidato pide el voto"), LIBRARY.select("es")
    (removal,) = strip_boilerplate(f"Mitin en Vitoria\n{lead}\nNo hubo incidentes.", packs, title).removed
    assert (removal.text.strip(), removal.rule) == ("Mitin en Vitoria", "document/kicker")
    for kept in (
        f"Sospechosos permanecen en fuga\n{lead}",
        f"mitin en Vitoria\n{lead}",
        f"Tiroteo en 2019\n{lead}",
        f"Xabi Alonso\nIker Casillas\n{lead}",
        f"Mitin en Vitoria\n{lead}\nOtra plaza\n{lead}",
        f"Mitin en Vitoria\n{lead}\nVitoria 2 Bilbao 1, en un partido muy igualado",
    ):
        assert strip_boilerplate(kept, packs, title).text == kept
    deck = "El candidato socialista promete volver antes de mayo"
    assert strip_boilerplate(f"Mitin en Vitoria\n{deck}\n{lead}", packs, title).text == f"{deck}\n{lead}"
    assert strip_boilerplate(f"Mitin en Vitoria\n{lead}", packs).text == f"Mitin en Vitoria\n{lead}"


def test_pictures_captioned_twice_do_not_take_the_paragraphs_behind_them() -> None:
    body = "В Харькове полиция нашла ещё один схрон с оружием, сообщили в ведомстве в пятницу утром."
    pictures = "Схрон в гараже\nСхрон в гараже\nОружие на столе\nОружие на столе"
    later = "Напомним, 25 октября возле супермаркета произошла стрельба, погиб один человек."
    assert strip_boilerplate(f"{body}\n{pictures}\n{later}", LIBRARY.select("ru")).text.endswith(later)
    foot = f"Новость одна\nНовость одна\n{later}\nНовость другая\nНовость другая\n{later}"
    assert strip_boilerplate(f"{body}\n{foot}", LIBRARY.select("ru")).text == body


def test_one_word_under_each_of_several_posts_is_no_headline() -> None:
    body = "The council voted on Friday to close the old bridge for repairs until the summer of next year."
    raw = f"{body}\nInstagram\nInstagram\nThe bridge is old\nInstagram\nInstagram\nIt was built in 1912"
    assert "The bridge is old" in strip_boilerplate(raw, LIBRARY.select("en")).text


def test_a_label_under_a_paragraph_is_taken_where_it_stands_three_times_a_list_s_item_never() -> None:
    body = "The council voted on Friday to close the old bridge for repairs until the summer of next year."
    packs = LIBRARY.select("en")
    labelled = "\n".join([body, "Harbour Pictures Ltd"] * 3 + [body])
    assert strip_boilerplate(labelled, packs).text == "\n".join([body] * 4)
    rated = labelled.replace("Harbour Pictures Ltd", "Rating ●●●●○")
    assert strip_boilerplate(rated, packs).text == rated
    shows = "\n".join([body, *(f"The lost {name}\nApple TV" for name in ("son", "king", "city")), body])
    assert strip_boilerplate(shows, packs).text == shows


def test_a_list_of_headlines_goes_on_behind_a_label_and_ends_at_a_ruled_line() -> None:
    body = "The council voted on Friday to close the old bridge for repairs until the summer of next year."
    stories = "Read more:\nA storm is coming to the coast"
    more = "The harbour opens a week late"
    packs = LIBRARY.select("en")
    labelled = strip_boilerplate(f"{body}\n{stories}\n2 hours ago\n{more}", packs)
    assert labelled.text == body
    assert more in labelled.related
    ruled = strip_boilerplate(f"{body}\n{stories}\n--------\n{more}\n{body[4:]}", packs)
    assert ruled.text == f"{body}\n{more}\n{body[4:]}"


def pieces() -> list[str]:
    parts = [line for path in SEEDS for line in read(path).split("\n")]
    for pack in LIBRARY.all_packs():
        for rule in pack.rules:
            parts += [example.replace("[[", "").replace("]]", "") for example in (*rule.drops, *rule.keeps)]
    return parts


PAGES = st.lists(
    st.one_of(st.sampled_from(pieces()), st.text(max_size=40), st.sampled_from(["", " ", "\xa0", "\r"])),
    max_size=14,
).map("\n".join)


@settings(deadline=20_000)
@given(PAGES, st.sampled_from([*LIBRARY.languages, "und"]), st.sampled_from([None, "Сподели", "x"]))
def test_cleaning_never_raises_restores_exactly_and_is_idempotent(
    raw: str, language: str, title: str | None
) -> None:
    packs = LIBRARY.select(language)
    cleaned = strip_boilerplate(raw, packs, Hints(title=title))
    assert restore(cleaned.text, cleaned.removed) == raw
    again = strip_boilerplate(cleaned.text, packs, Hints(title=title or cleaned.title))
    assert again.removed == ()


@given(st.text(st.characters(), max_size=200))
def test_any_unicode_even_half_a_surrogate_pair_is_taken(raw: str) -> None:
    cleaned = strip_boilerplate(raw, LIBRARY.select("bg"))
    assert restore(cleaned.text, cleaned.removed) == raw


def hostile(scale: int) -> Iterator[tuple[str, str]]:
    yield "one endless line", "Още: думи и думи " * (scale // 16)
    yield "one endless word", "я" * scale
    yield "endless brackets", "(: (А: " * (scale // 7)
    yield "short lines", "\n".join(str(number) for number in range(scale // 10))
    yield "identical lines", "\n".join(["Сподели:"] * (scale // 100))
    yield "identical headlines", "\n".join(["Наводнения в Южна Испания"] * (scale // 100))
    yield "rule after rule", "\n".join(["Още: нещо", "Снимка: БТА", "Коментари (0)"] * (scale // 300))
    yield "blank", " \n" * (scale // 2)


@pytest.mark.parametrize("index", range(8), ids=[name for name, _ in hostile(1000)])
def test_hostile_text_costs_time_in_proportion(index: int) -> None:
    packs = LIBRARY.select("bg")
    strip_boilerplate("warm", packs)
    small, large = (list(hostile(scale))[index][1] for scale in (100_000, 1_000_000))

    def seconds(text: str) -> float:
        start = time.process_time()
        strip_boilerplate(text, packs)
        return time.process_time() - start

    quick = min(seconds(small) for _ in range(3))
    assert seconds(large) < 40 * quick + 0.5
