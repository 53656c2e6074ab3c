"""The doors: create a case, note uploads."""

import hashlib
import json
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Final

from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from rest_framework import status
from rest_framework.exceptions import APIException, PermissionDenied, ValidationError
from rest_framework.response import Response
from rest_framework.views import APIView

from tests.bench.django.models import Case, Event, Paper, Request, Upload
from tests.bench.django.serializers import SubmitSerializer, UploadSerializer

AGENCY: Final = "000.00.03.G14"
UNIT: Final = "cuc-xb-in-ph"
_VERSION: Final = "2016-01-01"
_FRIDAY: Final = 4


class Conflict(APIException):
    """Somebody else has that already."""

    status_code = status.HTTP_409_CONFLICT
    default_detail = "An upload was named already, or the request id was used for something else."


class Submit(APIView):
    """`POST /intake/submit`."""

    def post(self, request: Any) -> Response:
        """Create a case, once for each request id."""
        serializer = SubmitSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        asked = serializer.validated_data
        if request.user.owner != f"{asked['applicant']['kind']}:{asked['applicant']['tax_code']}":
            raise PermissionDenied
        digest = hashlib.sha256(json.dumps(request.data, sort_keys=True).encode()).hexdigest()
        at = timezone.now()
        try:
            return Response(create(request.user, asked, digest, at, sequence_of(f"{timezone.localtime(at):%y%m%d}")))
        except (IntegrityError, ValidationError) as error:  # perhaps because it was done before
            return Response(answered(asked["request_id"], digest, error))


class Uploads(APIView):
    """`POST /uploads`."""

    def post(self, request: Any) -> Response:
        """Note that these files are here."""
        serializer = UploadSerializer(data=request.data, many=True)
        serializer.is_valid(raise_exception=True)
        noted = Upload.objects.bulk_create(Upload(owner=request.user.owner, **one) for one in serializer.validated_data)
        return Response(UploadSerializer(noted, many=True).data, status=status.HTTP_201_CREATED)


class Health(APIView):
    """`GET /health`."""

    authentication_classes: list[Any] = []
    permission_classes: list[Any] = []

    def get(self, _request: Any) -> Response:
        """Whether the database answers."""
        return Response({"cases": Case.objects.count()})


@transaction.atomic
def create(actor: Any, asked: dict[str, Any], digest: str, at: datetime, sequence: str) -> dict[str, Any]:
    """Everything in one transaction. Raises ValidationError; IntegrityError when a part of it is there already."""
    uploads = owned(asked["documents"], actor.owner)
    code = next_code(at, sequence)
    answer = {"dossier_code": code, "status": "submitted", "submitted_at": at.isoformat()}
    Request.objects.create(id=asked["request_id"], digest=digest, answer=answer, at=at)
    case = Case.objects.create(
        code=code,
        tenant=asked["tenant"],
        procedure=asked["procedure"],
        procedure_version=_VERSION,
        unit=UNIT,
        level=3,
        status="submitted",
        channel=asked["channel"],
        applicant_kind=asked["applicant"]["kind"],
        owner=actor.owner,
        applicant=asked["applicant"],
        form=asked["form"],
        submitted_at=at,
        answer_due_at=next_working_day(at),
    )
    Paper.objects.bulk_create(
        Paper(case=case, component=one["component"], upload=uploads[one["upload_id"]]) for one in asked["documents"]
    )
    Upload.objects.filter(id__in=list(uploads)).update(case=case)
    said = {**answer, "unit": UNIT, "components": [one["component"] for one in asked["documents"]]}
    Event.objects.create(case=case, sequence=1, type="submitted", at=at, by={"kind": actor.kind}, data=said)
    return answer


def owned(documents: list[dict[str, str]], owner: str) -> dict[str, Upload]:
    """The uploads that the documents name. Raises ValidationError."""
    wanted = [one["upload_id"] for one in documents]
    found = {one.id: one for one in Upload.objects.filter(id__in=wanted, owner=owner, case=None)}
    if len(found) < len(wanted):
        raise ValidationError({"documents": "there is no such upload, or it was named already"})
    return found


def answered(request_id: str, digest: str, error: Exception) -> dict[str, Any]:
    """The answer of the first time. Raises Conflict, or what speaks against a first time."""
    earlier = Request.objects.filter(id=request_id).first()
    if earlier is None and isinstance(error, ValidationError):
        raise error
    if earlier is None or earlier.digest != digest:
        raise Conflict
    answer: dict[str, Any] = earlier.answer
    return answer


def next_code(at: datetime, sequence: str) -> str:
    """The next code of the unit and the day; a number may be lost, none is given twice."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(%s)", [sequence])
        return f"{AGENCY}-{timezone.localtime(at):%y%m%d}-{cursor.fetchone()[0]:04d}"


@cache
def sequence_of(day: str) -> str:
    """The sequence of a day, made by whoever comes first; outside the transaction that takes a number of it."""
    name = f"codes_{day}"
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(1)")  # two that make it at once would not both find it there
        cursor.execute(f"CREATE SEQUENCE IF NOT EXISTS {name}")
    return name


def next_working_day(at: datetime) -> datetime:
    """Eight office hours later."""
    local = timezone.localtime(at)
    days = 1 if local.weekday() < _FRIDAY else 7 - local.weekday()
    return (local + timedelta(days=days)).astimezone(UTC)
