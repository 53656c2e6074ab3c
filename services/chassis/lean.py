"""structlog without its coloured console, for which it would load rich and pygments: 5 MB in every process."""

import sys
from typing import Any, Final

_CONSOLE: Final = "rich"

_known: Any = sys.modules.get(_CONSOLE)
sys.modules[_CONSOLE] = None  # type: ignore[assignment]  # whoever imports it now is told that it is not there
try:
    import structlog
    import structlog.tracebacks
finally:
    del sys.modules[_CONSOLE]
    if _known is not None:
        sys.modules[_CONSOLE] = _known

__all__ = ["structlog"]
