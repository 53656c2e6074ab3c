"""Tests of registry without servers."""
