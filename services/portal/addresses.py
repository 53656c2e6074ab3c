"""The address of the page that is asked for, as links of that page need it."""

from typing import Any, Final
from urllib.parse import quote, urlencode

from flask import request, url_for

BY_ITSELF: Final = "tu-tai"  # in an address: a page asks again by itself, and that is no visit
_READING: Final = frozenset({"GET", "HEAD"})


def address(**changes: Any) -> str:
    """That address with something of it changed. It does not say `BY_ITSELF`: who follows it does so himself."""
    left_out = {*changes, BY_ITSELF}
    asked = [(name, value) for name, value in request.args.items(multi=True) if name not in left_out]
    query = urlencode([*asked, *changes.items()])
    return f"{quote(request.path)}?{query}" if query else quote(request.path)


def same_page(**changes: Any) -> str:
    """The same, where a page stands at that address; else the first page."""
    is_page = request.endpoint is not None and request.method in _READING
    return address(**changes) if is_page else url_for("home.show", **changes)
