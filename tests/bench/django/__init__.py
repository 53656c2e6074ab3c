"""The peer: an HTTP create in Django REST framework with PostgreSQL, the stack of case-management systems (Open Zaak).

It takes the very requests that intake's HTTP door takes, and keeps the same promises about them: the form checked field
by field, papers that belong to the applicant and are used once, a unique dossier code of the unit and the day, one line
of history, the same answer to the same `request_id`, all in one transaction that is on the disk (`synchronous_commit`)
before the answer goes out; and the same lists go by index. What intake does besides it does not: it publishes no event,
and looks up nothing in a catalogue (its forms are serializers, written by hand).

It is tuned as its makers advise: gunicorn with threads, connections that stay open, statements prepared by the server,
codes from a sequence (no row that all wait for), no middleware, no templates, no sessions, JSON alone. The number of
workers and threads is tried out, and the best is measured. Nothing in here is made worse than it could be.

These modules run in a Python environment of their own, from requirements-django.lock.
"""
