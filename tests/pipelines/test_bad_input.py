"""Bad input is normal: each hostile record ends as one counted outcome, in bounded time and memory."""

from __future__ import annotations

import gzip
import json
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import written

pytestmark = [pytest.mark.pipeline, pytest.mark.timeout(600)]

SENTENCE = "Министърът каза, че ще подпише договора още през есента. "
MAX_RSS_BYTES = 900 * 1024 * 1024
"""Beam, the models and one record of the largest size, with room; nothing here may pile up."""


def record(**fields: object) -> bytes:
    return json.dumps(fields, ensure_ascii=False).encode() + b"\n"


HOSTILE: dict[str, tuple[bytes, list[str]]] = {
    "long_line.txt": (SENTENCE.encode() * 17_000, ["enriched"]),
    "many_lines.txt": ("\n".join(f"ред {n}" for n in range(100_000)).encode(), ["enriched"]),
    "identical_lines.txt": ("Една и съща линия тук.\n".encode() * 10_000, ["enriched"]),
    "bomb.txt": (("a" * 50 + "!").encode() * 20_000, ["enriched"]),
    "colons.jsonl": (record(id="colons", text="Още: " + "а: " * 300_000), ["enriched"]),
    "mojibake.txt": (SENTENCE.encode("cp1251").decode("latin-1").encode(), ["enriched"]),
    "nul.jsonl": (record(id="nul", text=f"{SENTENCE}\0{SENTENCE}"), ["enriched"]),
    "emoji.jsonl": (b'{"text": "\\ud83d\\ude00 a smile for all of us"}\n', ["enriched"]),
    "half_surrogate.jsonl": (b'{"text": "\\ud83d alone"}\n', ["not_json"]),
    "binary.txt": (random.Random(1).randbytes(100_000), ["bad_charset"]),
    "utf16.txt": (SENTENCE.encode("utf-16"), ["bad_charset"]),
    "cut_character.txt": (SENTENCE.encode()[:11], ["bad_charset"]),
    "empty.txt": (b"", ["empty"]),
    "empty.html": (b"", ["empty"]),
    "empty.jsonl": (b"", []),
    "blank_lines.jsonl": (b"\n \n\r\n", []),
    "deep_json.jsonl": (b'{"text": "x", "deep": ' + b"[" * 5_000 + b"]" * 5_000 + b"}\n", ["not_json"]),
    "html_in_text.jsonl": (
        record(id="html-in-text", text=f"<p>{SENTENCE}</p><script>x</script>"),
        ["enriched"],
    ),
    "too_large.txt": (b"A" * 11_000_000, ["too_large"]),
    "too_large.jsonl": (
        b'{"text":"' + b"x" * 50_000_000 + b'"}\n' + record(id="after", text=SENTENCE),
        ["too_large", "enriched"],
    ),
    "deep.html": (b"<div>" * 100_000 + b"x" + b"</div>" * 100_000, ["any"]),
    "attribute.jsonl": (record(id="attribute", html="<p title='" + "y" * 9_000_000 + "'>text</p>"), ["any"]),
    "random.html": (random.Random(2).randbytes(50_000), ["any"]),
}


def _peak_rss_bytes(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM:")), 0)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="no /proc here: peak memory is not known")
def test_every_hostile_record_is_one_counted_outcome(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for name, (content, _) in HOSTILE.items():
        (folder / name).write_bytes(content)
    whole = gzip.compress(b"".join(record(id=f"g{n}", text=f"{SENTENCE} {n}") for n in range(2_000)))
    (folder / "truncated.jsonl.gz").write_bytes(whole[:-100])
    command = [
        sys.executable,
        "-m",
        "pipelines.cli",
        "replay",
        str(folder),
        "-o",
        str(tmp_path / "out"),
        "--json",
    ]
    process = subprocess.Popen(command, cwd=Path(__file__).parents[2], stdout=subprocess.PIPE)
    peak = 0
    # Not getrusage: its ru_maxrss of a child begins with this process's own.
    while process.poll() is None:
        peak = max(peak, _peak_rss_bytes(process.pid))
        time.sleep(0.02)
    assert process.stdout is not None
    summary = json.loads(process.stdout.read())
    assert process.returncode == 0, summary["faults"]
    assert summary["outcomes"]["bug"] == 0
    assert 0 < peak < MAX_RSS_BYTES

    ended: dict[str, list[tuple[int, str]]] = {}
    for article in written(tmp_path / "out"):
        ended.setdefault(article["origin"]["path"], []).append((article["origin"]["record"], "enriched"))
    for letter in written(tmp_path / "out", "dead_letters"):
        ended.setdefault(letter["origin"]["path"], []).append((letter["origin"]["record"], letter["reason"]))
    cut = [reason for _, reason in sorted(ended.pop("truncated.jsonl.gz"))]
    assert cut.count("truncated_file") == 1 and cut[-1] == "truncated_file"
    assert set(cut[:-1]) == {"enriched"} and 1_000 < len(cut) < 2_000
    for name, (_, outcomes) in HOSTILE.items():
        got = [outcome for _, outcome in sorted(ended.get(name, []))]
        assert len(got) == len(outcomes) and all(
            expected in ("any", outcome) for expected, outcome in zip(outcomes, got, strict=True)
        ), (name, got)


def test_a_dead_letter_is_small_whatever_it_is_of(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_bytes(b'{"text":"' + "я".encode() * 10_000_000 + b'"}\n')
    command = [sys.executable, "-m", "pipelines.cli", "replay", str(tmp_path / "x.jsonl")]
    subprocess.run([*command, "-o", str(tmp_path / "out")], cwd=Path(__file__).parents[2], check=True)
    (letter,) = written(tmp_path / "out", "dead_letters")
    assert len(letter["payload"].encode()) <= 64 * 1024
    assert letter["payload_bytes"] == 20_000_011
