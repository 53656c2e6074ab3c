"""What is looked at beside a run."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Track:
    """What was sampled beside a run, every second or so: lists of equal length, `at` in seconds since its start.

    None is a look that a server was too busy to answer. What was not looked at has no list, or an empty one.
    """

    at: list[float] = field(default_factory=list)
    cpu_percent: dict[str, list[float]] = field(default_factory=dict)  # of one core, by program
    rss_mb: dict[str, list[float]] = field(default_factory=dict)
    queued: dict[str, list[int | None]] = field(default_factory=dict)  # messages ready, by consuming service
    unpublished: list[int | None] = field(default_factory=list)
    lag_seconds: list[float | None] = field(default_factory=list)

    def peak_rss(self) -> dict[str, float]:
        """The most memory that each program had."""
        return {name: max(values) for name, values in self.rss_mb.items() if values}
