"""Drafts in memory, as intake keeps them, and a procedure with every kind of question."""

from typing import Any, Final

from services.chassis.errors import Conflict, NotFound, ServiceError
from tests.unit.portal.fakes import FakeServices, catalogue, procedure

DRAFT_ID: Final = "6f1f9b1e-2c62-4c39-9d3a-2a4b6a1f0c11"


def words(text: str) -> dict[str, str]:
    """A bilingual name that reads the same twice."""
    return {"vi": text, "en": text}


TITLES: Final[dict[str, Any]] = {
    "name": "titles",
    "type": "table",
    "label": words("Đầu sách"),
    "required": True,
    "min_rows": 1,
    "max_rows": 3,
    "columns": [
        {"name": "title", "type": "text", "label": words("Tên sách"), "required": True},
        {"name": "pages", "type": "number", "label": words("Số trang"), "required": True, "min": 1},
        {"name": "printed_on", "type": "date", "label": words("Ngày in"), "max": "today"},
        {"name": "sold", "type": "flag", "label": words("Để bán")},
    ],
}
FIELDS: Final[list[dict[str, Any]]] = [
    {"name": "name", "type": "text", "label": words("Tên gọi"), "required": True, "longest": 20},
    {"name": "price", "type": "money", "label": words("Giá"), "required": False},
    {"name": "first_on", "type": "date", "label": words("Ngày đầu"), "min": "2016-01-01"},
    {"name": "abroad", "type": "flag", "label": words("Ở nước ngoài"), "required": True},
    {
        "name": "country",
        "type": "choice",
        "label": words("Nước"),
        "required_if": {"field": "abroad", "equals": True},
        "choices": [{"value": "la", "label": words("Lào")}, {"value": "kh", "label": words("Campuchia")}],
    },
    TITLES,
]
COMPONENT: Final[dict[str, Any]] = {
    "code": "TP01",
    "name": words("Bản khai"),
    "need": "required",
    "original": "original",
    "copies": 1,
    "accepts": ["pdf"],
    "max_bytes": 1_000_000,
}
PAGE: Final = procedure(form=FIELDS, components=[COMPONENT])


class FakeDrafts:
    """Keeps drafts by id and version; `away` is what every call answers instead, once set."""

    def __init__(self) -> None:
        self.kept: dict[str, dict[str, Any]] = {}
        self.away: ServiceError | None = None

    def save(self, draft_id: str, version: int, request_id: str, **content: Any) -> Any:
        """The next version, or who was faster."""
        known = self.kept.get(draft_id)
        if self.away:
            return self.away
        if known and known["request_id"] == request_id:
            is_same = all(known[name] == content[name] for name in ("applicant", "form"))
            return known if is_same else Conflict("intake.request_id_reused", "It was used.", "Đã được dùng.")
        if (known["version"] if known else 0) != version:
            return Conflict("intake.draft_changed", "It was changed.", "Đã được sửa.")
        papers = [{**one, "filename": "a.pdf", "size": 9, "state": "finished"} for one in content["documents"]]
        times = {"saved_at": "2026-11-26T03:00:00+00:00", "expires_at": "2026-12-26T03:00:00+00:00"}
        whole = {**content, **times, "documents": papers, "request_id": request_id}
        self.kept[draft_id] = {**whole, "draft_id": draft_id, "version": version + 1}
        return self.kept[draft_id]

    def get(self, draft_id: str) -> Any:
        """A draft, if there is one."""
        return self.away or self.kept.get(draft_id) or NotFound("intake.unknown_draft", "No.", "Không.")

    def listed(self, **_: Any) -> Any:
        """All of them."""
        return self.away or {"items": list(self.kept.values()), "next": None}


def services(drafts: FakeDrafts, **answers: Any) -> FakeServices:
    """The catalogue with one procedure, and these drafts."""
    named = {f"intake.{name}": answer for name, answer in answers.items()}
    return FakeServices(
        {
            **catalogue(PAGE),
            "intake.save_draft": drafts.save,
            "intake.get_draft": drafts.get,
            "intake.list_drafts": drafts.listed,
            **named,
        }
    )


def form(version: int = 0, /, **changes: str) -> dict[str, str]:
    """What a browser posts; `form__name` stands for `form.name`."""
    typed = {
        "tenant": "mic",
        "procedure": "dk-ten-mien-vn",
        "version": str(version),
        "mark": "",
        "request_id": f"request-{version}",
        "applicant.name": "Nguyễn Thị Mẫu",
        "applicant.email": "nguyen.thi.mau@example.vn",
        "applicant.phone": "0912345678",
        "applicant.address": "Số 1 phố Ví Dụ",
        "form.name": "Sách hay",
        "form.abroad": "false",
        "form.titles.0.title": "Truyện",
        "form.titles.0.pages": "120",
        "do": "next",
    }
    return typed | {name.replace("__", "."): value for name, value in changes.items()}
