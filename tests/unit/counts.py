"""What this process has counted so far."""

from prometheus_client import REGISTRY


def requests_counted(door: str, method: str, outcome: str) -> float:
    """How many requests a door has answered so."""
    labels = {"door": door, "method": method, "outcome": outcome}
    return REGISTRY.get_sample_value("motcua_request_seconds_count", labels) or 0.0
