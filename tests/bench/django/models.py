"""Cases, their papers and history, and the requests that were answered."""

import secrets

from django.db import models


def _id() -> str:
    return secrets.token_hex(16)


class Case(models.Model):
    """One dossier."""

    code = models.CharField(max_length=40, primary_key=True)
    tenant = models.CharField(max_length=60)
    procedure = models.CharField(max_length=60)
    procedure_version = models.DateField()
    unit = models.CharField(max_length=60)
    level = models.SmallIntegerField()
    status = models.CharField(max_length=30)
    channel = models.CharField(max_length=10)
    applicant_kind = models.CharField(max_length=20)
    owner = models.CharField(max_length=60)
    applicant = models.JSONField()
    form = models.JSONField()
    submitted_at = models.DateTimeField()
    answer_due_at = models.DateTimeField()

    class Meta:
        """The lists that intake offers, the newest first."""

        indexes = [
            models.Index(fields=[*first, "-submitted_at", "-code"], name=f"case_by_{'_'.join(first)}")
            for first in (["owner"], ["unit", "status"], ["tenant", "status"], ["procedure"], ["status"])
        ]


class Upload(models.Model):
    """A file that came in."""

    id = models.CharField(max_length=32, primary_key=True, default=_id)
    owner = models.CharField(max_length=60, db_index=True)
    filename = models.CharField(max_length=200)
    content_type = models.CharField(max_length=100)
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    case = models.ForeignKey(Case, models.PROTECT, null=True, related_name="uploads")


class Paper(models.Model):
    """A document of a case; an upload is named once."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="papers")
    component = models.CharField(max_length=20)
    upload = models.OneToOneField(Upload, models.PROTECT)


class Event(models.Model):
    """One line of the history of a case."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="history", db_index=False)
    sequence = models.PositiveIntegerField()
    type = models.CharField(max_length=40)
    at = models.DateTimeField()
    by = models.JSONField()
    data = models.JSONField()

    class Meta:
        """No gap is filled twice."""

        constraints = [models.UniqueConstraint(fields=["case", "sequence"], name="event_once")]


class Request(models.Model):
    """A request that was answered, by its id."""

    id = models.CharField(max_length=60, primary_key=True)
    digest = models.CharField(max_length=64)
    answer = models.JSONField()
    at = models.DateTimeField()
