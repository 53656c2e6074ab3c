"""Tests of intake without servers."""
