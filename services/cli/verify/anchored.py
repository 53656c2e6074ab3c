"""What an anchor says of the histories, and what they come to now."""

from collections.abc import Collection, Iterator
from itertools import groupby

from services.cli.layout import some
from services.cli.verify.anchor import Anchor, Bucket, sum_up
from services.cli.verify.books import Books
from services.cli.verify.finding import Finding

Key = tuple[str, int]


class Anchored:
    """Every bucket of an anchor. What is dated before it does not change any more."""

    name, passes = "anchor", False

    def __init__(self, books: Books, anchor: Anchor) -> None:
        self._books, self._anchor = books, anchor

    def size(self) -> int:
        """How many there are."""
        return len(self._anchor.buckets)

    def look(self, keys: Collection[Key] | None = None) -> Iterator[tuple[Key, list[Finding]]]:
        """Each bucket with what is wrong with it; or those of `keys` again."""
        for name, then in groupby(self._anchor.buckets, key=lambda one: one.journal):
            for before, now in zip(then, sum_up(self._books, name, self._anchor.head), strict=True):
                if keys is None or (name, before.bucket) in keys:
                    yield (name, before.bucket), list(self._compare(before, now))

    def _compare(self, then: Bucket, now: Bucket) -> Iterator[Finding]:
        if then == now:
            return
        head = self._anchor.head
        held = f"as of {head.as_of.isoformat()} it held {some(then.histories, 'histories')}"
        differing = f"{now.histories} now" if then.histories != now.histories else "as many now, but not the same"
        yield Finding("", f"{then.journal} bucket {then.bucket} of {head.buckets}", f"{held}; there are {differing}")
