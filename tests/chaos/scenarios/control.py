"""The control: stock nameko under the same SIGKILLs must be seen to lose and to double."""

from tests.chaos.control.flow import StockFlow
from tests.chaos.control.services import NAMES
from tests.chaos.rig import Rig


def control(rig: Rig) -> None:
    """Stock nameko services under the same SIGKILLs: they must be seen to fail, or the checks see nothing."""
    flow, times = StockFlow(rig.env, rig.stage.run_dir / "logs" / "stock.log", rig.dossiers), rig.size(12, 50)
    for number, victim in enumerate(rig.chance.picks(NAMES, times)):
        flow.await_told(number / times)
        rig.wait(rig.chance.seconds(0, 1))
        rig.note("kill stock", victim)
        flow.kill(victim)
    wrong = flow.wrong()
    flow.kill()
    flow.wipe()
    for what, count in wrong.items():
        rig.must_bite(what, count, least=0)
    rig.must_bite("wrong in all", wrong.total)
