"""Which articles a sink keeps."""

from __future__ import annotations

import pytest

from connectors.keeps import Keeps, _KeepFn
from schemas.article import Article, Language, Provenance, Subtopic, Topic
from schemas.origin import Origin
from schemas.outcome import Outcome
from schemas.received import Received
from schemas.withdrawal import Withdrawal
from tests.schemas.test_wire import LETTER

ORIGIN = Origin("files", "a", 0)
ARTICLE = Article(
    "a",
    "x",
    "",
    1,
    1,
    ORIGIN,
    Provenance("0"),
    publisher="Example.BG",
    language=Language("pt-BR", 99),
    topics=(Topic("medtop:11000000", "politics", 80), Topic("medtop:16000000", "conflict", 60)),
    subtopics=(Subtopic("medtop:20000574", "election", 70, "medtop:11000000"),),
)


@pytest.mark.parametrize(
    ("keeps", "is_kept"),
    [
        (Keeps(), True),
        (Keeps(languages=("pt",)), True),
        (Keeps(languages=("pt-br",)), True),
        (Keeps(languages=("p",)), False),
        (Keeps(languages=("pt-PT", "en")), False),
        (Keeps(topics=("medtop:16000000",)), True),
        (Keeps(topics=("medtop:15000000",)), False),
        (Keeps(topics=("medtop:20000574",)), True),
        (Keeps(publishers=("example.bg",)), True),
        (Keeps(publishers=("example",)), False),
        (Keeps(languages=("pt",), topics=("medtop:16000000",), publishers=("example.bg",)), True),
        (Keeps(languages=("en",), topics=("medtop:16000000",), publishers=("example.bg",)), False),
        (Keeps(languages=("pt",), topics=("medtop:15000000",), publishers=("example.bg",)), False),
    ],
)
def test_all_conditions_that_are_given_must_hold(keeps: Keeps, is_kept: bool) -> None:
    assert keeps.has(ARTICLE) is is_kept
    assert bool(keeps) is (keeps != Keeps())


def test_what_has_no_publisher_is_nobodys() -> None:
    assert not Keeps(publishers=("example.bg",)).has(ARTICLE.evolve(publisher=None))


def test_withdrawals_pass_and_the_rest_is_counted() -> None:
    fn, received = _KeepFn(Keeps(languages=("bg",)), "s"), Received(b"", ORIGIN)
    fn.start_bundle()
    withdrawal = Withdrawal("a", ORIGIN)
    kept = [list(fn.process(Outcome(received, value))) for value in (ARTICLE, withdrawal, LETTER)]
    assert kept == [[], [Outcome(received, withdrawal)], []]
    assert fn._kept_out == 1
