"""The harness of `make chaos`, without servers."""
