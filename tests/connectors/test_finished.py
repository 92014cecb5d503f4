from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.finished import Finished, finished
from schemas.origin import Origin


@given(st.sets(st.tuples(st.sampled_from("ab"), st.integers(0, 500))))
def test_is_a_set_of_origins(added: set[tuple[str, int]]) -> None:
    done = Finished()
    for path, record in added:
        done.add(path, record)
    held = {(p, r) for p in "abc" for r in range(510) if Origin("files", p, r) in done}
    assert held == added
    assert done.count == len(added)


def test_a_record_that_stands_there_twice_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_text('{"origin": {"path": "a", "record": 3}}\n' * 2)
    with pytest.raises(ValueError, match="a#3 stands in the output twice"):
        finished([tmp_path / "x.jsonl"])
