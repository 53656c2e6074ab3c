"""How the API reads in OpenAPI what Python says in its own way: patterns, text, the answers of a form, addresses."""

from typing import Any, Final

from flask_smorest import Api
from marshmallow import fields
from marshmallow.validate import OneOf, Regexp
from werkzeug.routing import BaseConverter, UUIDConverter

from services.contracts.fields import INVISIBLE, Text
from services.contracts.typed import DEEPEST, FIELD_NAME, LARGEST_NUMBER, Typed

_END: Final = r"\Z"
_NAMES: Final = {"pattern": f"^{FIELD_NAME}$"}
_ANY: Final = {
    "type": ["string", "number", "boolean", "array", "object", "null"],
    "minimum": -LARGEST_NUMBER,
    "maximum": LARGEST_NUMBER,
}


class KeyInAddress(BaseConverter):
    """The key of a document of the catalogue."""

    regex = "[a-z][a-z0-9-]{0,59}"


class CodeInAddress(BaseConverter):
    """The code of a dossier, the name of an upload."""

    regex = r"[0-9A-Za-z._-]{1,64}"


def describe(api: Api) -> None:
    """Have the description of the API say so. Call it before any call is registered."""
    for converter in (KeyInAddress, CodeInAddress):
        api.register_converter(converter, lambda known: {"type": "string", "pattern": f"^{known.regex}$"})
    api.register_converter(UUIDConverter, lambda _known: {"type": "string", "format": "uuid"})
    for depth in range(1, DEEPEST):
        api.spec.components.schema(_answer(depth), _ANY | _inside(depth))
    api.ma_plugin.converter.add_attribute_function(_text)
    api.ma_plugin.converter.add_attribute_function(_form)


def _text(_self: Any, field: fields.Field[Any], **_: Any) -> dict[str, Any]:
    """The pattern of a text as ECMA 262 writes it."""
    if not isinstance(field, Text) or any(isinstance(one, OneOf) for one in field.validators):
        return {}
    shapes = [str(one.regex.pattern) for one in field.validators if isinstance(one, Regexp)]
    if shapes:
        return {"pattern": f"^{shapes[0].removesuffix(_END)}$"}
    breaks = "" if field.lines else r"\t\n"
    seen, letter = f"[^{INVISIBLE}{breaks}]*", rf"[^{INVISIBLE}\s]"
    return {"pattern": f"^{seen}{letter}{seen}$" if field.shortest else f"^{seen}$"}


def _form(_self: Any, field: fields.Field[Any], **_: Any) -> dict[str, Any]:
    """The names that a form's answers have, and what these are: which of them is a matter of the procedure."""
    return (
        {name: told for name, told in _inside(DEEPEST).items() if name != "items"} if isinstance(field, Typed) else {}
    )


def _answer(depth: int) -> str:
    """What an answer is called that may hold others, `depth` levels with itself."""
    return f"FormAnswer{depth}"


def _inside(depth: int) -> dict[str, Any]:
    if depth == 1:
        return {"maxItems": 0, "maxProperties": 0}
    inner = {"$ref": f"#/components/schemas/{_answer(depth - 1)}"}
    return {"items": inner, "propertyNames": _NAMES, "additionalProperties": inner}
