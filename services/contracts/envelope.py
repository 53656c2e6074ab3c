"""CloudEvents 1.0 in AMQP binary mode: attributes in headers, JSON data in the body.

Source: CloudEvents AMQP protocol binding 1.0.2, section 3.1. Attribute headers carry the prefix `cloudEvents:`.
`type` is the routing key, so a stock nameko service subscribes with `@event_handler("intake", "dossier_submitted")`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_PREFIX = "cloudEvents:"
_SCHEMA = re.compile(r"urn:motcua:(?P<source>[a-z]+):(?P<type>[a-z_]+):v(?P<v>[1-9][0-9]{0,3})\Z")
_LONGEST = 255  # they are kept, logged and published again, in headers that must fit into one frame
_TEXTS = ("id", "type", "subject", "time", "correlationid", "causationid", "traceparent")


class BadEnvelope(ValueError):
    """The headers are not those of an event; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """The attributes of one event. `sequence` counts the events of one `aggregate`, `<kind>/<id>`, from 1.

    `hash` is over this event and all before it in that aggregate; empty where an earlier release wrote it.
    """

    id: str
    source: str
    type: str
    v: int
    subject: str
    time: str
    sequence: int
    correlation: str
    causation: str
    trace: str
    aggregate: str = ""
    hash: str = ""

    def headers(self) -> dict[str, Any]:
        """The AMQP headers of the event."""
        attributes = {
            "specversion": "1.0",
            "id": self.id,
            "source": f"/{self.source}",
            "type": self.type,
            "subject": self.subject,
            "time": self.time,
            "dataschema": f"urn:motcua:{self.source}:{self.type}:v{self.v}",
            "sequence": self.sequence,
            "correlationid": self.correlation,
            "causationid": self.causation,
            "traceparent": self.trace,
            "aggregate": self.aggregate,
        }
        attributes |= {"hash": self.hash} if self.hash else {}
        return {_PREFIX + name: value for name, value in attributes.items()}


def read_headers(headers: Mapping[str, Any]) -> Envelope:
    """The envelope that `headers` carry. Raises BadEnvelope, naming the attribute."""
    found = {name: headers.get(_PREFIX + name) for name in (*_TEXTS, "dataschema", "sequence")}
    for name in (*_TEXTS, "dataschema"):
        text = found[name]
        if not isinstance(text, str) or not 0 < len(text) <= _LONGEST:
            raise BadEnvelope(f"attribute {name} is missing, too long or not text")
    schema = _SCHEMA.match(str(found["dataschema"]))
    if schema is None or schema["type"] != found["type"]:
        raise BadEnvelope("attribute dataschema does not name a schema of this event type")
    if not isinstance(found["sequence"], int) or isinstance(found["sequence"], bool):
        raise BadEnvelope("attribute sequence is not a whole number")
    return Envelope(
        id=str(found["id"]),
        source=schema["source"],
        type=schema["type"],
        v=int(schema["v"]),
        subject=str(found["subject"]),
        time=str(found["time"]),
        sequence=found["sequence"],
        correlation=str(found["correlationid"]),
        causation=str(found["causationid"]),
        trace=str(found["traceparent"]),
        aggregate=str(headers.get(_PREFIX + "aggregate") or "")[:_LONGEST],
        hash=str(headers.get(_PREFIX + "hash") or "")[:_LONGEST],
    )
