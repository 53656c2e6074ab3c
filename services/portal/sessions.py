"""Sessions: what is known of a browser stays here; the browser has a signed, random name for it.

Kept in the portal's own database, so that every process knows them, with an end that MongoDB keeps (TTL). A session is
read when a page first looks into it and written when something in it changed: public pages cost the database nothing.
"""

import hashlib
import secrets
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from flask import Flask, Request, Response
from flask.sessions import SessionInterface, SessionMixin
from itsdangerous import BadSignature, Signer

from services.chassis import clock
from services.chassis.store import Collection, Document, outages_named

_REMEMBERED: Final = timedelta(days=365)
COOKIE: Final = "motcua_session"
_REFRESH_AFTER: Final = timedelta(minutes=1)  # how often a mere visit moves the end of a session


def cookie_of(app: Flask) -> str:
    """The name of the cookie: over https one that no other host, and no page over http, can set."""
    return f"__Host-{COOKIE}" if _is_secure(app) else COOKIE


def _is_secure(app: Flask) -> bool:
    return bool(app.config["SESSION_COOKIE_SECURE"])


class Session(SessionMixin):
    """The session of one browser, read at the first look."""

    def __init__(self, sid: str | None, find: Callable[[str], Document | None]) -> None:
        self.sid, self._find = sid, find
        self._data: dict[str, Any] | None = None
        self.began_at: datetime | None = None
        self.seen_at: datetime | None = None
        self.modified, self.former = False, ""
        self.is_visit = True  # a page that asks again by itself is none, and keeps no session alive

    @property
    def touched(self) -> bool:
        """Whether anybody looked."""
        return self._data is not None

    def as_kept(self, name: str) -> Any:
        """What is kept under that name by now, also by another request of the same browser; None for nothing."""
        found = self._find(self.sid) if self.sid else None
        return found["data"].get(name) if found else None

    def renew(self) -> None:
        """Another name, emptied: who knew the old one knows nothing of what comes."""
        self._open().clear()
        self.former, self.sid, self.began_at, self.modified = self.sid or "", None, None, True

    def __getitem__(self, name: str) -> Any:
        return self._open()[name]

    def __setitem__(self, name: str, value: Any) -> None:
        self._open()[name] = value
        self.modified = True

    def __delitem__(self, name: str) -> None:
        del self._open()[name]
        self.modified = True

    def __iter__(self) -> Iterator[str]:
        return iter(self._open())

    def __len__(self) -> int:
        return len(self._open())

    def _open(self) -> dict[str, Any]:
        if self._data is None:
            found = self._find(self.sid) if self.sid else None
            if found is None:
                self.sid, self._data = None, {}
            else:
                self._data, self.began_at, self.seen_at = found["data"], found["began_at"], found["seen_at"]
        return self._data


class Sessions(SessionInterface):
    """Flask's sessions in a MongoDB collection: over `idle` after the last visit, at most `longest` after the first."""

    def __init__(self, collection: Collection, secret: str, *, idle: timedelta, longest: timedelta) -> None:
        self._collection = collection
        self._signer = Signer(secret, salt="motcua.session", key_derivation="hmac", digest_method=hashlib.sha256)
        self._idle, self._longest = idle, longest

    def ensure_indexes(self) -> None:
        """MongoDB takes away what has ended."""
        self._collection.create_index("ends_at", expireAfterSeconds=0)

    def open_session(self, app: Flask, request: Request) -> Session:
        """The session that the cookie names; an unsigned or ended one is a new one."""
        try:
            sid = self._signer.unsign(request.cookies.get(cookie_of(app), "")).decode()
        except BadSignature:
            sid = None
        return Session(sid, self._find)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Write what changed; move the end of what was used."""
        if not isinstance(session, Session) or not session.touched:
            return
        response.vary.add("Cookie")
        if session.former:
            self._delete(session.former)
        if session:
            self._keep(app, session, response)
        elif session.sid and session.modified:
            self._delete(session.sid)
            response.delete_cookie(cookie_of(app), path="/", secure=_is_secure(app))

    def remember(self, name: str, data: Any) -> None:
        """Keep what somebody chose beyond his sessions, for a year from then on; `name` says whose and what it is."""
        ends_at = clock.now() + _REMEMBERED
        with outages_named():
            self._collection.update_one(
                {"_id": f"choice:{name}"}, {"$set": {"choice": data, "ends_at": ends_at}}, upsert=True
            )

    def remembered(self, name: str) -> Any:
        """What was chosen, or None."""
        with outages_named():
            found = self._collection.find_one({"_id": f"choice:{name}", "ends_at": {"$gt": clock.now()}})
        return found["choice"] if found else None

    def _keep(self, app: Flask, session: Session, response: Response) -> None:
        now = clock.now()
        was_seen = session.seen_at is not None and now - session.seen_at < _REFRESH_AFTER
        if not session.modified and (was_seen or not session.is_visit):
            return
        began_at = session.began_at or now
        ends_at = min(now + self._idle, began_at + self._longest)
        is_new = session.sid is None
        session.sid = session.sid or secrets.token_urlsafe(32)
        times = {"began_at": began_at, "seen_at": now, "ends_at": ends_at}
        change = {**times, "data": dict(session)} if session.modified else times
        with outages_named():
            found = self._collection.update_one({"_id": session.sid}, {"$set": change}, upsert=is_new)
        if not is_new and not found.matched_count:
            return  # ended meanwhile, by whoever signed out: it does not come back
        response.set_cookie(
            cookie_of(app),
            self._signer.sign(session.sid).decode(),
            httponly=True,
            samesite="Lax",
            secure=_is_secure(app),
            path="/",
        )

    def _find(self, sid: str) -> Document | None:
        with outages_named():
            found: Document | None = self._collection.find_one({"_id": sid, "ends_at": {"$gt": clock.now()}})
        return found

    def _delete(self, sid: str) -> None:
        with outages_named():
            self._collection.delete_one({"_id": sid})
