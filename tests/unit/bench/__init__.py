"""Tests of the bench's own arithmetic; nothing is measured here."""
