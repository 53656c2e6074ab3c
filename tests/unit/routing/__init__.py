"""Tests of routing without servers."""
