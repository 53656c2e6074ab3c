"""Who has signed in: a citizen, an enterprise, an officer of a unit, or an operator."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from services.chassis.actor import Actor
from services.chassis.errors import Denied
from services.contracts.words import APPLICANT_KINDS, DUTIES

# Citizens and enterprises carry the claims of the national sign-on (VNConnect), staff those of a staff directory.
_ENTERPRISE: Final = "2"
_STAFF_KINDS: Final = ("officer", "operator")


@dataclass(frozen=True, slots=True)
class Person:
    """`id` is an identity number, a tax code or a staff id, as in `Actor`; the rest is shown, and fills in forms."""

    kind: str
    id: str
    name: str
    unit: str | None = None
    tenant: str | None = None
    email: str | None = None
    phone: str | None = None
    address: str | None = None
    duties: str = ""

    @property
    def actor(self) -> Actor:
        """Who acts, as services know it."""
        return Actor(self.kind, self.id, self.unit, self.duties)

    @property
    def is_applicant(self) -> bool:
        """Whether this is somebody who submits dossiers."""
        return self.kind in APPLICANT_KINDS

    def kept(self) -> dict[str, Any]:
        """What a session keeps."""
        return asdict(self)


def read_person(claims: Mapping[str, Any]) -> Person:
    """The person that an identity token names. Raises Denied for one who is nobody here."""
    if claims.get("motcua_kind") in _STAFF_KINDS:
        found = _staff(claims)
    elif str(claims.get("LoaiTaiKhoan")) == _ENTERPRISE:
        found = _person(claims, "organisation", "MaSoThue", "TenDoanhNghiep")
    else:
        found = _person(claims, "citizen", "SoDinhDanh", "HoVaTen")
    if not found.id or (found.kind == "officer" and not found.unit):
        raise Denied(
            "portal.unknown_account",
            "This account carries no number that the portal knows people by.",
            "Tài khoản này không có số định danh để sử dụng cổng.",
        )
    return found


def recall(kept: Mapping[str, Any] | None) -> Person | None:
    """The person that a session keeps."""
    return Person(**kept) if kept else None


def _person(claims: Mapping[str, Any], kind: str, number: str, name: str) -> Person:
    texts = {key: str(claims[claim]) for key, claim in _DETAILS.items() if claims.get(claim)}
    return Person(kind, _text(claims, number), _text(claims, name), **texts)


_DETAILS: Final = {"email": "ThuDienTu", "phone": "SoDienThoai", "address": "DiaChi"}


def _staff(claims: Mapping[str, Any]) -> Person:
    kind = _text(claims, "motcua_kind")
    return Person(
        kind,
        _text(claims, "motcua_staff_id"),
        _text(claims, "name"),
        unit=_text(claims, "motcua_unit") or None,
        tenant=_text(claims, "motcua_tenant") or None,
        email=_text(claims, "email") or None,
        duties=_duties(claims) if kind == "officer" else "",
    )


def _duties(claims: Mapping[str, Any]) -> str:
    """Those that are known here, of a list or of words with blanks between them, as directories have it."""
    stated = claims.get("motcua_duties")
    told = stated.split() if isinstance(stated, str) else stated if isinstance(stated, list) else ()
    return " ".join(duty for duty in DUTIES if duty in told)


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    return value.strip() if isinstance(value, str) else ""
