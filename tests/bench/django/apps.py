"""The one application."""

from django.apps import AppConfig


class Cases(AppConfig):
    """Cases and their papers."""

    name = "tests.bench.django"
    label = "cases"
