"""Vietnamese first, English complete: which language a page is in, its sentences, and how dates and money read.

Sentences stand in the code in Vietnamese; `translations/en/*.po` have the English ones, read when the process starts.
"""

import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime
from gettext import NullTranslations
from pathlib import Path
from typing import Any, Final

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from babel.support import Translations
from flask import Flask, g, request

from services.chassis.errors import ServiceError
from services.contracts.catalogue.dates import VIETNAM

LANGUAGES: Final = ("vi", "en")
COOKIE: Final = "lang"
_FOLDER = Path(__file__).parent / "translations"


def load(language: str) -> NullTranslations:
    """The sentences of a language, of all its `.po` files; none for Vietnamese."""
    found: Any = NullTranslations()
    for file in sorted((_FOLDER / language).glob("*.po")):
        with file.open("rb") as text:
            catalogue = read_po(text, locale=language)
        compiled = io.BytesIO()
        write_mo(compiled, catalogue)
        compiled.seek(0)
        translations = Translations(compiled)
        found = translations if type(found) is NullTranslations else found.merge(translations)
    return found  # type: ignore[no-any-return]


_SENTENCES: Final = {language: load(language) for language in LANGUAGES}


def current() -> str:
    """The language of this page: what the address asks for, else what was chosen before, else Vietnamese."""
    asked = request.args.get("lang") or request.cookies.get(COOKIE)
    return asked if asked in LANGUAGES else LANGUAGES[0]


def say(sentence: str, **values: Any) -> str:
    """A sentence in the language of the page; `%(name)s` stands for a value."""
    said = _SENTENCES[g.language].gettext(sentence)
    return said % values if values else said


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Meanwhile everything is said in this language, whatever the page is in."""
    of_page, g.language = g.language, language
    try:
        yield
    finally:
        g.language = of_page


def ngettext(one: str, many: str, num: int) -> str:
    """A sentence about one or many; `%(num)s` stands for how many."""
    return _SENTENCES[g.language].ngettext(one, many, num) % {"num": num}


def sentence(text: str) -> str:
    """A sentence that is said later: it stands in a table, and the translators' tools find it by this name."""
    return text


def in_both(sentence: str) -> dict[str, str]:
    """A sentence in every language, as the catalogue has its names."""
    return {language: _SENTENCES[language].gettext(sentence) for language in LANGUAGES}


def words(text: Mapping[str, str] | ServiceError | str | None) -> str:
    """A bilingual name, from the catalogue or an error, in the language of the page."""
    if text is None or isinstance(text, str):
        return text or ""
    if isinstance(text, ServiceError):
        return text.en if g.language == "en" else text.vi
    return text.get(g.language) or text.get("vi") or ""


def local(moment: str | datetime | None) -> datetime | None:
    """An instant as Vietnam's clocks show it. Takes ISO 8601 with an offset, as services answer."""
    if not moment:
        return None
    at = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(VIETNAM)


def day(value: str | date | datetime | None) -> str:
    """A day as it is written in Vietnam, 31/12/2026; of an instant the day it has there."""
    if not value:
        return ""
    if isinstance(value, str) and len(value) == len("2026-12-31"):
        return date.fromisoformat(value).strftime("%d/%m/%Y")
    at = value if type(value) is date else local(value)  # type: ignore[arg-type]
    return at.strftime("%d/%m/%Y") if at else ""


def moment(value: str | datetime | None) -> str:
    """A moment: 14 giờ 05, 31/12/2026."""
    at = local(value)
    if at is None:
        return ""
    return at.strftime("%H giờ %M, %d/%m/%Y" if g.language == "vi" else "%H:%M, %d/%m/%Y")


def time_of_day(value: datetime) -> str:
    """The time of an instant: 14 giờ 05."""
    return value.astimezone(VIETNAM).strftime("%H giờ %M" if g.language == "vi" else "%H:%M")


def vnd(amount: float | None) -> str:
    """Money: 550.000 đ, which no line breaks in two."""
    return "" if amount is None else f"{format_decimal(amount, locale='vi')}\u00a0đ"


def number(value: float | None) -> str:
    """A number with the thousands marked the way the language does."""
    return "" if value is None else format_decimal(value, locale=g.language)


def speak(app: Flask) -> None:
    """Have every page know its language; a choice made in an address is kept."""

    @app.before_request
    def _choose() -> None:
        g.language = current()

    @app.after_request
    def _keep(response: Any) -> Any:
        asked = request.args.get("lang")
        if asked in LANGUAGES and asked != request.cookies.get(COOKIE):
            secure = app.config["SESSION_COOKIE_SECURE"]
            response.set_cookie(COOKIE, asked, max_age=31_536_000, samesite="Lax", secure=secure, path="/")
        return response

    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        lambda sentence: say(sentence),
        lambda one, many, count: _SENTENCES[g.language].ngettext(one, many, count),
        newstyle=True,
    )
    app.jinja_env.filters.update(words=words, day=day, moment=moment, vnd=vnd, number=number)
    app.jinja_env.globals.update(LANGUAGES=LANGUAGES)
