"""What a second process brings: `newsbeam replay --workers 2` against `--workers 1`, in turns.

    python -m tests.benchmarks.workers [--rounds N]

Prints articles a second of each, start-up aside, and the ratio. Goal: >= 1.8 on two idle cores.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile

from tests.shared import shared_file


def replay(source: str, workers: int) -> float:
    """Articles a second of one replay, as its summary says."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pipelines.cli", "replay", source, "-o", folder, "--json"]
        done = subprocess.run([*command, "--workers", str(workers)], capture_output=True, check=True)
    speed: float = json.loads(done.stdout)["records_per_second"]
    return speed


def main() -> None:
    """Print the comparison."""
    plain = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=plain)
    parser.add_argument("--rounds", type=int, default=3, help="turns of each (default 3)")
    rounds = parser.parse_args().rounds
    source = shared_file("data/articles_2019.jsonl.gz")
    if source is None:
        print("skipped: ../shared/data/articles_2019.jsonl.gz is not here (NEWSBEAM_SHARED names its folder)")
        return
    speeds: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(rounds):
        for workers, measured in speeds.items():
            measured.append(replay(str(source), workers))
    one, two = (statistics.median(measured) for measured in speeds.values())
    print(f"{rounds} turns each, medians; {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    print(f"--workers 1   {one:8,.0f} articles/s")
    print(f"--workers 2   {two:8,.0f} articles/s")
    print(f"ratio         {two / one:8.2f}   goal 1.8")


if __name__ == "__main__":
    main()
