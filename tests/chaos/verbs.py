"""The verbs. Each is written down with its moment, so that a run can be told, and played again from its seed."""

import contextlib
import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from deploy.local import processes, rabbitmq
from deploy.local.composition import DOORS, SERVICES
from deploy.local.programs import StackError
from deploy.local.waiting import wait_until
from services.chassis.publish import Outgoing
from tests.chaos import messages, restoring
from tests.chaos.alarms import Alarms
from tests.chaos.chance import Chance
from tests.chaos.clocks import Skewed
from tests.chaos.databases import SlowFlushes, step_down
from tests.chaos.deaths import Meant
from tests.chaos.diary import Step
from tests.chaos.firewall import Firewall
from tests.chaos.flood import Flood
from tests.chaos.memory import Ration
from tests.chaos.missing import NotHere
from tests.chaos.stage import Stage
from tests.chaos.tangle import Tangle
from tests.chaos.wires import BROKER
from tests.chaos.witness import Witness, children, name_of

_DOOR_SECONDS: Final = 30.0
_HEART_SECONDS: Final = 20.0
_PROBE_SECONDS: Final = 120.0  # a broker that joins again was seen to need thirty
_HEART: Final = "heart"  # the program that ends an Erlang node which gives no sign of life
_KILLED_WORKER: Final = ") was sent SIGKILL!"  # as gunicorn says of a worker that has gone


@dataclass(kw_only=True)
class Verbs:
    """What may be done to a stage. What lasts is a context: it is over when the context is left."""

    stage: Stage
    tell: Callable[[str], None] = lambda _line: None
    steps: list[Step] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)  # what was seen that must not be
    broken: int = 0
    meant: Meant = field(default_factory=Meant)
    began: float = field(default_factory=time.monotonic)
    _fuses: list[Path] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.stack, self.env, self.town = self.stage.stack, self.stage.stack.env, self.stage.town
        self.witness = Witness(*self.stage.logs)
        self.alarms = Alarms(rabbitmq.rabbitmq(self.stage.run_dir, self.stage.known).env)
        self._twice = Counter(self.stage.stream.ledger.twice)

    def note(self, verb: str, whom: str) -> None:
        """Write a verb down."""
        step = Step(round(time.monotonic() - self.began, 1), verb, whom)
        self.steps.append(step)
        self.tell(str(step))

    def done(self, verb: str) -> int:
        """How often this was done."""
        return sum(step.verb == verb for step in self.steps)

    # What is done to processes.

    def kill(self, program: str) -> None:
        """SIGKILL; its supervisor starts it anew."""
        self.note("kill", program)
        self.meant.programs[program] += 1
        self.stage.keeper(program).kill(program)

    def kill_worker(self, door: str) -> None:
        """SIGKILL to what serves behind a door; the master keeps the address and sends another."""
        self.note("kill worker", door)
        master = self.stack.pid(door)
        wait_until(lambda: bool(children(master)), _DOOR_SECONDS)  # one that has just been killed has none yet
        self._end_workers(master, signal.SIGKILL)

    def die_at(self, process: str, point: str, let_go: int = 0) -> None:
        """SIGKILL to itself when it passes this point of its work for the next time but `let_go`."""
        self.note("die_at", f"{process} {point} +{let_go}")
        draft = self.stage.failpoints / "draft"
        draft.write_text(str(let_go))
        self._fuses.append(draft.replace(self.stage.failpoints / f"{process}@{point}"))

    def put_out_fuses(self) -> None:
        """What nobody passed burns nobody later, and was not felt."""
        unburnt = [fuse for fuse in self._fuses if fuse.exists()]
        for fuse in unburnt:
            fuse.unlink(missing_ok=True)
            self._fuses.remove(fuse)

    def burnt(self, *processes: str, point: str = "") -> int:
        """How many have died at the points where they were to, of all processes or of some; or at this one."""
        died = [fuse.name.partition("@") for fuse in self._fuses if not fuse.exists()]
        return sum((not processes or process in processes) and point in {"", at} for process, _, at in died)

    def killed(self) -> int:
        """How many of those that a supervisor keeps died of somebody else than of themselves."""
        return self.witness.deaths() - self.burnt(*SERVICES)

    def workers_killed(self) -> int:
        """How many workers their masters missed, by the masters' own logs, but for those who died at a point."""
        missed = sum(self.witness.wrote(door, _KILLED_WORKER) for door in DOORS)
        return missed - self.burnt(*DOORS)

    def told_twice(self, *services: str) -> int:
        """How many events came more than once meanwhile, of all services or of some."""
        since = self.stage.stream.ledger.twice - self._twice
        return sum(since[one] for one in services or SERVICES)

    def restart(self, program: str) -> None:
        """SIGTERM, and anew."""
        self.note("restart", program)
        self.stack.restart(program)

    def renew(self, door: str) -> None:
        """SIGTERM to the workers of a door; the master behind it keeps the address and sends others."""
        self.note("renew", door)
        opened, master = self.witness.said(door, "door_opened"), self.stack.pid(door)
        self._end_workers(master, signal.SIGTERM)
        if not wait_until(lambda: self.witness.said(door, "door_opened") > opened, _DOOR_SECONDS):
            self.wrong.append(f"{door} did not open again within {_DOOR_SECONDS:.0f} s")

    def _end_workers(self, master: int, number: signal.Signals) -> None:
        for worker in children(master):
            self.meant.workers[worker] = number
            os.kill(worker, number)

    @contextlib.contextmanager
    def paused(self, program: str) -> Iterator[None]:
        """SIGSTOP, in the end SIGCONT: it is there and does not move."""
        keeper = self.stage.keeper(program)
        self.note("pause", program)
        keeper.kill(program, signal.SIGSTOP)
        try:
            yield
        finally:
            self.note("go on", program)
            keeper.kill(program, signal.SIGCONT)

    @contextlib.contextmanager
    def standing_still(self, broker: str, *, with_heart: bool) -> Iterator[None]:
        """SIGSTOP to one of three brokers, in the end SIGCONT; or to its heart as well, as when their machine stops.

        Its heart must end it: meanwhile, or when both wake. It is over when it is back.
        """
        pid = self.stage.keeper(broker).pid(broker)
        hearts = [one for child in children(pid) for one in children(child) if name_of(one) == _HEART]
        self.note("stand still", f"{broker}{' with its heart' if with_heart else ''}")
        self.witness.pardon(broker)
        stopped = [pid, *(hearts if with_heart else ())]
        for one in stopped:
            processes.send(one, signal.SIGSTOP)
        try:
            yield
        finally:
            for one in stopped:
                processes.send(one, signal.SIGCONT)
            if not wait_until(lambda: not processes.exists(pid), _HEART_SECONDS):
                self.wrong.append(f"{broker} stood still, and its heart did not end it")
            self.stage.await_whole()
            self.note("go on", broker)

    @contextlib.contextmanager
    def away(self, program: str) -> Iterator[None]:
        """Killed, and not started again before the end."""
        keeper = self.stage.keeper(program)
        self.note("away", program)
        with ThreadPoolExecutor(1) as pool:  # told not to start it anew while it is killed
            stopping = pool.submit(keeper.stop, program)
            while not stopping.done():
                with contextlib.suppress(StackError):
                    keeper.kill(program)
        try:
            yield
        finally:
            self.note("back", program)
            keeper.start(program)

    @contextlib.contextmanager
    def skewed(self, service: str, seconds: float) -> Iterator[None]:
        """Its clock is ahead by so many seconds, or behind: another process of it works in its place."""
        self.note("skew", f"{service} by {seconds:+.0f} s")
        self.stack.stop(service)
        other = Skewed(service, seconds, self.env, self.stage.run_dir / "logs")
        try:
            yield
        finally:
            other.kill()
            self.note("true time", service)
            self.stack.start(service)

    @contextlib.contextmanager
    def slow_disk(self, program: str, seconds: float) -> Iterator[Callable[[], int]]:
        """Each flush to the disk takes so much longer; gives what counts them."""
        self.note("slow disk", f"{program} by {seconds} s")
        flushes = SlowFlushes(self.stack.pid(program), seconds, self.stage.run_dir / "logs" / "flushes")
        try:
            yield flushes.count
        finally:
            self.note("disk as before", program)
            flushes.end()

    @contextlib.contextmanager
    def full_disk(self, program: str) -> Iterator[None]:
        """No byte is left on its disk. Raises NotHere where it has none of its own."""
        disk = self.stage.disks.get(program)
        if disk is None or disk.missing:
            raise NotHere(f"{program} has no disk of its own: {disk.missing if disk else 'none was made'}")
        self.note("fill disk", f"{program} with {disk.fill():,} bytes")
        self.witness.pardon(program)
        try:
            yield
        finally:
            self.note("free disk", program)
            disk.free()

    @contextlib.contextmanager
    def short_of_memory(self, program: str, size: int) -> Iterator[Ration]:
        """It may have so many bytes more than it has; the kernel ends it when it wants another."""
        self.note("ration", f"{program} to {size:,} bytes more")
        ration = Ration(self.stack.pid(program), size)
        try:
            yield ration
        finally:
            self.note("memory enough", program)
            ration.end()

    def step_down(self) -> None:
        """The primary of the database is one no longer."""
        self.note("step down", "primary")
        step_down(self.env["MOTCUA_MONGO_URI"])

    def lose_disk(self, server: str) -> None:
        """Killed, and started again with nothing of all that it had written."""
        with self.away(server):
            self.note("lose disk", server)
            restoring.lose_disk(self.stage, server)
        self.stack.wait_ready([server])

    def tell_again(self) -> int:
        """Every history is to be published again; how many."""
        self.note("tell again", "everything")
        return restoring.tell_again(self.stage)

    # What is done to lines.

    @contextlib.contextmanager
    def cut(self, service: str, server: str = BROKER) -> Iterator[None]:
        """Every connection breaks, new ones are refused."""
        with self._weather(service, server, "cut", closed=True):
            yield

    @contextlib.contextmanager
    def silent(self, service: str, server: str = BROKER, ways: Sequence[str] = ("up", "down")) -> Iterator[None]:
        """A black hole: nothing arrives, nobody is told. One way only where `ways` names one."""
        with self._weather(service, server, "silence", silent=list(ways)):
            yield

    @contextlib.contextmanager
    def slow(self, service: str, server: str, delay: float, jitter: float = 0.0) -> Iterator[None]:
        """Everything takes this much longer, each way, and up to `jitter` seconds more, each piece as it comes."""
        verb = f"slow by {delay} to {delay + jitter} s:" if jitter else f"slow by {delay} s:"
        with self._weather(service, server, verb, delay=delay, jitter=jitter):
            yield

    @contextlib.contextmanager
    def narrow(self, service: str, server: str, rate: float) -> Iterator[None]:
        """So many bytes a second go through each connection, each way."""
        with self._weather(service, server, f"{rate:,.0f} bytes a second:", rate=rate):
            yield

    @contextlib.contextmanager
    def dropping(self, verb: str, whom: str, matches: Sequence[str]) -> Iterator[Firewall]:
        """The kernel drops the packets that match one of these; gives what counts them."""
        self.note(verb, whom)
        firewall = Firewall(matches)
        try:
            yield firewall
        finally:
            self.note("all arrives", whom)
            firewall.end()

    @contextlib.contextmanager
    def split_off(self, broker: str, matches: Sequence[str]) -> Iterator[Firewall]:
        """No packet passes between one of three brokers and its others. It is over when they have found together.

        One that hangs while it joins again is ended and started anew, as by the probe that docs/cluster.md asks for.
        """
        self.note("split off", broker)
        firewall = Firewall(matches)
        try:
            yield firewall
        finally:
            firewall.end()
            if not self.stage.is_whole(within=_PROBE_SECONDS):
                self.kill(broker)
            self.stage.await_whole()
            self.note("together", broker)

    def break_off(self, service: str, server: str = BROKER) -> None:
        """Every connection breaks, once."""
        self.note("break off", f"{service}-{server}")
        self.stage.wires.order(service, server, "break_off")
        self.broken += self.stage.wires.order(service, server, "look")["broken"]

    def refused(self, service: str, server: str = BROKER) -> int:
        """How many connections a line has refused since it was last ordered to do something."""
        return self.stage.wires.order(service, server, "look")["refused"]

    def squeezed(self, service: str, server: str = BROKER) -> int:
        """How many bytes waited in a narrow line since it was last ordered to do something."""
        return self.stage.wires.order(service, server, "look")["squeezed"]

    def half_close(self, service: str, server: str = BROKER) -> None:
        """The service is told good-bye on every connection; what it says still arrives."""
        self.note("half-close", f"{service}-{server}")
        self.stage.wires.order(service, server, "say_goodbye")

    # What is done with messages.

    def say(self, events: Sequence[Outgoing]) -> int:
        """Publish events, as if nobody had; how many."""
        self.note("say again", f"{len(events)} events")
        messages.say(self.env["MOTCUA_AMQP_URI"], events)
        return len(events)

    @contextlib.contextmanager
    def tangled(self, chance: Chance) -> Iterator[Tangle]:
        """Every event comes to the services late, in another order, and some twice; gives what can lose them too."""
        self.note("tangle", "all queues")
        tangle = Tangle(self.env["MOTCUA_AMQP_URI"], chance)
        try:
            yield tangle
        finally:
            self.note("untangle", "all queues")
            tangle.end()

    def poison(self, queues: Sequence[str]) -> None:
        """Every kind of message that is none, into each of these queues."""
        self.note("poison", ", ".join(queues))
        messages.poison(self.env["MOTCUA_AMQP_URI"], queues)

    def damage(self, queue: str, spoil: Callable[[bytes], bytes]) -> Outgoing:
        """Spoil the event that waits first in a queue; gives it as it was."""
        original = messages.damage(self.env["MOTCUA_AMQP_URI"], queue, spoil)
        self.note("damage", f"{queue} {original.headers['cloudEvents:subject']}")
        return original

    def mend(self, service: str, original: Outgoing) -> None:
        """Put its dead letter right, and send that back by `motcua dead replay`."""
        self.note("mend", f"{service} {original.headers['cloudEvents:subject']}")
        messages.mend(self.env["MOTCUA_AMQP_URI"], service, original)
        restoring.motcua(self.stage, "dead", "replay", service, "--id", original.id)

    def publish_again(self, service: str, original: Outgoing) -> None:
        """Publish it as it was written, and take its dead letter away by `motcua dead discard`."""
        self.say([original])
        why = ("--reason", "published again as it was written", "--yes")
        restoring.motcua(self.stage, "dead", "discard", service, "--id", original.id, *why)

    # What is done to the broker.

    @contextlib.contextmanager
    def alarm(self, resource: str) -> Iterator[None]:
        """The broker finds that it has too little `memory` or `disk`, and takes no more messages."""
        self.note("alarm", resource)
        self.alarms.raise_(resource)
        try:
            yield
        finally:
            self.note("alarm over", resource)
            self.alarms.clear(resource)

    @contextlib.contextmanager
    def flooded(self) -> Iterator[None]:
        """Somebody publishes more than the broker can write."""
        self.note("flood", "rabbitmq")
        flood = Flood(self.env["MOTCUA_AMQP_URI"])
        try:
            yield
        finally:
            self.note("ebb", "rabbitmq")
            flood.end()

    @contextlib.contextmanager
    def _weather(self, service: str, server: str, verb: str, **weather: Any) -> Iterator[None]:
        self.note(verb, f"{service}-{server}")
        self.stage.wires.order(service, server, "weather", weather)
        try:
            yield
        finally:
            self.note("fair", f"{service}-{server}")
            self.stage.wires.order(service, server, "weather")
