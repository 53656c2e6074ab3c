"""The chassis, without servers."""
