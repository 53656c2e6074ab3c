"""What operators do about webhooks: who is told, what was sent, what goes once more."""

from collections.abc import Sequence
from typing import Any

from services.chassis import clock
from services.chassis.cause import Cause
from services.chassis.errors import Refused
from services.chassis.logs import log
from services.chassis.store import Document
from services.notify.store import Catalogue
from services.notify.webhook_secrets import Seals
from services.notify.webhook_store import WebhookStore
from services.notify.webhooks import Endpoint, is_allowed, new_secret, rests, signing

Answer = dict[str, Any]


class WebhookCases:
    """Every use case of webhooks."""

    def __init__(self, store: WebhookStore, catalogue: Catalogue, seals: Seals, *, loopback: bool) -> None:
        self._store, self._catalogue, self._seals, self._loopback = store, catalogue, seals, loopback

    def add(self, why: Cause, url: str, tenant: str, unit: str | None, types: Sequence[str]) -> Answer:
        """Tell this address of what happens from now on. The answer alone holds the secret. Raises Refused."""
        if not is_allowed(url, loopback=self._loopback):
            raise Refused(
                "notify.url_not_allowed",
                "A webhook goes to https on port 443, without a user or a fragment in its address.",
                "Webhook chỉ gửi tới địa chỉ https, cổng 443, không kèm tài khoản hay phần #.",
            )
        self._insist_known(tenant, unit)
        endpoint = Endpoint(why.id, url, tenant, unit, tuple(sorted(set(types))), enabled=True, created_at=clock.now())
        added = self._store.add(endpoint, self._seals.seal(new_secret()), why)
        log.info("webhook_added", webhook=added["_id"])
        return self._with_secret(added, why)

    def listed(self) -> Answer:
        """Every endpoint, with what waits for it and what was given up."""
        return {"items": [self._line(one) for one in self._store.listed()]}

    def rotate(self, why: Cause, webhook_id: str) -> Answer:
        """A new secret; for a day both sign. The answer alone holds it. Raises NotFound, Conflict."""
        rotated = self._store.rotate(webhook_id, self._seals.seal(new_secret()), why, clock.now())
        log.info("webhook_secret_rotated", webhook=webhook_id)
        return self._with_secret(rotated, why)

    def switch(self, webhook_id: str, *, enabled: bool) -> Answer:
        """Go on telling it, from where it stood, or stop. Raises NotFound."""
        switched = self._store.switch(webhook_id, enabled=enabled, because=None if enabled else "operator")
        log.info("webhook_switched", webhook=webhook_id, enabled=enabled)
        return self._line(switched)

    def remove(self, webhook_id: str) -> Answer:
        """Forget it and all its deliveries; one that is gone is gone."""
        self._store.remove(webhook_id)
        log.info("webhook_removed", webhook=webhook_id)
        return {"removed": webhook_id}

    def forget_orphans(self) -> None:
        """Take away what was just being made for an endpoint when it was removed."""
        if forgotten := self._store.forget_orphans():
            log.info("webhook_orphans_forgotten", count=forgotten)

    def deliveries(self, webhook_id: str, status: str | None, limit: int, after: str | None) -> Answer:
        """What was and will be sent to it, newest first. Raises NotFound, Invalid."""
        self._store.get(webhook_id)
        found, following = self._store.page(webhook_id, status, limit, after)
        return {"items": [_delivery(one) for one in found], "next": following}

    def again(self, webhook_id: str) -> Answer:
        """Try what was given up from the beginning. Raises NotFound."""
        self._store.get(webhook_id)
        return {"revived": self._store.revive(webhook_id, clock.now())}

    def _insist_known(self, tenant: str, unit: str | None) -> None:
        units = {key for _, key in self._catalogue.agency_codes([tenant]).values()}
        if not units or (unit is not None and unit not in units):
            raise Refused(
                "notify.unknown_unit",
                "The catalogue has no such tenant, or the tenant no such unit.",
                "Danh mục không có cơ quan hoặc đơn vị này.",
            )

    def _with_secret(self, endpoint: Document, why: Cause) -> Answer:
        """Of a repeated request the secret that it made, as long as that one signs."""
        made = (one["key"] for one in endpoint["secrets"] if one["cause"] == why.id)
        return {**self._line(endpoint), "secret": next(iter(self._seals.opened(made)), None)}

    def _line(self, endpoint: Document) -> Answer:
        names = ("url", "tenant", "unit", "types", "enabled", "disabled_because", "created_at")
        now, until = clock.now(), endpoint.get("rests_until")
        return {
            "webhook_id": endpoint["_id"],
            **{name: endpoint[name] for name in names},
            "rests_until": until if rests(until, now) else None,
            "secrets": len(signing(endpoint["secrets"], now)),
            "waiting": self._store.count(endpoint["_id"], "pending"),
            "given_up": self._store.count(endpoint["_id"], "given_up"),
        }


def _delivery(kept: Document) -> Answer:
    names = ("status", "tries", "made_at", "tried_at", "answer")
    said = {name: kept["payload"][name] for name in ("type", "timestamp")}
    due_at = kept["due_at"] if kept["status"] == "pending" else None
    return {**said, **kept["payload"]["data"], **{name: kept[name] for name in names}, "due_at": due_at}
