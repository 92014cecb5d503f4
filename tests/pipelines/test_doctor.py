"""`newsbeam doctor` where no broker is needed: each thing that can be wrong is named, with what to do."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipelines.doctor import machine, package
from pipelines.doctor.finding import Verdict
from pipelines.doctor.machine import examine_machine, free_space
from pipelines.doctor.package import examine_package
from pipelines.models.registry import ModelFault
from tests.conftest import Answer

Newsbeam = Callable[..., Answer]


def config(folder: Path, **more: Any) -> Path:
    """A config that reads files and writes folders."""
    (folder / "in.jsonl").write_text('{"text": "x"}\n')
    text = (
        f'[source]\nkind = "files"\npaths = ["{folder / "in.jsonl"}"]\n'
        f'[[sinks]]\nkind = "jsonl"\npath = "{folder / "out"}"\n'
        f'[[sinks]]\nkind = "jsonl"\ntakes = "dead_letters"\npath = "{folder / "letters"}"\n'
    )
    for old, new in more.get("changes", ()):
        assert old in text
        text = text.replace(old, new, 1)
    (folder / "c.toml").write_text(text)
    return folder / "c.toml"


def found(answer: Answer) -> dict[str, dict[str, str]]:
    return {finding["what"]: finding for finding in json.loads(answer.stdout)}


def test_a_sound_machine_and_config(newsbeam: Newsbeam, tmp_path: Path) -> None:
    answer = newsbeam("doctor", "--config", config(tmp_path), "--json")
    findings = found(answer)
    assert answer.exit_code == 0
    assert not [finding for finding in findings.values() if finding["verdict"] == "fail"]
    assert {"python", "beam", "memory", "clock", "temp folder", "rule packs"} <= findings.keys()
    assert findings["source (files)"]["said"] == "1 files, 0.0 MB"
    assert findings["sink articles (jsonl)"]["verdict"] == "ok"
    said = newsbeam("doctor").stdout.decode()
    assert "ok   python" in said and "0 fail" in said


@pytest.mark.parametrize(
    ("old", "new", "what", "said"),
    [
        ("in.jsonl", "absent.jsonl", "source (files)", "no such file"),
        ('kind = "files"', 'kind = "fils"', "config", "c.toml:2: source.kind"),
        ("/out", "/c.toml", "sink articles (jsonl)", "cannot be written to"),
        (
            '[[sinks]]\nkind = "jsonl"\n',
            '[[sinks]]\nkind = "postgres"\nurl = "postgresql://u@127.0.0.1:1/x"\n'
            '[[sinks]]\nname = "b"\nkind = "jsonl"\n',
            "sink articles (postgres)",
            "OperationalError",
        ),
        (
            '[[sinks]]\nkind = "jsonl"\n',
            '[[sinks]]\nkind = "jsonl"\nname = "x"\npath = "no://where"\n[[sinks]]\nkind = "jsonl"\n',
            "sink x (jsonl)",
            "no://where",
        ),
    ],
)
def test_what_is_wrong_fails_with_advice(
    newsbeam: Newsbeam, tmp_path: Path, old: str, new: str, what: str, said: str
) -> None:
    answer = newsbeam("doctor", "--config", config(tmp_path, changes=[(old, new)]), "--json")
    finding = found(answer)[what]
    assert answer.exit_code == 1
    assert finding["verdict"] == "fail" and said in finding["said"] and finding["do"]


def test_a_damaged_model_and_a_broken_pack(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def damaged(job: str) -> Path:
        raise ModelFault("model lid.176: has 5 bytes")

    monkeypatch.setattr(package, "verified", damaged)
    (tmp_path / "sites").mkdir()
    (tmp_path / "sites" / "a.bg.toml").write_text("= =")
    findings = {finding.what: finding for finding in examine_package(tmp_path)}
    assert findings["model language"].verdict is Verdict.FAIL
    assert findings["rule packs"].verdict is Verdict.FAIL and "a.bg" in findings["rule packs"].said
    assert all(finding.do for finding in findings.values() if finding.verdict is not Verdict.OK)


def test_little_memory_little_room_and_a_wrong_clock(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(machine, "memory_bytes", lambda: 300_000_000)
    monkeypatch.setattr(machine, "_FREE_BYTES", 10**18)
    monkeypatch.setattr(machine, "_RELEASED", machine.datetime(2990, 1, 1, tzinfo=machine.UTC))
    findings = {finding.what: finding.verdict for finding in examine_machine()}
    assert findings["memory"] is findings["temp folder"] is Verdict.WARN
    assert findings["clock"] is Verdict.FAIL
    assert free_space("x", tmp_path / "not" / "yet").said.startswith(str(tmp_path / "not" / "yet"))


def test_memory_is_known_here() -> None:
    if not Path("/proc/meminfo").exists():
        pytest.skip("no /proc")
    assert (machine.memory_bytes() or 0) > 10_000_000
