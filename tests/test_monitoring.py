"""The alerts and the dashboard: sound to the real promtool, and about metrics that the code has."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.metrics import MetricWrapperBase

from connectors import metrics

ROOT = Path(__file__).parents[1]
MONITORING = ROOT / "deploy" / "monitoring"
ALERTS, ALERTS_TEST = MONITORING / "alerts.yml", MONITORING / "alerts_test.yml"
RULES: list[dict[str, Any]] = yaml.safe_load(ALERTS.read_text())["groups"][0]["rules"]
DASHBOARD: dict[str, Any] = json.loads((MONITORING / "grafana/dashboards/newsbeam.json").read_text())
PANELS: list[dict[str, Any]] = DASHBOARD["panels"]
QUERIES = [target["expr"] for panel in PANELS for target in panel.get("targets", [])]
KEYWORDS = {"and", "or", "unless", "bool", "offset", "by", "on", "without", "ignoring", "group_left"}
OF_PROMETHEUS = {"instance", "job", "le"}


@pytest.fixture(scope="session")
def promtool() -> str:
    """Prometheus' own checker: NEWSBEAM_PROMTOOL, or on the PATH."""
    found = os.environ.get("NEWSBEAM_PROMTOOL") or shutil.which("promtool")
    if not found:
        pytest.skip("NO PROMTOOL: alerts and dashboard are not checked (apt-get install prometheus)")
    return found


def run(*command: object, cwd: Path = MONITORING) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*map(str, command)], cwd=cwd, capture_output=True, text=True, timeout=60)


def exposed() -> dict[str, set[str]]:
    """Every time series the code serves, with its labels."""
    found: dict[str, set[str]] = {"up": set()}
    for metric in vars(metrics).values():
        if isinstance(metric, MetricWrapperBase):
            described, labels = next(iter(metric.describe())), set(metric._labelnames)
            endings = {"counter": ["_total"], "histogram": ["_bucket", "_sum", "_count"]}
            for ending in endings.get(described.type, [""]):
                found[described.name + ending] = labels
    found["newsbeam_resident_memory_bytes"] = {"pid"}  # added where several processes are one endpoint
    for process in ProcessCollector(registry=CollectorRegistry()).collect():
        found |= {sample.name: set() for sample in process.samples}
    return found


def series(expression: str) -> set[str]:
    """The names of the time series in an expression."""
    bare = re.sub(r'"[^"]*"', "", expression)
    bare = re.sub(r"\{[^}]*\}|\[[^]]*\]", "", bare)
    bare = re.sub(r"\b(by|on|without|ignoring|group_left)\s*\([^)]*\)", "", bare)
    bare = re.sub(r"\b\d[\w.]*", "", bare)
    return set(re.findall(r"\b[a-zA-Z_:][\w:]*\b(?!\s*\()", bare)) - KEYWORDS


def labels(expression: str) -> set[str]:
    """The names of the labels in an expression."""
    bare = re.sub(r'"[^"]*"', '""', expression)
    found = {
        name for block in re.findall(r"\{([^}]*)\}", bare) for name in re.findall(r"(\w+)\s*[=!]", block)
    }
    groups = re.findall(r"\b(?:by|on|without|ignoring)\s*\(([^)]*)\)", bare)
    return found | {name.strip() for group in groups for name in group.split(",")}


def test_the_parser_of_this_test_sees_names_and_labels() -> None:
    expression = (
        'sum by (le, a) (rate(x_bucket{b=~"y_total|z"}[5m])) / on (c) up > 1e9 and time() > z_seconds'
    )
    assert series(expression) == {"x_bucket", "up", "z_seconds"}
    assert labels(expression) == {"le", "a", "b", "c"}


@pytest.mark.parametrize("expression", [*(rule["expr"] for rule in RULES), *QUERIES])
def test_every_metric_and_label_exists_in_the_code(expression: str) -> None:
    known = exposed()
    names = series(expression)
    assert names and names <= known.keys()
    assert labels(expression) <= OF_PROMETHEUS.union(*(known[name] for name in names))


def test_every_metric_of_ours_is_on_the_dashboard() -> None:
    shown = set().union(*map(series, QUERIES))
    hidden = {name for name in exposed() if name.startswith("newsbeam_")} - shown
    assert {name for name in hidden if not name.endswith(("_bucket", "_sum", "_count"))} == set()
    histograms = {name.removesuffix("_bucket") for name in exposed() if name.endswith("_bucket")}
    assert all(f"{name}_bucket" in shown for name in histograms)


def test_every_alert_says_what_to_do_and_where_to_read_on() -> None:
    titles = re.findall(r"^#+ (.+)$", (ROOT / "deploy/runbook.md").read_text(), re.M)
    anchors = [re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles]
    assert len(set(anchors)) == len(anchors)
    for rule in RULES:
        page, _, anchor = rule["annotations"]["runbook_url"].partition("#")
        assert page == "deploy/runbook.md" and anchor in anchors, rule["alert"]
        assert rule["labels"]["severity"] in ("critical", "warning")
        assert ":" in rule["annotations"]["summary"], "a sentence of what is, and one of what to do"
    runbook = (ROOT / "deploy/runbook.md").read_text()
    assert {rule["alert"] for rule in RULES} == set(re.findall(r"`(Newsbeam\w+)`", runbook))


def test_the_dashboard_is_whole() -> None:
    rows = [panel["title"] for panel in PANELS if panel["type"] == "row"]
    assert rows == ["Flow", "Quality", "Sinks", "Kafka", "Process"]
    assert len({panel["id"] for panel in PANELS}) == len(PANELS)
    cells: set[tuple[int, int]] = set()
    for panel in PANELS:
        at = panel["gridPos"]
        mine = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not mine & cells, panel["title"]
        assert max(x for x, _ in mine) < 24
        cells |= mine
        if panel["type"] != "row":
            assert panel["description"] and panel["targets"]
    provisioned = yaml.safe_load((MONITORING / "grafana/provisioning/datasources/prometheus.yml").read_text())
    assert provisioned["datasources"][0]["type"] == DASHBOARD["templating"]["list"][0]["query"]


def test_promtool_takes_config_and_alerts(promtool: str) -> None:
    for command in (["config", "prometheus.yml"], ["rules", "alerts.yml"]):
        checked = run(promtool, "check", *command)
        assert checked.returncode == 0, checked.stdout + checked.stderr


def test_promtool_takes_every_query_of_the_dashboard(promtool: str, tmp_path: Path) -> None:
    queries = [query.replace("$__rate_interval", "5m").replace("$instance", ".*") for query in QUERIES]
    rules = [{"record": f"panel:query{number}", "expr": query} for number, query in enumerate(queries)]
    (tmp_path / "rules.yml").write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": rules}]}))
    checked = run(promtool, "check", "rules", tmp_path / "rules.yml")
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_alerts_fire_when_they_should_and_only_then(promtool: str) -> None:
    tested = run(promtool, "test", "rules", "alerts_test.yml")
    assert tested.returncode == 0, tested.stdout + tested.stderr


@pytest.mark.parametrize("alert", [rule["alert"] for rule in RULES])
def test_each_alert_s_test_fails_without_it(promtool: str, tmp_path: Path, alert: str) -> None:
    whole = yaml.safe_load(ALERTS.read_text())
    whole["groups"][0]["rules"] = [rule for rule in RULES if rule["alert"] != alert]
    (tmp_path / "alerts.yml").write_text(yaml.safe_dump(whole))
    shutil.copy(ALERTS_TEST, tmp_path)
    assert run(promtool, "test", "rules", "alerts_test.yml", cwd=tmp_path).returncode != 0
