"""Routing: the case of a dossier at its unit, the officers' queue and actions, and the legal clocks."""
