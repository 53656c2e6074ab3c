"""The language of the catalogue: what a procedure may ask, cost and last, read from data and never from code."""
