"""How a service runs: journal, relay, subscriptions, RPC, HTTP, settings, logs, health. No business word in it."""
