"""Web addresses: whose they are, and the canonical form that ids are made of."""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit

_TRACKING = frozenset(
    "fbclid gclid dclid gbraid wbraid msclkid yclid ysclid igshid mc_cid mc_eid _ga _openstat".split(" ")
)
"""Query parameters that name a visit, not a page; `utm_*` besides."""
_DEFAULT_PORTS = {"http": 80, "https": 443}


def host(address: str | None) -> str | None:
    """The host name, in lower case, of a URL or of what stands alone (`example.org`, `example.org/news`);
    None where there is none."""
    if not address:
        return None
    try:
        return urlsplit(address if "//" in address else f"//{address}").hostname
    except ValueError:  # a broken address
        return None


def canonical(url: str) -> str | None:
    """The address without what does not name the page: fragment, default port, tracking parameters.

    Scheme and host in lower case, an empty path as `/`; path and remaining query as they came, since
    servers may tell them apart. Frozen: a change here changes ids.

    Returns:
        None where `url` is no absolute http(s) address.
    """
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if parts.scheme not in _DEFAULT_PORTS or not host:
        return None
    if ":" in host:  # IPv6
        host = f"[{host}]"
    netloc = host if port in (None, _DEFAULT_PORTS[parts.scheme]) else f"{host}:{port}"
    query = "&".join(pair for pair in parts.query.split("&") if pair and not _tracks(pair))
    return SplitResult(parts.scheme, netloc, parts.path or "/", query, "").geturl().strip()


def _tracks(pair: str) -> bool:
    name = pair.partition("=")[0].lower()
    return name.startswith("utm_") or name in _TRACKING
