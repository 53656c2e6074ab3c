"""Three brokers and three databases on loopback ports: the stack's own ones, and two more of each that join them."""

import json
import shutil
import signal
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Final

from pymongo import MongoClient
from pymongo.errors import PyMongoError

from deploy.local import mongodb, ports, processes, rabbitmq
from deploy.local.composition import SERVERS
from deploy.local.identity import FILE as IDENTITY
from deploy.local.identity import Identity, write_private
from deploy.local.ports import LOOPBACK
from deploy.local.programs import Program
from deploy.local.supervision import ProcessState, Supervisor
from deploy.local.waiting import wait_until
from tests.chaos.alarms import Alarms
from tests.chaos.stage import Stage

BROKERS: Final = ("rabbitmq", "rabbitmq2", "rabbitmq3")
DATABASES: Final = ("mongodb", "mongodb2", "mongodb3")
_SECONDS: Final = 90.0
_WHOLE_SECONDS: Final = 180.0  # a broker that slept joins again when the others have found out that it was apart
# The stream's members stand in its configuration, those of a quorum queue in its state.
_LOOK: Final = """
Members = fun(#{nodes := Nodes}) -> Nodes;
             (#{leader_node := Leader, replica_nodes := Others}) -> [Leader | Others] end,
Leader = fun({_, Node}) -> Node; (Pid) when is_pid(Pid) -> node(Pid); (_) -> none end,
io:format("~s~n", [rabbit_json:encode([
    #{name => element(4, amqqueue:get_name(Queue)), members => Members(amqqueue:get_type_state(Queue)),
      leader => Leader(amqqueue:get_pid(Queue))}
    || Queue <- rabbit_amqqueue:list(), amqqueue:get_type(Queue) =/= rabbit_classic_queue])]).
"""
# A node counts among the running ones before its broker does: that one may still be starting.
_RUNNING: Final = "length([Node || Node <- rabbit_nodes:all_running(), rabbit:is_running(Node)])."
# Who calls a node does it from an address of its own, so that a firewall knows its packets from those of others: the
# second and third node, and the rig when it asks for queues. The first node is the stack's own: it has everybody's.
_CALLS_FROM: Final = "127.0.1.{number}"
_RIG: Final = 100
_FLAGS: Final = "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS"
_RIG_FLAGS: Final = "RABBITMQ_CTL_ERL_ARGS"
_CALLING: Final = " -kernel inet_dist_connect_options [{{ip,{{{address}}}}}]"
# A stock nameko service declares plain queues, and one of these is gone for as long as its node is.
_OF_DEPARTMENTS: Final = "^evt-"
_ON_ALL_NODES: Final = json.dumps({"ha-mode": "all", "ha-sync-mode": "automatic"})
# Whoever hands in waits for five seconds for a primary: by itself one is missed for ten before another is elected, and
# who is elected first waits until it has heard from those it misses as well (a write for which a majority is waited
# for is with it already).
_SETTINGS: Final = {"electionTimeoutMillis": 3_000, "catchUpTimeoutMillis": 1_000}


@dataclass(frozen=True)
class Placed:
    """A replicated queue: on which nodes it is, and which of them leads."""

    name: str
    members: frozenset[str]
    leader: str


class Nodes:
    """The second and third nodes, under a supervisor of their own."""

    def __init__(self, run_dir: Path, first: Identity) -> None:
        self.run_dir = run_dir / "nodes"
        self._first_home, self._first = run_dir / "rabbitmq", first
        self._supervisor = Supervisor(self.run_dir)
        self._first_term = 0
        self.close()  # those that a broken-off run has left
        shutil.rmtree(self.run_dir, ignore_errors=True)
        (self.run_dir / "logs").mkdir(mode=0o700, parents=True)
        write_private(self.run_dir / IDENTITY, json.dumps(asdict(first)))  # by which `make clean` finds them
        taken = dict(first.ports)
        self._identities: dict[int, Identity] = {}
        for number in (2, 3):
            names = [f"{name}{number}" for name in ("rabbitmq", "rabbitmq-dist", "mongodb")]
            own = ports.choose(names, taken)
            taken |= own
            renamed = {name.removesuffix(str(number)): port for name, port in own.items()}
            self._identities[number] = replace(first, name=f"{first.name}-{number}", ports={**first.ports, **renamed})

    @property
    def names(self) -> list[str]:
        """What they are called."""
        return [f"{server}{number}" for number in self._identities for server in ("rabbitmq", "mongodb")]

    @property
    def amqp_uri(self) -> str:
        """All brokers, in the order in which they are tried."""
        return ";".join(rabbitmq.uri(one) for one in (self._first, *self._identities.values()))

    @property
    def mongo_uri(self) -> str:
        """All members of the set."""
        hosts = ",".join(self._hosts())
        return f"mongodb://{hosts}/?replicaSet={mongodb.REPLICA_SET}"

    def up(self) -> None:
        """Start them, join them, and wait until all are members."""
        self._supervisor.configure(self._programs())
        self._supervisor.launch(_SECONDS)
        self._supervisor.start([state.key for state in self._supervisor.states()])
        self._join_brokers()
        self._join_databases()
        self.await_whole()
        self._first_term = int(self._set_status()["term"])

    def await_whole(self) -> None:
        """Until every broker runs and two databases follow the third. Raises TimeoutError."""
        if not self.is_whole(within=_WHOLE_SECONDS):
            raise TimeoutError("the cluster does not become whole again")

    def is_whole(self, within: float) -> bool:
        """Whether it comes to that in so many seconds."""
        return wait_until(lambda: self._brokers_run() and self._databases_follow(), within)

    def queues(self, without: str = "") -> list[Placed]:
        """Every replicated queue, as a broker that answers has it, `without` one. Raises TimeoutError."""
        found: list[Placed] = []
        asked = [number for number, name in enumerate(BROKERS, 1) if name != without]

        def ask() -> bool:
            for number in asked:
                with suppress(RuntimeError, subprocess.TimeoutExpired):
                    found[:] = _placed(self._alarms(number, {_RIG_FLAGS: _calling(_RIG)}))
                    return True
            return False

        if not wait_until(ask, _SECONDS):
            raise TimeoutError("no broker answers")
        return found

    def node_name(self, broker: str) -> str:
        """What the cluster calls a broker."""
        return f"{self._identity(_number(broker)).name}@localhost"

    def lines_of(self, broker: str) -> list[str]:
        """What packets between a broker and the two others are like, in nft's words."""
        number, port = _number(broker), self._identity(_number(broker)).ports["rabbitmq-dist"]
        to_it = [f"tcp dport {port}", f"tcp sport {port}"]
        if number in self._identities:
            address = _CALLS_FROM.format(number=number)
            return [*to_it, f"ip saddr {address}", f"ip daddr {address}"]
        others = ", ".join(str(one.ports["rabbitmq-dist"]) for one in self._identities.values())
        return [
            *to_it,
            f"ip saddr {LOOPBACK} tcp dport {{ {others} }}",
            f"ip daddr {LOOPBACK} tcp sport {{ {others} }}",
        ]

    def primary(self) -> str:
        """Which database is primary; empty when none is."""
        members = self._set_status()["members"]
        return next((name for name, one in zip(DATABASES, members, strict=True) if one["stateStr"] == "PRIMARY"), "")

    def elections(self) -> int:
        """How many times a primary was elected since the set was whole for the first time."""
        return int(self._set_status()["term"]) - self._first_term

    def kill(self, program: str, number: signal.Signals = signal.SIGKILL) -> None:
        """Signal one of them; its supervisor starts it anew."""
        pid = self._state(program).pid
        if pid:
            processes.send_group(pid, number)
            if number is signal.SIGKILL:
                wait_until(lambda: not processes.exists(pid), _SECONDS)

    def pid(self, program: str) -> int:
        """The process of one of them; 0 while it does not run."""
        return self._state(program).pid

    def stop(self, program: str) -> None:
        """Stop one of them, until `start`."""
        self._supervisor.stop([self._state(program).key])

    def start(self, program: str) -> None:
        """Start it again."""
        self._supervisor.start([self._state(program).key])

    def close(self) -> None:
        """Leave nothing behind."""
        if self._supervisor.running():
            self._supervisor.stop([state.key for state in self._supervisor.states()])
            self._supervisor.shutdown()
        processes.end_members(self.run_dir)
        self._supervisor.forget()

    def _programs(self) -> list[Program]:
        found = []
        for number, own in self._identities.items():
            home = self.run_dir / str(number)
            rabbitmq.prepare(home, own)
            mongodb.prepare(home)
            cookie = home / "rabbitmq" / ".erlang.cookie"
            shutil.copy(self._first_home / ".erlang.cookie", cookie)
            cookie.chmod(0o400)
            broker = rabbitmq.rabbitmq(home, own, of_cluster=True)
            broker = replace(broker, env={**broker.env, _FLAGS: broker.env[_FLAGS] + _calling(number)})
            both = broker, mongodb.mongodb(home, own, test_commands=False, of_cluster=True)
            found += [replace(program, name=f"{program.name}{number}") for program in both]
        return found

    def _join_brokers(self) -> None:
        for number in self._identities:
            node = self._alarms(number)
            wait_until(partial(_answers, node), _SECONDS)
            for words in (("stop_app",), ("join_cluster", f"{self._first.name}@localhost"), ("start_app",)):
                node.order(*words)
        with suppress(RuntimeError):  # 4.x knows no such policy
            self._alarms(1).order("set_policy", "departments", _OF_DEPARTMENTS, _ON_ALL_NODES, "--apply-to", "queues")

    def _join_databases(self) -> None:
        with self._client(self._hosts()[0]) as client:
            config = client.admin.command("replSetGetConfig")["config"]
            config["members"] = [{"_id": place, "host": host} for place, host in enumerate(self._hosts())]
            config["settings"] |= _SETTINGS
            for count in (2, 3):  # one more at a time, when all know of the one before: the set allows no other way
                step = {**config, "version": config["version"] + count, "members": config["members"][:count]}
                if not wait_until(partial(_reconfigured, client, step), _SECONDS):
                    raise TimeoutError("a database does not join the set")

    def _brokers_run(self) -> bool:
        try:
            running = self._alarms(2).order("eval", _RUNNING)
        except RuntimeError:
            return False
        return running.strip() == str(len(BROKERS))

    def _databases_follow(self) -> bool:
        """Whether one leads, and the others have what it wrote since it was elected.

        One that is still looking for whom to follow confirms nothing: with it and without another there is no majority.
        """
        try:
            status = self._set_status()
        except PyMongoError:
            return False
        members = status["members"]
        states = sorted(one["stateStr"] for one in members)
        return states == ["PRIMARY", "SECONDARY", "SECONDARY"] and all(
            one["optime"]["t"] == status["term"] for one in members
        )

    def _set_status(self) -> dict[str, Any]:
        """What the set's primary, or whoever will be, says of all members. Raises PyMongoError."""
        with self._client() as client:
            status: dict[str, Any] = client.admin.command("replSetGetStatus")
        return status

    def _client(self, host: str = "") -> MongoClient[dict[str, Any]]:
        uri = f"mongodb://{host}/?directConnection=true" if host else self.mongo_uri
        return MongoClient(uri, serverSelectionTimeoutMS=5_000)

    def _hosts(self) -> list[str]:
        return [f"{LOOPBACK}:{one.ports['mongodb']}" for one in (self._first, *self._identities.values())]

    def _alarms(self, number: int, flags: Mapping[str, str] | None = None) -> Alarms:
        home = self.run_dir / str(number) if number in self._identities else self._first_home.parent
        return Alarms({**rabbitmq.rabbitmq(home, self._identity(number)).env, **(flags or {})})

    def _identity(self, number: int) -> Identity:
        return self._identities.get(number, self._first)

    def _state(self, program: str) -> ProcessState:
        return next(state for state in self._supervisor.states() if state.program == program)


class ClusterStage(Stage):
    """A stack on a cluster of three; no lines of ours, for members name each other by their own addresses."""

    has_lines = False
    of_cluster = True

    def __init__(self, run_dir: Path, env: Mapping[str, str] | None = None) -> None:
        super().__init__(run_dir, env)
        self.nodes = Nodes(self.run_dir, self.known)
        self.logs.append(self.nodes.run_dir / "logs")
        addresses = {"MOTCUA_AMQP_URI": self.nodes.amqp_uri, "MOTCUA_MONGO_URI": self.nodes.mongo_uri}
        self.stack = self._stack({**self.chosen, **addresses})

    def up(self) -> None:
        """The servers first, then the others join, so that every queue and write has three places from the first."""
        if not self.is_open:
            self.stack.up(SERVERS)
            self.nodes.up()
        self.await_whole()
        super().up()

    def await_whole(self) -> None:
        """Until all three of each have. Raises TimeoutError."""
        self.nodes.await_whole()

    def is_whole(self, within: float) -> bool:
        """Whether all three of each have in so many seconds."""
        return self.nodes.is_whole(within)

    def keeper(self, program: str) -> Any:
        """Who keeps a program running."""
        return self.nodes if program in self.nodes.names else super().keeper(program)

    def close(self) -> None:
        """Leave nothing behind."""
        self.nodes.close()
        super().close()


def _calling(number: int) -> str:
    return _CALLING.format(address=_CALLS_FROM.format(number=number).replace(".", ","))


def _number(broker: str) -> int:
    return int(broker.removeprefix("rabbitmq") or 1)


def _placed(node: Alarms) -> list[Placed]:
    """As one broker knows it, without asking others: a frozen one would never answer it."""
    printed = node.order("eval", _LOOK).rpartition("\n")[0].partition("\n")[0]
    return [Placed(row["name"], frozenset(row["members"]), row["leader"]) for row in json.loads(printed)]


def _reconfigured(client: MongoClient[dict[str, Any]], config: dict[str, Any]) -> bool:
    try:
        client.admin.command("replSetReconfig", config)
    except PyMongoError:
        return False
    return True


def _answers(node: Alarms) -> bool:
    try:
        node.order("await_startup", "--timeout", "5")
    except (RuntimeError, OSError, subprocess.TimeoutExpired):
        return False
    return True
