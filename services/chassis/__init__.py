"""How a service runs: journal, relay, subscriptions, RPC, HTTP, settings, logs, health. No business word in it."""

import os

# Before eventlet is imported, in doors too. Years of clashes between its DNS, dnspython and ssl; and 7 MB a process.
os.environ.setdefault("EVENTLET_NO_GREENDNS", "yes")
