"""Who asks: the claim that intake's door believes too."""

import json
from dataclasses import dataclass
from typing import Any

from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission


@dataclass(frozen=True)
class Actor:
    """A citizen under his identity number, an organisation under its tax code."""

    kind: str
    id: str

    @property
    def owner(self) -> str:
        """As papers and cases are marked with it."""
        return f"{self.kind}:{self.id}"


class Claim(BaseAuthentication):
    """The header `X-Motcua-Actor`."""

    def authenticate(self, request: Any) -> tuple[Actor, None] | None:
        """The actor, or None where nobody is named."""
        claim = request.headers.get("X-Motcua-Actor")
        if claim is None:
            return None
        try:
            said = json.loads(claim)
            return Actor(str(said["kind"]), str(said["id"])), None
        except (ValueError, KeyError, TypeError):
            raise AuthenticationFailed("the actor cannot be read") from None


class IsSomebody(BasePermission):
    """Nobody acts without a name."""

    def has_permission(self, request: Any, _view: Any) -> bool:
        """Whether there is an actor."""
        return isinstance(request.user, Actor)
