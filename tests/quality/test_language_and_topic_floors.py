"""Language and topics do not fall below their floors."""

from __future__ import annotations

from pathlib import Path

from tests.quality import floors, language, topics


def test_no_language_is_under_its_floor(shared: Path) -> None:
    assert floors.read(language.TABLE), "floors.toml has no floors for language"
    assert floors.below(language.TABLE, language.figures(shared)) == []


def test_the_topic_model_is_not_under_its_floor() -> None:
    assert floors.read(topics.TABLE), "floors.toml has no floors for topics"
    assert floors.below(topics.TABLE, topics.figures()) == []
    assert topics.figures()["calibrated"] >= 1 - topics.CALIBRATION_ERROR
