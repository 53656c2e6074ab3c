"""What may be submitted: the applicant, the answers of the form, the papers."""

from typing import Any, Final

from rest_framework import serializers

_STEPS: Final = (31, 29, 23, 19, 17, 13, 7, 5, 3)  # of the check digit of a tax code


class ApplicantSerializer(serializers.Serializer):
    """An organisation; the procedure is for no others."""

    kind = serializers.ChoiceField(["organisation"])
    name = serializers.CharField(max_length=200)
    tax_code = serializers.RegexField(r"\A[0-9]{10}\Z")
    email = serializers.EmailField()
    phone = serializers.RegexField(r"\A(\+84|0)[0-9]{9,10}\Z")
    address = serializers.CharField(max_length=300)

    def validate_tax_code(self, value: str) -> str:
        """The check digit is right."""
        total = sum(step * int(digit) for step, digit in zip(_STEPS, value, strict=False))
        if str(10 - total % 11) != value[-1]:
            raise serializers.ValidationError("the check digit is wrong")
        return value


class TitleSerializer(serializers.Serializer):
    """One title to be registered."""

    title = serializers.CharField(max_length=500)
    author = serializers.CharField(max_length=200)
    translated = serializers.BooleanField()
    translator = serializers.CharField(max_length=200, required=False)
    language = serializers.CharField(max_length=60)
    genre = serializers.ChoiceField(["literature", "textbook", "science", "politics", "children", "other"])
    pages = serializers.IntegerField(min_value=1, max_value=20_000)
    format = serializers.CharField(max_length=30)
    print_run = serializers.IntegerField(min_value=1, max_value=10_000_000)
    release_mode = serializers.ChoiceField(["print", "electronic", "both"])

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """A translation has a translator."""
        if attrs["translated"] and not attrs.get("translator"):
            raise serializers.ValidationError({"translator": "is required"})
        return attrs


class PublicationSerializer(serializers.Serializer):
    """The form of `xn-dk-xuat-ban`."""

    publisher = serializers.CharField(max_length=500)
    titles = TitleSerializer(many=True, allow_empty=False, max_length=300)


class PaperSerializer(serializers.Serializer):
    """A document."""

    component = serializers.ChoiceField(["TP01"])
    upload_id = serializers.RegexField(r"\A[0-9a-f]{32}\Z")


class SubmitSerializer(serializers.Serializer):
    """A whole submission."""

    tenant = serializers.ChoiceField(["mic"])
    procedure = serializers.ChoiceField(["xn-dk-xuat-ban"])
    applicant = ApplicantSerializer()
    form = PublicationSerializer()
    documents = PaperSerializer(many=True, max_length=100)
    channel = serializers.ChoiceField(["online", "direct", "post"], default="online")
    request_id = serializers.CharField(max_length=60)

    def validate_documents(self, value: list[dict[str, str]]) -> list[dict[str, str]]:
        """What must be there is there, and nothing twice."""
        if "TP01" not in {one["component"] for one in value}:
            raise serializers.ValidationError("TP01 is missing")
        if len({one["upload_id"] for one in value}) < len(value):
            raise serializers.ValidationError("an upload is named twice")
        return value


class UploadSerializer(serializers.Serializer):
    """What an upload is."""

    id = serializers.CharField(read_only=True)
    filename = serializers.CharField(max_length=200)
    content_type = serializers.ChoiceField(["application/pdf"])
    size = serializers.IntegerField(min_value=1, max_value=50_000_000)
    sha256 = serializers.RegexField(r"\A[0-9a-f]{64}\Z")
