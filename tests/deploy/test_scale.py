"""`deploy/scale`: its sums, and the page that shows them."""

from __future__ import annotations

import dataclasses
import subprocess
import sys

import pytest

from tests.deploy.scripts import DEPLOY, script

scale = script("scale")


def test_the_page_shows_what_the_script_prints() -> None:
    printed = subprocess.run([sys.executable, DEPLOY / "scale"], capture_output=True, text=True, check=True)
    page = (DEPLOY / "scale.md").read_text("utf-8")
    tables = [table for table in printed.stdout.split("\n\n") if table.strip()]
    assert len(tables) == 3
    for table in tables:
        assert table.strip() in page


def test_the_sums_of_round_figures() -> None:
    figures = scale.Figures(
        rate=100, together=1, load=0.5, peak=2, raw_bytes=1000, article_bytes=1000, replicas=2,
        retention_days=10, worker_gb=1, pool_gb=0.5, taskmanager_gb=0.5, broker_mb=1, partition_mb=1,
    )  # fmt: skip
    plan = scale.Plan(figures, 86_400 * 500)
    assert (plan.mean, plan.at_peak, plan.workers) == (500, 1000, 20)
    assert (plan.partitions, plan.memory_gb) == (40, 40)
    assert (plan.written_mb, plan.brokers) == (4, 4)
    assert plan.kept_tb(packed=False) == pytest.approx(86_400 * 500 * 2000 * 10 * 2 / 1e12)


def test_a_volume_at_a_limit_needs_just_that() -> None:
    figures = scale.Figures()
    for name, a_day, _ in scale.limits(figures):
        plan = scale.Plan(figures, a_day)
        if "slots" in name:
            assert plan.workers in (figures.slots, figures.slots + 1)
        if "PostgreSQL" in name:
            assert plan.at_peak == pytest.approx(figures.postgres_rate)
        if "brokers" in name:
            assert plan.brokers in (3, 4)


def test_every_figure_is_an_option() -> None:
    command = [sys.executable, DEPLOY / "scale", "20"]
    for item in dataclasses.fields(scale.Figures):
        command += [f"--{item.name.replace('_', '-')}", "1"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "| workers = task slots = cores | 232 |" in printed


def test_dataflows_page_has_the_same_costs() -> None:
    page = (DEPLOY / "dataflow" / "README.md").read_text("utf-8")
    for million in (10, 1000):
        plan = scale.Plan(scale.Figures(), million * 1e6)
        (row,) = [line for line in page.splitlines() if line.startswith(f"| {million:,} M ")]
        assert row.endswith(f"| {plan.dataflow_usd:,.0f} |")
