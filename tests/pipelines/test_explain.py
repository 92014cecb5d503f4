"""`newsbeam explain`, as a user calls it: in the terminal and as a page."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

from pipelines.explained import _STRUCTURE_WHYS
from pipelines.text import document
from pipelines.text.boilerplate import LINE_MODEL_RULE
from tests.conftest import Answer

Newsbeam = Callable[..., Answer]


def test_explain_marks_what_was_removed(newsbeam: Newsbeam, seeds: Path) -> None:
    answer = newsbeam("explain", seeds / "000_45920702907dca75.txt")
    said = answer.stdout.decode()
    assert answer.exit_code == 0
    for part in ("[-related_link: ", "[-injected_date: ", "[-credit: ", "Снимка: Kremlin.ru"):
        assert part in said
    for fact in ("2025-08-13 (by injected_date, to the day)", "language", "bg (", "topics"):
        assert fact in said
    # Nothing of the article is missing from the picture.
    raw = (seeds / "000_45920702907dca75.txt").read_text("utf-8")
    assert all(line.split(": ")[-1].strip() in said for line in raw.splitlines())


def test_an_article_cannot_drive_the_terminal(newsbeam: Newsbeam, tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_text(
        json.dumps({"id": "\x1b]0;x", "text": "Parliament \x1b[2J voted today."})
    )
    said = newsbeam("explain", tmp_path / "x.jsonl").stdout.decode()
    assert "\x1b" not in said and "Parliament ␛[2J voted today." in said


def test_explain_of_a_refused_record_says_why(newsbeam: Newsbeam, tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_text('{"text": "x"}\n{"text": 1}\n')
    answer = newsbeam("explain", tmp_path / "x.jsonl", "--record", "1")
    assert answer.exit_code == 1
    assert "Refused by DecodeArticle: schema: text: not a string but a number" in answer.stderr
    assert newsbeam("explain", tmp_path / "x.jsonl", "--record", "2").exit_code == 2
    assert newsbeam("explain", tmp_path / "absent.txt").exit_code == 2


def test_several_files_and_records_are_explained_one_after_the_other(
    newsbeam: Newsbeam, seeds: Path, tmp_path: Path
) -> None:
    (tmp_path / "x.jsonl").write_text(
        "".join(json.dumps({"text": f"Sentence {n} is here."}) + "\n" for n in range(4))
    )
    said = newsbeam("explain", tmp_path / "x.jsonl", "--record", "1", "--record", "3").stdout.decode()
    assert "x.jsonl#1 =" in said and "x.jsonl#3 =" in said and "Sentence 2" not in said
    said = newsbeam("explain", tmp_path / "x.jsonl", seeds, "--first", "2").stdout.decode()
    assert "Sentence 1" in said and "Sentence 2" not in said and said.count(".txt#0 =") == 5
    assert newsbeam("explain", seeds, "--first", "2", "--record", "1").exit_code == 2


def test_a_refused_record_does_not_hide_the_others(newsbeam: Newsbeam, tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_text('{"text": 1}\n{"text": "A sentence about the weather."}\n')
    answer = newsbeam("explain", tmp_path / "x.jsonl", "--first", "2")
    assert answer.exit_code == 1
    assert "Refused by DecodeArticle" in answer.stderr and "about the weather" in answer.stdout.decode()


def test_rules_say_why_and_topics_by_which_words(newsbeam: Newsbeam, seeds: Path) -> None:
    said = " ".join(newsbeam("explain", seeds / "000_45920702907dca75.txt").stdout.decode().split())
    assert "common/injected-date: A crawler's prefix" in said
    assert re.search(r"politics \(\d+\) medtop:11000000: .*президент", said)
    assert "#0] date 2025-08-13" in said


def test_every_rule_of_the_structure_has_a_why() -> None:
    named = {value for name, value in vars(document).items() if name.endswith("_RULE")}
    assert named | {LINE_MODEL_RULE} == set(_STRUCTURE_WHYS)


class Page(HTMLParser):
    """What a browser would see: the elements, the text in them, and the articles' raw texts."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.raw: list[str] = []
        self._open: list[str] = []
        self.feed(file.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in ("meta", "input", "br"):
            self._open.append(dict(attrs).get("class") or "")
        if self._open[-1:] == ["raw"]:
            self.raw.append("")

    def handle_endtag(self, tag: str) -> None:
        self._open.pop()

    def handle_data(self, data: str) -> None:
        self.text += data
        # What is added to the raw text: the label with the space behind it, and the tip.
        inner = self._open[-1] if self._open else ""
        is_added = {"label", "tip"} & set(self._open) or inner.startswith("cut ")
        if "raw" in self._open and not is_added:
            self.raw[-1] += data


HOSTILE = "</div></style><script>alert(1)</script><img src=x onerror=alert(1)>\" onfocus='f()' {{ 7777 * 7 }}"


def test_the_page_holds_the_raw_text_and_needs_no_other_file(
    newsbeam: Newsbeam, seeds: Path, tmp_path: Path
) -> None:
    answer = newsbeam("explain", seeds, "--html", tmp_path / "out.html")
    assert answer.exit_code == 0 and answer.stdout == b""
    page = Page(tmp_path / "out.html")
    assert page.raw == [file.read_text("utf-8") for file in sorted(seeds.iterdir())]
    names = {name for _, attributes in page.elements for name in attributes}
    assert not names & {"src", "srcset", "style"} and "url(" not in page.text
    assert all((attributes.get("href") or "#").startswith("#") for _, attributes in page.elements)
    cuts = [
        attributes for tag, attributes in page.elements if (attributes.get("class") or "").startswith("cut ")
    ]
    tips = {attributes.get("id") for _, attributes in page.elements if attributes.get("role") == "tooltip"}
    assert cuts and all(cut["tabindex"] == "0" and cut["aria-describedby"] in tips for cut in cuts)
    assert len(tips) == len(cuts)
    kinds = {attributes["id"] for tag, attributes in page.elements if tag == "input"}
    assert {cut["class"].split()[1] for cut in cuts if cut["class"]} == kinds - {"clean"}


def test_a_label_does_not_turn_the_lines_of_an_article_from_right_to_left(
    newsbeam: Newsbeam, tmp_path: Path
) -> None:
    """The browser takes each line's direction from its own first letter; one with `dir` does not count."""
    text = "اقرأ أيضا: خبر آخر عن الميزانية\n\nقال رئيس الوزراء إن الحكومة ستناقش الميزانية الجديدة."
    (tmp_path / "a.jsonl").write_text(json.dumps({"text": text, "title": "خبر"}))
    assert newsbeam("explain", tmp_path / "a.jsonl", "--html", tmp_path / "out.html").exit_code == 0
    page = Page(tmp_path / "out.html")
    assert "unicode-bidi: plaintext" in page.text
    labels = [attributes for _, attributes in page.elements if attributes.get("class") == "label"]
    assert labels and all(label["dir"] == "ltr" for label in labels)


def test_hostile_text_stays_text(newsbeam: Newsbeam, tmp_path: Path) -> None:
    record = {
        "title": HOSTILE,
        "url": f"https://a.org/{HOSTILE}",
        "text": f"A sentence {HOSTILE}.\n\nPhoto: {HOSTILE}",
    }
    record["text"] += "\n\nPhoto: Getty Images\n\nAn escape \x1b."
    (tmp_path / "x.jsonl").write_text(f"{json.dumps(record)}\n{json.dumps({'html': HOSTILE, 'text': 'x'})}\n")
    newsbeam("explain", tmp_path / "x.jsonl", "--first", "2", "--html", tmp_path / "out.html")
    page = Page(tmp_path / "out.html")
    tags = {tag for tag, _ in page.elements}
    assert not tags & {"script", "img", "iframe", "object"}
    assert not any(name.startswith("on") for _, attributes in page.elements for name in attributes)
    assert HOSTILE in page.text and "54439" not in page.text.replace(HOSTILE, "")
    (policy,) = [a["content"] for tag, a in page.elements if a.get("http-equiv") == "Content-Security-Policy"]
    assert policy is not None and policy.startswith("default-src 'none'; style-src")


def test_a_page_that_cannot_be_written_is_wrong_usage(
    newsbeam: Newsbeam, seeds: Path, tmp_path: Path
) -> None:
    answer = newsbeam("explain", seeds, "--html", tmp_path / "absent" / "out.html")
    assert answer.exit_code == 2 and "No such file" in answer.stderr
