"""Tests of payment without servers."""
