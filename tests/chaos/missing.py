"""What may not be here."""


class NotHere(Exception):
    """What a scenario needs is not on this machine; says what."""
