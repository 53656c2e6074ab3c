"""When the session of who has signed in ends, and how that is said in time (WCAG 2.2.1)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, cast

from flask import session

from services.chassis import clock
from services.portal.language import say, time_of_day
from services.portal.sessions import Session
from services.portal.signin import person
from services.portal.wiring import portal

_WARNED_BEFORE: Final = timedelta(minutes=5)
_OF_IDLE: Final = 3  # of a short session the last third


@dataclass(frozen=True, slots=True)
class Stay:
    """When a session ends unless it is used, and whether that `is_last`: then using it helps no more."""

    ends_at: datetime
    is_last: bool
    warned_before: timedelta

    @property
    def seconds(self) -> int:
        """How long it lasts."""
        return max(int((self.ends_at - clock.now()).total_seconds()), 0)

    @property
    def warn(self) -> int:
        """How many seconds before its end that is said."""
        return int(self.warned_before.total_seconds())

    def foot(self) -> str:
        """What the foot of each page says of it."""
        at = time_of_day(self.ends_at)
        if self.is_last:
            return say("Phiên đăng nhập kết thúc lúc %(at)s.", at=at)
        return say("Phiên đăng nhập kết thúc lúc %(at)s nếu bạn không mở hay lưu trang nào.", at=at)

    def say(self) -> str:
        """What is said shortly before."""
        at = time_of_day(self.ends_at)
        if self.is_last:
            return say(
                "Phiên đăng nhập sẽ kết thúc lúc %(at)s và không kéo dài được nữa. Hãy lưu nội dung đang nhập.", at=at
            )
        return say("Phiên đăng nhập sẽ kết thúc lúc %(at)s nếu bạn không tiếp tục.", at=at)

    def told(self) -> dict[str, Any]:
        """The same for the script."""
        return {"seconds": self.seconds, "is_last": self.is_last, "say": self.say(), "foot": self.foot()}


def stay() -> Stay | None:
    """That of this browser; None where nobody has signed in. Raises Unavailable."""
    if person() is None:
        return None
    sessions, own = portal().sessions, cast("Session", session)
    ends_at = sessions.end_of(own)
    return Stay(ends_at, ends_at >= sessions.last_end_of(own), min(_WARNED_BEFORE, sessions.idle / _OF_IDLE))
