"""A backup that comes to nothing leaves nothing."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn

import pytest
from pymongo.errors import AutoReconnect, OperationFailure

from services.cli.backup import taking
from services.cli.backup.taking import CannotBackUp, take


@pytest.mark.parametrize(
    ("trouble", "told"),
    [
        (AutoReconnect("gone"), AutoReconnect),
        (OSError("No space left on device"), OSError),
        (KeyboardInterrupt(), KeyboardInterrupt),
        (OperationFailure("SnapshotTooOld", 239), CannotBackUp),
    ],
)
def test_nothing_of_anybodys_data_stays_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trouble: BaseException, told: type[BaseException]
) -> None:
    class Collection:
        full_name = "motcua_intake.dossiers"

        def find_raw_batches(self, *_: Any, **__: Any) -> NoReturn:
            raise trouble

    client = SimpleNamespace(start_session=lambda **_: _Open(None), admin=SimpleNamespace(command=_answer))
    monkeypatch.setattr(taking, "open_client", lambda _uri: _Open(client))
    monkeypatch.setattr(taking, "_shelves", lambda _client: iter([Collection()]))
    with pytest.raises(told):
        take("mongodb://nowhere", tmp_path / "backup", 3_600, lambda _: None)
    assert list(tmp_path.iterdir()) == []


class _Open:
    def __init__(self, what: Any) -> None:
        self._what = what

    def __enter__(self) -> Any:
        return self._what

    def __exit__(self, *_: object) -> None:
        """Nothing is open."""


def _answer(asked: dict[str, Any]) -> dict[str, int]:
    return dict.fromkeys(asked, 3_600)
