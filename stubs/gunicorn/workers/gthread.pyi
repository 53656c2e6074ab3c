from typing import Any

DEFAULT_WORKER_DATA_TIMEOUT: float

class ThreadWorker:
    def handle(self, conn: Any) -> Any: ...
    def handle_request(self, req: Any, conn: Any) -> Any: ...
