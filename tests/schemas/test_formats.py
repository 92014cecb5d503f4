"""Articles in other standards' clothes."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
import referencing

from schemas import codec
from schemas.article import Article
from schemas.formats import encode_as
from schemas.ninjs import ninjs
from schemas.origin import Origin
from schemas.schema_org import news_article
from schemas.withdrawal import Withdrawal
from tests.schemas.test_wire import BARE, FULL, LETTER

ARTICLES = [FULL, BARE, FULL.evolve(id="и/ %?#", url="https://example.org/път?q=а б", title="")]


@pytest.fixture(scope="module")
def validator(shared: Path) -> jsonschema.Draft202012Validator:
    file = shared / "standards" / "ninjs-schema_3.1.json"
    if not file.is_file():
        pytest.skip(f"no {file}: IPTC's JSON Schema of ninjs 3.1 is not there")
    # It refers to GeoJSON's schema on the web; we write no places.
    geo = referencing.Resource.from_contents({"$schema": "https://json-schema.org/draft/2020-12/schema"})
    registry = referencing.Registry().with_resource("https://geojson.org/schema/GeoJSON.json", geo)
    schema = json.loads(file.read_text("utf-8"))
    return jsonschema.Draft202012Validator(
        schema, registry=registry, format_checker=jsonschema.FormatChecker()
    )


@pytest.mark.parametrize("article", ARTICLES, ids=["full", "bare", "odd"])
def test_ninjs_is_valid(validator: jsonschema.Draft202012Validator, article: Article) -> None:
    validator.validate(json.loads(encode_as("ninjs", article)))


@pytest.mark.parametrize("broken", [{"colour": 1}, {"uri": 7}, {"subjects": [{"confidence": 101}]}])
def test_the_schema_would_refuse(
    validator: jsonschema.Draft202012Validator, broken: dict[str, object]
) -> None:
    assert not validator.is_valid(ninjs(FULL) | broken)


def test_ninjs_says_what_the_record_says() -> None:
    item = ninjs(FULL)
    assert item["uri"] == "urn:newsbeam:a"
    assert item["bodies"][0]["value"] == FULL.text
    assert item["headlines"][0]["value"] == "Заглавие"
    assert [subject["literal"] for subject in item["subjects"]] == ["medtop:11000000", "medtop:20000574"]
    assert item["subjects"][:1] == [
        {
            "name": "politics",
            "rel": "about",
            "uri": "http://cv.iptc.org/newscodes/mediatopic/11000000",
            "literal": "medtop:11000000",
            "confidence": 80,
        }
    ]
    assert (item["contentCreated"], item["language"]) == ("2025-08-13T00:00:00Z", "bg")
    assert "language" not in ninjs(BARE) and "subjects" not in ninjs(BARE)


def test_schema_org_says_what_the_record_says() -> None:
    item = news_article(FULL)
    assert (item["@context"], item["@type"]) == ("https://schema.org", "NewsArticle")
    assert (item["articleBody"], item["headline"], item["inLanguage"]) == (FULL.text, "Заглавие", "bg")
    assert item["datePublished"] == "2025-08-13"  # only the day is known
    assert item["commentCount"] == 0
    assert item["about"][0]["termCode"] == "medtop:11000000"
    assert set(news_article(BARE)) == {"@context", "@type", "identifier", "articleBody", "wordCount"}


@pytest.mark.parametrize("record", [LETTER, Withdrawal("a", Origin("files", "a", 0))])
def test_what_is_no_article_keeps_its_own_form(record: object) -> None:
    assert encode_as("ninjs", record) == encode_as("schema_org", record) == codec.encode(record)  # type: ignore[arg-type]
