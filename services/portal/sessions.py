"""Sessions: what is known of a browser stays here; the browser has a signed, random name for it.

Kept in the portal's own database, so that every process knows them, with an end that MongoDB keeps (TTL). A session is
read when a page first looks into it and written when something in it changed: public pages cost the database nothing.
While it lasts its name changes, see `renaming`; its document keeps an id that opens nothing by itself.
"""

import hashlib
import secrets
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from flask import Flask, Request, Response
from flask.sessions import SessionInterface, SessionMixin
from itsdangerous import BadSignature, Signer

from services.chassis import clock
from services.chassis.store import Collection, Document, outages_named
from services.portal.renaming import Names

_REMEMBERED: Final = timedelta(days=365)
COOKIE: Final = "motcua_session"
_BETWEEN: Final = "."  # the id of a session and its name
_REFRESH_AFTER: Final = timedelta(minutes=1)  # how often a mere visit moves the end of a session


def cookie_of(app: Flask) -> str:
    """The name of the cookie: over https one that no other host, and no page over http, can set."""
    return f"__Host-{COOKIE}" if _is_secure(app) else COOKIE


def _is_secure(app: Flask) -> bool:
    return bool(app.config["SESSION_COOKIE_SECURE"])


class Session(SessionMixin):
    """The session of one browser, read at the first look."""

    def __init__(self, sid: str | None, name: str, find: Callable[[str], Document | None]) -> None:
        self.sid, self.name, self._find = sid, name, find
        self._data: dict[str, Any] | None = None
        self.names: Names | None = None
        self.began_at: datetime | None = None
        self.seen_at: datetime | None = None
        self.ends_at: datetime | None = None
        self.modified, self.former = False, ""
        self.is_visit = True  # a page that asks again by itself is none, and keeps no session alive

    @property
    def touched(self) -> bool:
        """Whether anybody looked."""
        return self._data is not None

    def as_kept(self, name: str) -> Any:
        """What is kept under that name by now, also by another request of the same browser; None for nothing."""
        self._open()
        found = self._find(self.sid) if self.sid else None
        return found["data"].get(name) if found else None

    def renew(self) -> None:
        """Another name, emptied: who knew the old one knows nothing of what comes."""
        self._open().clear()
        self.former, self.sid, self.began_at, self.modified = self.sid or "", None, None, True
        self.name, self.names = "", None

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
            names = Names(**found["names"]) if found and "names" in found else None
            if found is None or names is None or not names.opens(self.name, clock.now()):
                self.sid, self.name, self._data = None, "", {}
            else:
                self._data, self.names = found["data"], names
                self.began_at, self.seen_at, self.ends_at = found["began_at"], found["seen_at"], found["ends_at"]
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
            signed = self._signer.unsign(request.cookies.get(cookie_of(app), "")).decode()
        except BadSignature:
            signed = ""
        sid, _, name = signed.partition(_BETWEEN)
        return Session(sid or None, name, self._find)

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

    def end_of(self, session: Session) -> datetime:
        """When a session ends that has just been looked into, and is used no more after this."""
        now = clock.now()
        return session.ends_at if session.ends_at and not self._moves(session, now) else self._end(session, now)

    def last_end_of(self, session: Session) -> datetime:
        """When it ends however often it is used."""
        return (session.began_at or clock.now()) + self._longest

    @property
    def idle(self) -> timedelta:
        """How long after a visit a session ends."""
        return self._idle

    def _end(self, session: Session, now: datetime) -> datetime:
        return min(now + self._idle, (session.began_at or now) + self._longest)

    @staticmethod
    def _moves(session: Session, now: datetime) -> bool:
        was_seen = session.seen_at is not None and now - session.seen_at < _REFRESH_AFTER
        return session.modified or (session.is_visit and not was_seen)

    def _keep(self, app: Flask, session: Session, response: Response) -> None:
        now = clock.now()
        if not self._moves(session, now):
            return
        is_new = session.sid is None
        session.sid = session.sid or secrets.token_urlsafe(32)
        times = {"began_at": session.began_at or now, "seen_at": now, "ends_at": self._end(session, now)}
        change: Document = {**times, "data": dict(session)} if session.modified else {**times}
        names = self._renamed(session, now)
        if is_new:
            change["names"] = names.kept()
        told = names.now if is_new else names.to_tell(session.name)
        with outages_named():
            found = self._collection.update_one({"_id": session.sid}, {"$set": change}, upsert=is_new)
        if not is_new and not found.matched_count:
            return  # ended meanwhile, by whoever signed out: it does not come back
        if told:
            self._tell(app, response, f"{session.sid}{_BETWEEN}{told}")

    def _renamed(self, session: Session, now: datetime) -> Names:
        """The names after this visit, which are stored, unless another request was faster: then they stay."""
        if session.names is None:
            return Names.first(now)
        names = session.names.after(session.name, now)
        if names is session.names:
            return names
        as_it_was = {"_id": session.sid, "names.now": session.names.now, "names.offered": session.names.offered}
        with outages_named():
            found = self._collection.update_one(as_it_was, {"$set": {"names": names.kept()}}, upsert=False)
        return names if found.matched_count else replace(session.names, offered=None)

    def _tell(self, app: Flask, response: Response, name: str) -> None:
        response.set_cookie(
            cookie_of(app),
            self._signer.sign(name).decode(),
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
