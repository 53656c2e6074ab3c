"""Addresses."""

from django.urls import path

from tests.bench.django.views import Health, Submit, Uploads

urlpatterns = [
    path("intake/submit", Submit.as_view()),
    path("uploads", Uploads.as_view()),
    path("health", Health.as_view()),
]
