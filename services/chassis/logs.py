"""Logs are JSON lines: past-tense event names, ids bound once, no personal data, no message bodies."""

import atexit
import logging
import sys
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from services.chassis.damping import LEFT_OUT, Damper, ForeignLines, cut, damped
from services.chassis.lean import structlog

log: structlog.stdlib.BoundLogger = structlog.get_logger("motcua")

_QUIET = {
    "nameko": logging.CRITICAL,  # it logs what we log ourselves, with tracebacks that quote arguments
    "amqp": logging.WARNING,
    "kombu": logging.WARNING,
    "pymongo": logging.WARNING,
    "werkzeug": logging.WARNING,
    "opentelemetry": logging.CRITICAL + 1,  # that traces are lost we say ourselves, once in a while
    "urllib3": logging.ERROR,
}


def _tell(known: Mapping[str, Any]) -> None:
    log.warning(LEFT_OUT, **known)


damper = Damper(_tell)


def configure(service: str, level: str = "INFO") -> None:
    """Send everything of this process, libraries included, to standard output as JSON lines."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.ExceptionRenderer(_without_values),
        _name(service),
        cut,
    ]
    structlog.configure(
        processors=[damped(damper), *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    render: list[Any] = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        structlog.processors.JSONRenderer(ensure_ascii=False),
    ]
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=render))
    handler.addFilter(ForeignLines(damper))
    logging.basicConfig(handlers=[handler], level=level, force=True)
    for name, least in _QUIET.items():
        logging.getLogger(name).setLevel(least)
    for own in logging.getLogger("gunicorn.error").handlers:
        own.addFilter(ForeignLines(damper))
    atexit.register(damper.sum_up, all_of_it=True)
    logging.captureWarnings(capture=True)
    warnings.filterwarnings("ignore", message=r"\s*Eventlet is deprecated")


@contextmanager
def about(**ids: Any) -> Iterator[None]:
    """Bind ids (correlation, dossier, message) to every line logged inside."""
    with structlog.contextvars.bound_contextvars(**ids):
        yield


_SAID = ("exc_type", "is_cause", "is_group", "frames")  # messages, notes and lines of source may quote anything
_frames = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)


def _without_values(exc_info: Any) -> list[dict[str, Any]]:
    """A traceback as data, without locals and messages: both may quote a person's data or a secret."""
    return _told(_frames(exc_info))


def _told(errors: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What is said of an error and of those that it came from; of a group, of each in it."""
    return [
        {
            **{name: error[name] for name in _SAID},
            "exc_value": "(left out)",
            "exceptions": [_told(one) for one in error["exceptions"]],
        }
        for error in errors
    ]


def _name(service: str) -> Any:
    def add(_logger: Any, _method: str, line: dict[str, Any]) -> dict[str, Any]:
        line["service"] = service
        return line

    return add
