"""A private RabbitMQ node: its own name, ports, user and data, apart from any system service."""

import os
import re
import shutil
import socket
from pathlib import Path
from typing import Final

from kombu import Connection
from kombu.exceptions import KombuError

from deploy.local.identity import Identity, write_private
from deploy.local.ports import LOOPBACK
from deploy.local.programs import Program, StackError

USER = "motcua"
_PACKAGE = "/usr/lib/rabbitmq/lib"
_PROBE_SECONDS = 3.0
_SCRIPT = "sbin/rabbitmq-server"

# Above this a broker takes nothing, nor does any other of its cluster. One that came back under load was seen to need
# more than 512 MB for half a minute.
MOST_MEMORY: Final = "1GB"
LEAST_DISK: Final = "200MB"

# Written to be valid on 3.10 and on 4.x. A message may have 16 MiB, as on 4.x by default: a service refuses what is
# too long by name, which the broker cannot, so its own limit lies below. Others may join the node: whoever is cut off
# from the majority stops until the cut is over, one that stands still is missed soon, though not before its heart would
# end it (below), and not all queues have their leaders in one place.
_CONF = """\
listeners.tcp.local = {host}:{port}
default_user = {user}
default_pass = {password}
heartbeat = 20
max_message_size = 16777216
consumer_timeout = 900000
collect_statistics = coarse
vm_memory_high_watermark.absolute = {memory}
disk_free_limit.absolute = {disk}
net_ticktime = 13
cluster_partition_handling = pause_minority
queue_leader_locator = balanced
raft.wal_max_size_bytes = 64000000
log.file = false
log.console = true
log.console.level = info
log.connection.level = warning
"""

# A queue that dead-letters at least once waits for the other queue's confirm. One that a change of leaders lost is
# missed after three minutes, unless told otherwise here: so long would a message rest on a rung of one second.
_ADVANCED_CONF = "[{rabbit, [{dead_letter_worker_publisher_confirm_timeout, 15000}]}].\n"

# Idle schedulers sleep instead of spinning, two are enough for one machine, and the ports by which
# Erlang nodes talk to each other stay on loopback.
_ERLANG_FLAGS = "-noinput -kernel inet_dist_use_interface {127,0,0,1} +sbwt none +sbwtdcpu none +sbwtdio none +S 2:2"

# A node that stood still for longer than its others wait is apart from them when it wakes, and does not know: its own
# clients' lines stand, and what it has of users and queues is old. So Erlang's heart, a process beside it, ends it
# after eleven seconds (its least) without a beat, or as soon as both wake; it is started anew and joins in order.
# Without a command to call, a heart would only end itself. The others miss it after twelve to fourteen seconds, not
# before: who was missed must not wake. (By itself a node misses another a quarter of the time sooner or later.)
_CLUSTER_FLAGS = " -heart -kernel net_tickintensity 13"
_HEART = {"HEART_BEAT_TIMEOUT": "11", "HEART_COMMAND": "true"}


def uri(identity: Identity) -> str:
    """The address for clients."""
    return f"amqp://{USER}:{identity.amqp_password}@{LOOPBACK}:{identity.ports['rabbitmq']}//"


def epmd(identity: Identity) -> Program:
    """The Erlang port mapper of this node alone, in the foreground."""
    port = identity.ports["epmd"]
    command = (_executable("epmd"), "-address", LOOPBACK, "-port", str(port))
    return Program("epmd", command, lambda: _lists_names(port), address=f"{LOOPBACK}:{port}")


def rabbitmq(run_dir: Path, identity: Identity, *, of_cluster: bool = False) -> Program:
    """The broker; it answers when an AMQP handshake with the stack's own user succeeds.

    One `of_cluster` ends rather than wakes, should it stand still; one alone goes on where it stood.
    """
    return Program(
        "rabbitmq",
        (str(find_script()),),
        lambda: _shakes_hands(identity),
        env=_environment(run_dir / "rabbitmq", identity, of_cluster),
        directory=run_dir / "rabbitmq",
        address=f"amqp://{LOOPBACK}:{identity.ports['rabbitmq']}",
    )


def prepare(run_dir: Path, identity: Identity) -> None:
    """Writes the node's configuration."""
    home = run_dir / "rabbitmq"
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    conf = _CONF.format(
        host=LOOPBACK,
        port=identity.ports["rabbitmq"],
        user=USER,
        password=identity.amqp_password,
        memory=MOST_MEMORY,
        disk=LEAST_DISK,
    )
    write_private(home / "rabbitmq.conf", conf)
    write_private(home / "advanced.config", _ADVANCED_CONF)
    write_private(home / "rabbitmq-env.conf", "")
    write_private(home / "enabled_plugins", "[].\n")


def find_script() -> Path:
    """The server's own start script: the wrapper that packages put on PATH changes the user."""
    packaged = sorted(Path(_PACKAGE).glob(f"rabbitmq_server-*/{_SCRIPT}"), key=_version)
    if packaged:
        return packaged[-1]
    return Path(_executable("rabbitmq-server")).resolve()


def _version(script: Path) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", script.parents[1].name)]


def _executable(name: str) -> str:
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if found is None:
        raise StackError(f"{name} is missing: RabbitMQ 3.10 or later is needed. Type: make setup")
    return found


def _environment(home: Path, identity: Identity, of_cluster: bool) -> dict[str, str]:
    return {
        "HOME": str(home),
        # Epmd is a program of the stack: one that the node (or a child of it) starts itself would outlive it.
        "ERL_AFLAGS": "-start_epmd false",
        "ERL_CRASH_DUMP_SECONDS": "0",  # a dump would hold what the messages hold
        "ERL_EPMD_ADDRESS": LOOPBACK,
        "ERL_EPMD_PORT": str(identity.ports["epmd"]),
        # With input "allowed" the script becomes the Erlang machine instead of a shell that waits for it,
        # so the supervisor's signals reach the node itself.
        "RABBITMQ_ALLOW_INPUT": "1",
        "RABBITMQ_ADVANCED_CONFIG_FILE": str(home / "advanced.config"),
        "RABBITMQ_CONFIG_FILE": str(home / "rabbitmq.conf"),
        "RABBITMQ_CONFIG_FILES": str(home / "conf.d"),
        "RABBITMQ_CONF_ENV_FILE": str(home / "rabbitmq-env.conf"),
        "RABBITMQ_DIST_PORT": str(identity.ports["rabbitmq-dist"]),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(home / "enabled_plugins"),
        "RABBITMQ_LOG": "-color",
        "RABBITMQ_LOG_BASE": str(home / "log"),
        "RABBITMQ_MNESIA_BASE": str(home / "mnesia"),
        "RABBITMQ_NODENAME": f"{identity.name}@localhost",
        "RABBITMQ_NODE_IP_ADDRESS": LOOPBACK,
        "RABBITMQ_NODE_PORT": str(identity.ports["rabbitmq"]),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": _ERLANG_FLAGS + (_CLUSTER_FLAGS if of_cluster else ""),
        **(_HEART if of_cluster else {}),
    }


def _lists_names(port: int) -> bool:
    try:
        with socket.create_connection((LOOPBACK, port), timeout=_PROBE_SECONDS) as connection:
            connection.sendall(b"\0\1n")  # one byte follows: n, the request for names
            return bool(connection.recv(4))
    except OSError:
        return False


def _shakes_hands(identity: Identity) -> bool:
    try:
        with Connection(uri(identity), connect_timeout=_PROBE_SECONDS) as connection:
            connection.ensure_connection(max_retries=1, interval_start=0, interval_step=0)
    except (OSError, KombuError):
        return False
    return True
