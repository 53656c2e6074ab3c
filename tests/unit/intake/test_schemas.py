"""The shape of requests."""

from typing import Any

import pytest
from marshmallow import Schema, ValidationError

from services.contracts.fields import explain
from services.intake import schemas

UPLOAD = {"filename": "a.pdf", "content_type": "application/pdf", "size": 1, "sha256": "0" * 64, "request_id": "1"}


def faults(schema: type[Schema], content: Any) -> list[tuple[str, str]]:
    """Fields and codes of what is wrong."""
    try:
        schema().load(content)
    except ValidationError as error:
        return [(one["field"], one["code"]) for one in explain(error.messages)]
    return []


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, []),
        ({"filename": "../a.pdf"}, [("filename", "wrong_filename")]),
        ({"filename": "..\\a.pdf"}, [("filename", "wrong_filename")]),
        ({"filename": ".pdf"}, [("filename", "wrong_filename")]),
        ({"filename": "a\x00.pdf"}, [("filename", "control_characters")]),
        ({"filename": "a\r\n.pdf"}, [("filename", "control_characters")]),
        ({"filename": "a.png"}, [("filename", "extension_disagrees")]),
        ({"filename": "x" * 300 + ".pdf"}, [("filename", "too_long")]),
        ({"content_type": "text/html"}, [("content_type", "not_a_choice")]),
        ({"size": 0}, [("size", "too_small")]),
        ({"size": "1"}, [("size", "wrong_type")]),
        ({"sha256": "z" * 64}, [("sha256", "wrong_format")]),
        ({"zz": 1}, [("zz", "unknown_field")]),
        ({"request_id": {"$ne": None}}, [("request_id", "wrong_type")]),
    ],
)
def test_an_upload_is_declared_exactly(change: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    assert faults(schemas.OpenUpload, {**UPLOAD, **change}) == expected


def test_a_submission_names_every_fault_at_once() -> None:
    given = {
        "tenant": {"$ne": None},
        "applicant": {"kind": "citizen", "name": "Một", "id_number": "12", "tax_code": "9900000016"},
        "form": [],
        "documents": [{"component": "TP01"}],
        "channel": "pigeon",
    }
    assert set(faults(schemas.Submit, given)) >= {
        ("tenant", "wrong_type"),
        ("procedure", "required"),
        ("applicant.id_number", "wrong_id_number"),
        ("applicant.tax_code", "not_for_this_kind"),
        ("applicant.email", "required"),
        ("form", "wrong_type"),
        ("documents.0.upload_id", "required"),
        ("channel", "not_a_choice"),
        ("request_id", "required"),
    }


def test_a_page_has_one_to_two_hundred_lines() -> None:
    assert faults(schemas.ListDossiers, {"limit": 200}) == []
    assert faults(schemas.ListDossiers, {"limit": 201}) == [("limit", "too_large")]
    assert faults(schemas.ListDossiers, {"limit": 0, "status": "gone"}) == [
        ("limit", "too_small"),
        ("status", "not_a_choice"),
    ]


def test_changed_answers_may_be_left_out_of_a_supplement() -> None:
    loaded = schemas.Supplement().load({"dossier_code": "x", "request_id": "1"})
    assert (loaded["form"], loaded["documents"]) == ({}, [])
