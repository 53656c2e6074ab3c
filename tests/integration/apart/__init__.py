"""An installation of their own, which no other test harms or is harmed by."""
