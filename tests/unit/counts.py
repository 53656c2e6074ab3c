"""What this process has counted so far."""

from prometheus_client import REGISTRY


def counted(sample: str, **labels: str) -> float:
    """The value of a sample; what was never counted is nought."""
    return REGISTRY.get_sample_value(sample, labels) or 0.0


def requests_counted(door: str, method: str, outcome: str) -> float:
    """How many requests a door has answered so."""
    return counted("motcua_request_seconds_count", door=door, method=method, outcome=outcome)
