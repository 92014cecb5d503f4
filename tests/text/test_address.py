from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.text.address import canonical, host


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://Example.ORG", "https://example.org/"),
        (" http://example.org:80/A/?b=1&a=2#c ", "http://example.org/A/?b=1&a=2"),
        ("http://example.org:8080/", "http://example.org:8080/"),
        ("https://example.org/a?utm_source=x&UTM_Medium=y&gclid=1&id=3", "https://example.org/a?id=3"),
        ("https://пример.бг/новини", "https://пример.бг/новини"),
        ("https://[2001:DB8::1]/", "https://[2001:db8::1]/"),
        ("ftp://example.org/", None),
        ("//example.org/", None),
        ("example.org/a", None),
        ("https://", None),
        ("https://[broken/", None),
        ("https://example.org:99999/", None),
        ("", None),
    ],
)
def test_canonical(url: str, expected: str | None) -> None:
    assert canonical(url) == expected


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://www.Example.ORG:443/a?b=//c", "www.example.org"),
        ("Example.org", "example.org"),
        ("example.org:80/news", "example.org"),
        ("//example.org/a", "example.org"),
        ("https://[2001:DB8::1]/", "2001:db8::1"),
        ("/news/1", None),
        ("https://[broken/", None),
        ("", None),
        (None, None),
    ],
)
def test_host(address: str | None, expected: str | None) -> None:
    assert host(address) == expected


@given(st.text() | st.builds("https://{}/{}?{}".format, st.text(), st.text(), st.text()))
def test_is_stable_and_never_raises(url: str) -> None:
    once = canonical(url)
    assert once is None or canonical(once) == once
