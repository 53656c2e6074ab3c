"""The chassis on real servers, driven by a service that exists for that only."""
