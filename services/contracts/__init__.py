"""What is said between services: the envelope, the events of each publisher, the language of the catalogue."""
