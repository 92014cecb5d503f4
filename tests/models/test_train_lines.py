"""The line scorer's trainer learns what there is to learn, and the same twice."""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path

import orjson
import pytest

pytest.importorskip("sklearn")

from pipelines.models import line_teaching, written_lines
from pipelines.models.data_file import DataFault
from pipelines.models.registry import entries, verified
from pipelines.models.topic_teaching import digest
from pipelines.models.train_lines import collect, read_pages, train, train_files
from pipelines.text.line_model import LineModel, WordScore, bucket, tokens
from pipelines.text.packs import PackLibrary
from pipelines.text.page import Page

BODY = "The council of town {n} voted on Friday to close the old bridge for repairs until next summer."


def page(n: int) -> dict[str, object]:
    lines = [BODY.format(n=n), f"Zap zap {n}", BODY.format(n=n + 1), "The bridge and the council"]
    return {
        "id": str(n),
        "site": f"s{n}.example",
        "lang": "en",
        "lines": lines,
        "labels": ["body", "ui", "body", "subhead"],
    }


PAGES = [page(n) for n in range(120)]
ARTICLES = [
    {"publisher": f"t{n}.example", "title": f"Bridge {n}", "text": f"{BODY.format(n=n)}\n\nWub wub {n}"}
    for n in range(60)
]
WRITTEN = {"Tap for glee": True, "A gale at sea": False}
TAUGHT = {digest(a["title"], a["text"]): [0.03, 0.9] for a in ARTICLES[:59]}


def test_the_same_pages_give_the_same_model_and_it_tells_junk(tmp_path: Path) -> None:
    library = PackLibrary()
    scores = train(PAGES, library, lambda text: "en", tmp_path / "a.json", {}, WRITTEN)
    train(PAGES, library, lambda text: "en", tmp_path / "b.json", {}, WRITTEN)
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()
    assert scores["precision"] > 0.9
    model = LineModel(orjson.loads((tmp_path / "a.json").read_bytes()))
    shown = Page("\n\n".join(page(1)["lines"]))  # type: ignore[arg-type]
    junk, subhead = model.scores(shown, [1, 3], None)
    assert junk > 0.7 > 0.3 > subhead


def test_articles_teach_as_far_as_the_teacher_knows_them(tmp_path: Path) -> None:
    library = PackLibrary()
    lines = collect([*PAGES[:2], *ARTICLES], library, lambda text: "en", TAUGHT)
    taught = [junk for junk, source in zip(lines.junk, lines.sources, strict=True) if source == "taught"]
    assert taught == [0.9] * 59  # the sentence is no candidate
    train([*PAGES, *ARTICLES], library, lambda text: "en", tmp_path / "m.json", TAUGHT, WRITTEN)
    model = LineModel(orjson.loads((tmp_path / "m.json").read_bytes()))
    assert model.languages == {"en"}
    line, body = "Wub wub 71", BODY.format(n=71)
    assert model.scores(Page(f"{body}\n\n{line}"), [1], None)[0] > 0.5


def test_written_lines_teach_words_that_no_page_has(tmp_path: Path) -> None:
    written = {f"{word} here {n}": word == "Glimp" for word in ("Glimp", "Walls") for n in range(40)}
    train(PAGES, PackLibrary(), lambda text: "en", tmp_path / "m.json", {}, written)
    score = WordScore(orjson.loads((tmp_path / "m.json").read_bytes())["words_written"])
    junk, body = (score.of([bucket(token) for token in tokens(line)]) for line in ("Glimp", "Walls"))
    assert junk > 1 > -1 > body


def test_written_lines_are_read_with_their_labels(tmp_path: Path) -> None:
    (tmp_path / "xx.tsv").write_text("ui\tTap here\nbody\tA gale\twith a tab\n", "utf-8")
    (tmp_path / "yy.tsv").write_text("subhead\tThe end\n", "utf-8")
    assert list(written_lines.read(tmp_path)) == [
        ("xx", "ui", "Tap here"),
        ("xx", "body", "A gale\twith a tab"),
        ("yy", "subhead", "The end"),
    ]
    (tmp_path / "zz.tsv").write_text("ui\tTap here\nnews\tNo label\n", "utf-8")
    with pytest.raises(DataFault, match=r"zz\.tsv:2: "):
        list(written_lines.read(tmp_path))


def test_what_is_written_serves_the_shipped_model() -> None:
    content = b"".join(path.read_bytes() for path in written_lines.files())
    assert entries()["lines"].trained_on["teaching/written/*.tsv"] == hashlib.sha256(content).hexdigest()
    read = list(written_lines.read())
    assert 0.3 < sum(line.is_junk for line in read) / len(read) < 0.7


def test_a_packs_examples_are_lines_too() -> None:
    examples = written_lines.of_packs([PackLibrary().common])
    assert True in examples.values()
    assert False in examples.values()
    assert not any("[[" in text or "\n" in text for text in examples)


def test_teaching_is_read_as_it_was_written(tmp_path: Path) -> None:
    shares = {"0123456789abcdef": [0.0, 1.0, 0.5], "fedcba9876543210": [0.25]}
    line_teaching.write(shares, tmp_path / "lines.tsv.gz")
    read = line_teaching.read(tmp_path / "lines.tsv.gz")
    assert read.keys() == shares.keys()
    assert all(read[name] == pytest.approx(said, abs=0.006) for name, said in shares.items())


def test_what_was_taught_is_the_listed_file() -> None:
    assert all(0 <= share <= 1 for said in line_teaching.read().values() for share in said)
    assert verified("lines", line_teaching.FILE.parent) == line_teaching.FILE


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("pages.jsonl", b'{"text": "a", "publisher": "b"}\n[1]\n', "pages.jsonl:2: it lacks"),
        ("pages.jsonl", b"{\n", "pages.jsonl:1: not JSON"),
        (
            "pages.jsonl.gz",
            gzip.compress(b'{"text": "a", "publisher": "b"}\n' * 9, mtime=0)[:-4],
            "breaks off",
        ),
        ("pages.jsonl.gz", b"{}", "pages.jsonl.gz:1: .*Not a gzipped file"),
    ],
)
def test_a_damaged_file_is_refused_with_its_place(
    tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    data = tmp_path / name
    data.write_bytes(content)
    with pytest.raises(DataFault, match=said):
        read_pages(data)


def test_pages_without_labels_are_refused(tmp_path: Path) -> None:
    data = tmp_path / "pages.jsonl"
    data.write_bytes(b'{"lines": ["x"]}\n')
    with pytest.raises(ValueError, match="lacks"):
        train_files([data], tmp_path / "m.json")


def test_what_cannot_become_a_model_is_said_before_the_training(tmp_path: Path) -> None:
    data = tmp_path / "pages.jsonl"
    data.write_bytes(b"")
    with pytest.raises(DataFault, match=r"no page in .*pages\.jsonl"):
        train_files([data], tmp_path / "m.json")
    for output in (tmp_path, tmp_path / "absent" / "m.json"):
        with pytest.raises(ValueError, match="name a file in a folder that exists"):
            train_files([tmp_path / "never read"], output)
