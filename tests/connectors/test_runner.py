"""The cure of FnApiRunner's leak, and whether Beam still needs it."""

from __future__ import annotations

import inspect
import subprocess
import sys

from apache_beam.metrics import monitoring_infos

_RUN = """
import apache_beam as beam
from apache_beam.io.restriction_trackers import OffsetRange, OffsetRestrictionTracker
from apache_beam.metrics import Metrics
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.transforms.core import RestrictionProvider

class Steps(RestrictionProvider):
    def initial_restriction(self, element): return OffsetRange(0, element)
    def create_tracker(self, restriction): return OffsetRestrictionTracker(restriction)
    def restriction_size(self, element, restriction): return restriction.size()

class Count(beam.DoFn):
    def process(self, element, tracker=beam.DoFn.RestrictionParam(Steps())):
        start = tracker.current_restriction().start
        if tracker.try_claim(start):
            Metrics.counter("test", "bundles").inc()
            tracker.defer_remainder()
            yield start

INSTALL
pipeline = beam.Pipeline(runner=FnApiRunner())
pipeline | beam.Create([1500]) | beam.ParDo(Count())
print(pipeline.run().metrics().query()["counters"][0].committed)
"""


def test_metrics_of_many_bundles_can_be_read() -> None:
    mended = _RUN.replace("INSTALL", "from connectors import runner; runner.install(); runner.install()")
    result = subprocess.run([sys.executable, "-c", mended], capture_output=True, text=True, timeout=120)
    assert result.stdout.strip() == "1500", result.stderr


def test_beam_still_needs_the_cure() -> None:
    """When this fails, Beam has mended it: delete connectors/runner.py and its callers."""
    assert inspect.isgeneratorfunction(monitoring_infos.consolidate)
    result = subprocess.run(
        [sys.executable, "-c", _RUN.replace("INSTALL", "")], capture_output=True, text=True, timeout=120
    )
    assert "RecursionError" in result.stderr
