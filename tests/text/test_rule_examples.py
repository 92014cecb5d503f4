"""A rule whose examples do not hold is told, and how."""

from __future__ import annotations

import pytest

from pipelines.text.pack import read_pack
from pipelines.text.packs import Packs
from pipelines.text.rule_examples import failures


@pytest.mark.parametrize(
    ("drops", "keeps", "how"),
    [
        ("advert 3", "adverts are fine", None),
        ("no match", "x", "does not match"),
        ("x [[advert 3]]", "x", "does not match"),
        ("advert 3", "advert 4", "xx/a cuts “advert 4”"),
        ("advert 3\\nbody", "x", "“body” stays"),
    ],
)
def test_failures(drops: str, keeps: str, how: str | None) -> None:
    content = f"""languages = ["xx"]
[[rule]]
id = "a"
kind = "ad"
pattern = 'advert \\d'
why = "x"
drops = ["{drops}"]
keeps = ["{keeps}"]
"""
    pack = read_pack("xx", content.encode(), {})
    found = list(failures(pack.rules[0], [Packs((pack,))]))
    if how is None:
        assert found == []
    else:
        assert [failure.rule for failure in found] == ["xx/a"] and how in found[0].how
