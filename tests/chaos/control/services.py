"""Three stock services: dossiers come in, units decide, records are issued."""

from typing import Any, Final

from nameko.events import EventDispatcher, event_handler
from nameko.extensions import DependencyProvider
from nameko.rpc import rpc
from pymongo import MongoClient, ReturnDocument

PREFIX: Final = "stock_"
NAMES: Final = ("intake", "routing", "registry")


class Database(DependencyProvider):
    """The service's own database."""

    def setup(self) -> None:
        """One client a process."""
        client: MongoClient[dict[str, Any]] = MongoClient(self.container.config["MONGO_URI"])
        self._database = client[self.container.service_name]

    def get_dependency(self, _worker_ctx: Any) -> Any:
        """The database."""
        return self._database


class Stock:
    """What the three have in common."""

    name = ""
    database: Any = Database()
    dispatch: Any = EventDispatcher()

    def _next(self, series: str) -> int:
        counted = self.database.series.find_one_and_update(
            {"_id": series}, {"$inc": {"last": 1}}, upsert=True, return_document=ReturnDocument.AFTER
        )
        return int(counted["last"])


class Intake(Stock):
    """What applicants ask and see."""

    name = PREFIX + "intake"

    @rpc
    def submit(self, applicant: str) -> str:
        """Hand in a dossier; its code."""
        code = f"D{self._next('dossiers'):06d}"
        self.database.dossiers.insert_one({"_id": code, "applicant": applicant, "status": "submitted"})
        self.dispatch("dossier_submitted", {"code": code})
        return code

    @rpc
    def get(self, code: str) -> dict[str, Any]:
        """One dossier."""
        return dict(self.database.dossiers.find_one({"_id": code}) or {})

    @event_handler(PREFIX + "routing", "case_decided")
    def note_decision(self, event: dict[str, str]) -> None:
        """The unit has decided."""
        self.database.dossiers.update_one({"_id": event["code"]}, {"$set": {"status": "decided"}})

    @event_handler(PREFIX + "registry", "record_issued")
    def note_record(self, event: dict[str, Any]) -> None:
        """The result is there."""
        resolved = {"status": "resolved", "number": event["number"]}
        self.database.dossiers.update_one({"_id": event["code"]}, {"$set": resolved})


class Routing(Stock):
    """What officers do."""

    name = PREFIX + "routing"

    @event_handler(PREFIX + "intake", "dossier_submitted")
    def open_case(self, event: dict[str, str]) -> None:
        """Stand the dossier in the queue."""
        self.database.cases.insert_one({"_id": event["code"], "status": "opened"})

    @rpc
    def decide(self, code: str) -> bool:
        """Grant it; False while it is not here yet."""
        decided = self.database.cases.update_one({"_id": code}, {"$set": {"status": "decided"}})
        if not decided.matched_count:
            return False
        self.dispatch("case_decided", {"code": code})
        return True


class Registry(Stock):
    """Records."""

    name = PREFIX + "registry"

    @event_handler(PREFIX + "routing", "case_decided")
    def issue(self, event: dict[str, str]) -> None:
        """Issue the record of a dossier that was granted."""
        number = self._next("records")
        self.database.records.insert_one({"code": event["code"], "number": number})
        self.dispatch("record_issued", {"code": event["code"], "number": number})
