"""Vietnamese numbers and names as strict fields: identity, tax code, phone, e-mail, money, person, domain label."""

import re
import unicodedata
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from marshmallow import ValidationError
from stdnum.exceptions import InvalidChecksum
from stdnum.exceptions import ValidationError as NumberError
from stdnum.vn import mst

from services.contracts.fields import Text, Whole, say

_PROVINCE_LIST = (
    "001 002 004 006 008 010 011 012 014 015 017 019 020 022 024 025 026 027 030 031 033 034 035 036 037 038 "
    "040 042 044 045 046 048 049 051 052 054 056 058 060 062 064 066 067 068 070 072 074 075 077 079 080 082 "
    "083 084 086 087 089 091 092 093 094 095 096"
)
_PROVINCES = frozenset(_PROVINCE_LIST.split())
_PHONE_KINDS = frozenset(
    (
        phonenumbers.PhoneNumberType.MOBILE,
        phonenumbers.PhoneNumberType.FIXED_LINE,
        phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE,
    )
)
_WRONG_ID = say(
    "wrong_id_number",
    "Số căn cước phải có 12 chữ số, ba số đầu khác 000.",
    "An identity number has 12 digits and does not begin with 000.",
)
_WRONG_TAX_SHAPE = say(
    "wrong_tax_code",
    "Mã số thuế có 10 chữ số, thêm -001 đến -999 cho đơn vị phụ thuộc, hoặc là 12 số định danh cá nhân.",
    "A tax code has 10 digits, with -001 to -999 for a branch, or is a 12-digit personal number.",
)
_WRONG_CHECK_DIGIT = say(
    "wrong_check_digit", "Mã số thuế sai số kiểm tra.", "The check digit of the tax code is wrong."
)
_WRONG_PHONE = say(
    "wrong_phone",
    "Phải là số di động hoặc cố định tại Việt Nam, ví dụ 0912345678.",
    "Must be a Vietnamese mobile or landline number, such as 0912345678.",
)
_WRONG_EMAIL = say("wrong_email", "Địa chỉ thư điện tử không hợp lệ.", "Not a valid e-mail address.")
_WRONG_PERSON = say(
    "wrong_person_name",
    "Họ và tên gồm ít nhất hai từ, chỉ có chữ cái, dấu nháy và gạch nối.",
    "A person's name has at least two words of letters, apostrophes and hyphens.",
)
_WRONG_LABEL = say(
    "wrong_domain_label",
    "Nhãn tên miền chỉ gồm chữ cái, chữ số và gạch nối ở giữa, không có hai gạch nối liền nhau.",
    "A domain label has letters, digits and single inner hyphens only.",
)
_LONG_LABEL = say(
    "domain_label_too_long",
    "Nhãn tên miền dài quá 63 byte.",
    "The domain label is longer than 63 octets.",
)
_WRONG_URL = say(
    "wrong_url",
    "Phải là địa chỉ web bắt đầu bằng http:// hoặc https://.",
    "Must be a web address that begins with http:// or https://.",
)
_DASH = re.compile(r"\s*[-\u2010-\u2015\u2212]\s*")  # whatever a telephone or a word processor makes of a hyphen
_WORD = r"[^\W\d_]+(?:['’\-][^\W\d_]*)*"
_PERSON = re.compile(rf"{_WORD}(?: {_WORD})+")
_ASCII_LABEL = re.compile(r"(?!-)(?!.*--)[a-z0-9-]+(?<!-)", re.ASCII)
_A_LABEL = re.compile(r"xn--[a-z0-9]+(?:-[a-z0-9]+)*", re.ASCII)
_VIETNAMESE = frozenset(
    "aàảãáạăằẳẵắặâầẩẫấậbcdđeèẻẽéẹêềểễếệfghiìỉĩíịjklmnoòỏõóọôồổỗốộơờởỡớợpqrstuùủũúụưừửữứựvwxyỳỷỹýỵz0123456789-"
)


class _Checked(Text):
    """Text that passes one named check and is kept in its canonical writing."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        text: str = super()._deserialize(value, attr, data, **kwargs)
        if not 1 <= len(text) <= self.longest:
            return text  # the length validators of Text say so, and nothing long reaches a parser
        return self.canonical(text)

    longest = 100

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(longest=self.longest, **kwargs)

    def canonical(self, text: str) -> str:
        """The one way to write `text`, or a ValidationError."""
        raise NotImplementedError


class Cccd(_Checked):
    """Identity number (số định danh, 12 digits); an unknown province is a warning only, see `id_number_warnings`."""

    longest = 20

    def canonical(self, text: str) -> str:
        """Twelve digits whose first three can have been given."""
        if not re.fullmatch(r"(?!000)\d{12}", text, re.ASCII):
            raise ValidationError(_WRONG_ID)
        return text


class TaxCode(_Checked):
    """Tax code (MST): 10 digits with a check digit, `-NNN` for a branch, or since 01/07/2025 a personal number."""

    longest = 20

    def canonical(self, text: str) -> str:
        """The code as printed on papers: branches with a hyphen."""
        if re.fullmatch(r"(?!000)\d{12}", text, re.ASCII):
            return text
        if not re.fullmatch(r"\d{10}(?:-\d{3})?", text, re.ASCII):
            raise ValidationError(_WRONG_TAX_SHAPE)
        try:
            mst.validate(text)
        except InvalidChecksum:
            raise ValidationError(_WRONG_CHECK_DIGIT) from None
        except NumberError:
            raise ValidationError(_WRONG_TAX_SHAPE) from None
        return text


class Phone(_Checked):
    """A Vietnamese mobile or landline number, kept as E.164 (`+84…`)."""

    longest = 24

    def canonical(self, text: str) -> str:
        """E.164; foreign, toll-free and impossible numbers are refused."""
        if not re.fullmatch(r"\+?[0-9 ().-]+", text, re.ASCII):  # phonenumbers would read letters as keys
            raise ValidationError(_WRONG_PHONE)
        try:
            number = phonenumbers.parse(text, "VN")
        except phonenumbers.NumberParseException:
            raise ValidationError(_WRONG_PHONE) from None
        here = number.country_code == 84 and number.extension is None
        if not here or phonenumbers.number_type(number) not in _PHONE_KINDS:  # what is not valid has no kind
            raise ValidationError(_WRONG_PHONE)
        return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


class Email(_Checked):
    """An e-mail address; no look-up in the DNS, and the domains reserved for tests are good."""

    longest = 254

    def canonical(self, text: str) -> str:
        """The address with its domain in lower case."""
        try:
            found = validate_email(text, check_deliverability=False, test_environment=True, allow_smtputf8=False)
        except EmailNotValidError:
            raise ValidationError(_WRONG_EMAIL) from None
        return found.normalized


class PersonName(_Checked):
    """Family name, middle names and given name: two words or more, ethnic names with ' and - included."""

    longest = 120

    def canonical(self, text: str) -> str:
        """Single spaces between the words."""
        name = re.sub(r" +", " ", text)
        if not _PERSON.fullmatch(name):
            raise ValidationError(_WRONG_PERSON)
        return name


class DomainLabel(_Checked):
    """The part of a .vn name before the suffix, in ASCII or Vietnamese letters (TT 24/2015/TT-BTTTT)."""

    longest = 63

    def canonical(self, text: str) -> str:
        """Lower case, NFC."""
        label = text.lower()
        if _A_LABEL.fullmatch(label):
            label = _decoded(label)
        if label.isascii():
            if not _ASCII_LABEL.fullmatch(label):
                raise ValidationError(_WRONG_LABEL)
            return label
        return _vietnamese(label)


class Url(_Checked):
    """A web address, http or https, with a host name."""

    longest = 500

    def canonical(self, text: str) -> str:
        """The address as it was written."""
        try:
            parts = urlsplit(text)
            host, port = parts.hostname, parts.port  # a wrong port raises here
        except ValueError:
            raise ValidationError(_WRONG_URL) from None
        strange = re.search(r"[\s<>\"\\]", text) or parts.username is not None or port == 0
        if parts.scheme not in ("http", "https") or not host or "." not in host or strange:
            raise ValidationError(_WRONG_URL)
        return text


class Vnd(Whole):
    """An amount of money: whole đồng, zero or more."""

    def __init__(self, *, low: int = 0, high: int | None = 10**15, **kwargs: Any) -> None:
        super().__init__(low=low, high=high, **kwargs)


def plain_number(typed: str) -> str:
    """An identity number or tax code as it is kept, however it was typed: no spaces or dots, a branch with a hyphen."""
    digits = re.sub(r"[\s.-]", "", typed)
    return f"{digits[:10]}-{digits[10:]}" if re.fullmatch(r"\d{13}", digits, re.ASCII) else digits


def plain_code(typed: str) -> str:
    """A dossier code, or some of it, as codes are given out: in capitals, of plain letters and digits, with hyphens."""
    return _DASH.sub("-", unicodedata.normalize("NFKC", typed)).strip().upper()


def id_number_warnings(number: str) -> list[dict[str, str]]:
    """What an officer should look at twice in an identity number that has the right shape (TT 07/2016/TT-BCA)."""
    if number[:3] in _PROVINCES:
        return []
    vi = "Ba số đầu không phải mã tỉnh; có thể là mã quốc gia nơi sinh."
    en = "The first three digits are no province code; they may be a country of birth."
    return [{"field": "id_number", "code": "unknown_province", "vi": vi, "en": en}]


def _decoded(label: str) -> str:
    try:
        text = label.encode("ascii").decode("idna")
        again = text.encode("idna").decode("ascii")
    except UnicodeError:
        raise ValidationError(_WRONG_LABEL) from None
    if again != label or text.isascii():
        raise ValidationError(_WRONG_LABEL)
    return text


def _vietnamese(label: str) -> str:
    if not set(label) <= _VIETNAMESE or label.startswith("-") or label.endswith("-") or "--" in label:
        raise ValidationError(_WRONG_LABEL)
    try:
        label.encode("idna")  # refuses what is longer than 63 octets on the wire
    except UnicodeError:
        raise ValidationError(_LONG_LABEL) from None
    return label
