"""Text as searches compare it: without marks, with either tone placement (hòa, hoà), in capitals, it is the same."""

import re
import unicodedata
from typing import Final

_WORD: Final = re.compile(r"[^\W_]+")


def fold(text: str) -> str:
    """Lower case, no marks, single spaces; `đ` is no d with a mark to Unicode, and is one to whoever types."""
    lower = unicodedata.normalize("NFC", text).lower().replace("đ", "d")
    bare = (letter for letter in unicodedata.normalize("NFD", lower) if not unicodedata.combining(letter))
    return " ".join("".join(bare).split())


def folded_words(text: str) -> list[str]:
    """The words of a text, folded: letters and digits without what stands between them."""
    return _WORD.findall(fold(text))
