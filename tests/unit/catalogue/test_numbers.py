"""Vietnamese numbers and names: what is accepted, how it is kept, what is refused under which code."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from marshmallow import ValidationError, fields

from services.contracts.catalogue.applicant import Applicant
from services.contracts.catalogue.numbers import (
    Cccd,
    DomainLabel,
    Email,
    PersonName,
    Phone,
    TaxCode,
    Url,
    Vnd,
    id_number_warnings,
)
from services.contracts.fields import explain

ALL = (Cccd, TaxCode, Phone, Email, PersonName, DomainLabel, Url)
PUBLIC_COMPANIES = (
    "0100109106",
    "0101248141",
    "0100112437",
    "0100684378",
    "0300588569",
    "0102182292",
    "0100686209",
    "0100150619",
)


def code_of(field: fields.Field[Any], value: object) -> str:
    """The code under which the field refuses the value."""
    with pytest.raises(ValidationError) as refused:
        field.deserialize(value)
    (found,) = explain(refused.value.messages)
    assert found["vi"]
    assert found["en"]
    return found["code"]


@pytest.mark.parametrize("number", ["001801000001", "079801000010", "066801000002", "110801000001"])
def test_an_identity_number_of_twelve_digits_is_accepted(number: str) -> None:
    assert Cccd().deserialize(number) == number


@pytest.mark.parametrize("number", ["00180100000", "0018010000011", "00180100000a", "000801000001", "٠٠١٨٠١٠٠٠٠٠١"])
def test_an_impossible_identity_number_is_refused(number: str) -> None:
    assert code_of(Cccd(), number) == "wrong_id_number"


def test_an_unknown_province_is_a_warning_and_no_refusal() -> None:
    assert id_number_warnings("001801000001") == []
    assert [warning["code"] for warning in id_number_warnings("110801000001")] == ["unknown_province"]


@pytest.mark.parametrize("code", ["9900000016", "9900000016-001", "001801000001", *PUBLIC_COMPANIES])
def test_a_tax_code_with_the_right_check_digit_or_a_personal_number_is_accepted(code: str) -> None:
    assert TaxCode().deserialize(code) == code


def test_a_wrong_check_digit_has_its_own_code() -> None:
    assert code_of(TaxCode(), "9900000017") == "wrong_check_digit"
    assert code_of(TaxCode(), "9900000017-001") == "wrong_check_digit"


@pytest.mark.parametrize("code", ["990000001", "9900000016001", "9900000016-000", "9900000016 001", "99000000 16", "x"])
def test_a_tax_code_of_another_shape_is_refused(code: str) -> None:
    assert code_of(TaxCode(), code) == "wrong_tax_code"


@given(st.integers(0, 9_999_999_999))
@settings(max_examples=200, deadline=None, database=None)
def test_the_check_digit_agrees_with_the_published_rule(number: int) -> None:
    code = f"{number:010d}"
    weights = (31, 29, 23, 19, 17, 13, 7, 5, 3)
    check = 10 - sum(weight * int(digit) for weight, digit in zip(weights, code, strict=False)) % 11
    right = code[2:9] != "0000000" and check == int(code[9])
    try:
        assert TaxCode().deserialize(code) == code
    except ValidationError:
        assert not right
    else:
        assert right


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("0912345678", "+84912345678"),
        ("091 234 56 78", "+84912345678"),
        ("+84912345678", "+84912345678"),
        ("02438229999", "+842438229999"),
        ("0352345678", "+84352345678"),
    ],
)
def test_a_phone_number_is_kept_as_e164(written: str, kept: str) -> None:
    assert Phone().deserialize(written) == kept
    assert Phone().deserialize(kept) == kept


@pytest.mark.parametrize(
    "number", ["0123456789", "01234567890", "+14155552671", "18001111", "0912ABCDEF", "0912345678 ext 5", "+", "113"]
)
def test_a_foreign_impossible_or_toll_free_number_is_refused(number: str) -> None:
    assert code_of(Phone(), number) == "wrong_phone"


def test_an_address_at_a_domain_kept_for_tests_is_accepted_and_its_domain_is_lowered() -> None:
    assert Email().deserialize("A.B@Example.VN") == "A.B@example.vn"
    assert Email().deserialize("a@mail.example") == "a@mail.example"
    assert Email().deserialize("a@mail.test") == "a@mail.test"


@pytest.mark.parametrize("address", ["a", "a@b", "a@b..vn", "â@example.vn", "a b@example.vn", "a@[127.0.0.1]"])
def test_an_impossible_address_is_refused(address: str) -> None:
    assert code_of(Email(), address) == "wrong_email"


@pytest.mark.parametrize("name", ["Nguyễn Thị Mẫu", "Y Minh Ê-ban", "K’ Brài", "H'Hen Niê"])
def test_a_person_has_two_words_and_may_have_an_ethnic_name(name: str) -> None:
    assert PersonName().deserialize(name) == name


def test_a_name_is_kept_composed_and_with_single_spaces() -> None:
    assert PersonName().deserialize("  Nguye\u0302\u0303n   Mẫu ") == "Nguyễn Mẫu"


@pytest.mark.parametrize("name", ["Mẫu", "Mẫu 2", "Nguyễn Mẫu!", "-- --", "a@b c"])
def test_what_is_no_name_is_refused(name: str) -> None:
    assert code_of(PersonName(), name) == "wrong_person_name"


def test_a_domain_label_is_lowered_and_an_a_label_is_decoded() -> None:
    assert DomainLabel().deserialize("Cua-Hang-1") == "cua-hang-1"
    assert DomainLabel().deserialize("Tiếng-Việt") == "tiếng-việt"
    assert DomainLabel().deserialize("tiếng-việt".encode("idna").decode()) == "tiếng-việt"


@pytest.mark.parametrize("label", ["-a", "a-", "a--b", "a.b", "a_b", "xn--a", "日本", "a b", "đ--đ", "-đ", "đ-"])
def test_a_label_against_the_rules_of_vn_is_refused(label: str) -> None:
    assert code_of(DomainLabel(), label) == "wrong_domain_label"


def test_a_label_is_at_most_63_octets_on_the_wire() -> None:
    assert DomainLabel().deserialize("a" * 63) == "a" * 63
    assert code_of(DomainLabel(), "a" * 64) == "too_long"
    assert code_of(DomainLabel(), "ế" * 60) == "domain_label_too_long"


@pytest.mark.parametrize(
    "address",
    [
        "example.vn",
        "ftp://example.vn",
        "https://",
        "https://a b.vn",
        "https://x:0@example.vn",
        "https://example.vn:99999",
    ],
)
def test_what_is_no_web_address_is_refused(address: str) -> None:
    assert code_of(Url(), address) == "wrong_url"
    assert Url().deserialize("https://example.vn/a?b=1") == "https://example.vn/a?b=1"


def test_money_is_a_whole_number_of_zero_or_more() -> None:
    assert Vnd().deserialize(0) == 0
    assert code_of(Vnd(), -1) == "too_small"
    assert code_of(Vnd(), 1.5) == "wrong_type"
    assert code_of(Vnd(), True) == "wrong_type"
    assert code_of(Vnd(), "100") == "wrong_type"


@given(st.sampled_from(ALL), st.text(max_size=80) | st.from_regex(r"[\w.@+-]{1,70}", fullmatch=True))
@settings(max_examples=400, deadline=None, database=None)
def test_any_text_is_refused_with_a_code_or_kept_in_a_writing_that_stays(kind: type[Cccd], text: str) -> None:
    try:
        kept = kind().deserialize(text)
    except ValidationError:
        assert code_of(kind(), text) != "invalid"
    else:
        assert kind().deserialize(kept) == kept


def test_a_citizen_has_an_identity_number_and_an_organisation_a_tax_code() -> None:
    person = {
        "kind": "citizen",
        "name": "Nguyễn Thị Mẫu",
        "id_number": "001801000001",
        "email": "mau@example.vn",
        "phone": "0912345678",
        "address": "Hà Nội",
    }
    assert Applicant().load(person)["phone"] == "+84912345678"
    assert codes_of({**person, "kind": "organisation"}) == {
        "id_number": "not_for_this_kind",
        "tax_code": "required",
    }
    assert codes_of({**person, "tax_code": "9900000016"}) == {"tax_code": "not_for_this_kind"}
    assert codes_of({**person, "name": "Mẫu", "phone": "1"}) == {
        "phone": "wrong_phone",
        "name": "wrong_person_name",
    }
    assert codes_of({**person, "kind": "spirit"}) == {"kind": "not_a_choice"}


def codes_of(applicant: dict[str, object]) -> dict[str, str]:
    """The codes under which an applicant is refused, by field."""
    with pytest.raises(ValidationError) as refused:
        Applicant().load(applicant)
    return {found["field"]: found["code"] for found in explain(refused.value.messages)}
