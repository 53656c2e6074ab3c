from collections.abc import Callable
from typing import Any, ParamSpec

_P = ParamSpec("_P")

class Hub:
    def schedule_call_global(
        self, seconds: float, cb: Callable[_P, Any], *args: _P.args, **kwargs: _P.kwargs
    ) -> object: ...

def get_hub() -> Hub: ...
