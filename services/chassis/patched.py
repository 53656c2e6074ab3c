"""Importing this makes the standard library green. It must be a worker's very first import; nothing else patches."""

import warnings

from services.chassis.pauses import begin_without

begin_without()
warnings.filterwarnings("ignore", message=r"\s*Eventlet is deprecated")
warnings.filterwarnings("ignore", category=DeprecationWarning, module="eventlet")

import eventlet  # noqa: E402

eventlet.monkey_patch()
