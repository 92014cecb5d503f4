"""What a bounded run did, by its counters, and whether they add up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pipelines.config import Sink
from pipelines.refusals import Refusals

OUTCOMES = ("enriched", "duplicate", "withdrawn", "rejected", "bug")


@dataclass(frozen=True)
class Summary:
    """The counters of a run (names as in `pipelines/tally.py` and `connectors/delivery.py`)."""

    counts: Counter[str]
    sinks: Sequence[Sink]
    seconds: float
    """Wall time from the first to the last record, start-up aside."""
    refusals: Refusals = Refusals()  # noqa: RUF009 - a tuple
    """An example of each reason, and why the run was stopped, if it was."""

    def of(self, group: str) -> dict[str, int]:
        """The counters of one group, the largest first, then by name."""
        prefix = group + "/"
        found = {name.removeprefix(prefix): n for name, n in self.counts.items() if name.startswith(prefix)}
        return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))

    @property
    def per_second(self) -> float:
        """Records a second."""
        return self.counts["read"] / self.seconds if self.seconds else 0.0

    def stations(self) -> dict[str, float]:
        """Seconds that each station took, over all processes, the slowest first."""
        return {station: spent / 1e6 for station, spent in self.of("microseconds").items()}

    def unaccounted(self) -> list[str]:
        """Where the counts do not add up, a sentence each; none when every record is accounted for."""
        outcomes = self.of("outcome")
        ended, read = sum(outcomes.values()), self.counts["read"]
        loose = [] if ended == read else [f"{read:,} records were read but {ended:,} have an outcome"]
        letters = outcomes.get("rejected", 0) + outcomes.get("bug", 0) + self._undelivered()
        articles = outcomes.get("enriched", 0) + outcomes.get("withdrawn", 0)
        due = {"articles": articles, "dead_letters": letters}
        for sink in self.sinks:
            loose += _unequal(sink, due[sink.takes], self.of(sink.name))
        return loose

    def faults(self) -> list[str]:
        """What is wrong with the run, a sentence each."""
        faults = self.unaccounted()
        if bugs := self.counts["outcome/bug"]:
            faults.append(f"{bugs:,} records ended as a bug of ours: see the dead letters")
        if undelivered := self._undelivered():
            faults.append(f"{undelivered:,} articles could not be delivered: see the dead letters")
        return faults

    def _undelivered(self) -> int:
        return sum(self.counts[f"{sink.name}/undelivered"] for sink in self.sinks if sink.takes == "articles")

    def as_dict(self) -> dict[str, Any]:
        """The same for machines (`--json`)."""
        return {
            "read": self.counts["read"],
            "passed_over": self.counts["passed_over"],
            "passed_by": self.of("passed_by"),
            "outcomes": {name: self.counts[f"outcome/{name}"] for name in OUTCOMES},
            "reasons": self.of("reason"),
            "languages": self.of("language"),
            "topics": self.of("topic"),
            "junk": self.of("junk"),
            "station_seconds": {name: round(spent, 6) for name, spent in self.stations().items()},
            "sinks": {sink.name: self.of(sink.name) for sink in self.sinks},
            "seconds": round(self.seconds, 3),
            "records_per_second": round(self.per_second, 1),
            "refused": [group._asdict() for group in self.refusals.refused],
            "stopped": self.refusals.stopped,
            "faults": self.faults(),
        }


def _unequal(sink: Sink, due: int, delivery: dict[str, int]) -> list[str]:
    if sum(delivery.values()) == due:
        return []
    return [f"sink {sink.name}: {due:,} records were due, {sum(delivery.values()):,} are accounted for"]
