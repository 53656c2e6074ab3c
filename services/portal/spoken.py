"""Amounts in words, as a receipt must state them (NĐ 123/2020/NĐ-CP): in Vietnamese, whatever the page's language.

num2words 0.5.14 was tried: it leaves out the missing hundreds that vouchers name (1.015 is there "một nghìn lẻ mười
lăm", not "một nghìn không trăm mười lăm").
"""

from typing import Final

_DIGITS: Final = ("không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín")
_BILLION: Final = 10**9
_PLACES: Final = ((10**6, "triệu"), (10**3, "nghìn"), (1, ""))


def spoken_vnd(amount: int) -> str:
    """A whole number of đồng in words, beginning with a capital. Raises ValueError below nought."""
    if amount < 0:
        raise ValueError("an amount is not negative")
    text = " ".join(_number(amount, leads=True)) or _DIGITS[0]
    return f"{text[0].upper()}{text[1:]} đồng"


def _number(number: int, *, leads: bool) -> list[str]:
    """The words of a number; one that does not lead names its missing hundreds."""
    if number >= _BILLION:
        rest = number % _BILLION
        below = _number(rest, leads=False) if rest else []
        return [*_number(number // _BILLION, leads=leads), "tỷ", *below]
    words: list[str] = []
    for size, name in _PLACES:
        group = number // size % 1000
        if group:
            words += _group(group, leads=leads and not words)
            words += [name] if name else []
    return words


def _group(group: int, *, leads: bool) -> list[str]:
    hundreds, tens, ones = group // 100, group // 10 % 10, group % 10
    words = [] if leads and not hundreds else [_DIGITS[hundreds], "trăm"]
    if tens == 0:
        return [*words, *(["linh"] if words and ones else []), *([_DIGITS[ones]] if ones else [])]
    words += ["mười"] if tens == 1 else [_DIGITS[tens], "mươi"]
    if ones == 1 and tens > 1:
        return [*words, "mốt"]
    if ones == 5:
        return [*words, "lăm"]
    return [*words, _DIGITS[ones]] if ones else words
