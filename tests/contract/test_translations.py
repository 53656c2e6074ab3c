"""English complete: every sentence of the portal has its English, with the same values in it, and none is left over."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po

from services.portal import language

PORTAL: Final = Path(str(language.__file__)).parent
KEYWORDS: Final = {"_": None, "gettext": None, "say": None, "sentence": None, "ngettext": (1, 2)}
VALUE: Final = re.compile(r"%\((\w+)\)s")


def used() -> dict[str, str]:
    """Every sentence in code and templates, and where it stands."""
    found: dict[str, str] = {}
    for file in sorted(PORTAL.rglob("*")):
        method = {".py": "python", ".html": "jinja2.ext:babel_extract"}.get(file.suffix)
        if method is None:
            continue
        for line, said, _, _ in extract_from_file(method, str(file), keywords=KEYWORDS):
            found.setdefault(said if isinstance(said, str) else said[0], f"{file.relative_to(PORTAL)}:{line}")
    return found


def translated() -> Iterator[tuple[str, list[str]]]:
    """Every sentence in the catalogues with its English ones."""
    for file in sorted((PORTAL / "translations" / "en").glob("*.po")):
        with file.open("rb") as text:
            catalogue = read_po(text, locale="en")
        for message in catalogue:
            if message.id and not message.fuzzy:
                one: Any = message.id if isinstance(message.id, str) else message.id[0]
                english: Any = message.string
                yield one, [english] if isinstance(english, str) else list(english)


def test_every_sentence_has_its_english() -> None:
    known = {sentence for sentence, english in translated() if all(english)}
    missing = {sentence: place for sentence, place in used().items() if sentence not in known}
    assert not missing


def test_no_translation_is_left_over() -> None:
    assert {sentence for sentence, _ in translated()} <= used().keys()


def test_no_sentence_is_translated_in_two_ways() -> None:
    ways: dict[str, set[tuple[str, ...]]] = {}
    for sentence, english in translated():
        ways.setdefault(sentence, set()).add(tuple(english))
    assert not {sentence: kinds for sentence, kinds in ways.items() if len(kinds) > 1}


@pytest.mark.parametrize(("sentence", "english"), list(translated()))
def test_both_languages_hold_the_same_values(sentence: str, english: list[str]) -> None:
    assert all(set(VALUE.findall(one)) == set(VALUE.findall(sentence)) for one in english)


def test_a_plural_is_told_from_a_single() -> None:
    english: Any = language.load("en")
    assert english.ngettext("%(num)s thủ tục", "%(num)s thủ tục", 1) == "%(num)s procedure"
    assert english.ngettext("%(num)s thủ tục", "%(num)s thủ tục", 2) == "%(num)s procedures"
