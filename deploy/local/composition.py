"""Which programs a stack has, and in which order they start."""

import json
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from deploy.local import environment, mongodb, rabbitmq
from deploy.local.identity import Identity
from deploy.local.ports import LOOPBACK
from deploy.local.programs import ROOT, Program, http_answers

SERVERS = ("epmd", "rabbitmq", "mongodb")
SANDBOX = ("gateway", "mailbox", "oidc")
SERVICES = ("intake", "routing", "payment", "notify", "registry")
SERVICE_DOORS = ("intake-http", "payment-http", "registry-http")  # of services, with a relay of their own
DOORS = (*SERVICE_DOORS, "portal-http")
ALL = (*SERVERS, *SANDBOX, *SERVICES, *DOORS)

_WORKER = "services.chassis.patience.Worker"  # gunicorn's worker of threads, with an end to every wait

_ACCOUNTS = Path(__file__).parent.parent / "sandbox" / "accounts.json"

# Each step answers before the next one starts; they stop the other way round.
STEPS = (("epmd",), ("rabbitmq", "mongodb"), (*SANDBOX, *SERVICES, *DOORS))


@dataclass(frozen=True)
class Plan:
    """What the caller of a stack chose: variables, processes a service or door, and how to ask a service.

    `code` is the folder that services and doors run in, and so the release that they run: each the one that it is
    when the process starts, should it be a link that is changed later. `of_cluster`: others are to join its servers.
    """

    env: Mapping[str, str] = field(default_factory=dict)
    ready: Callable[[str, dict[str, str]], bool] | None = None
    scale: Mapping[str, int] = field(default_factory=dict)
    test_commands: bool = False
    of_cluster: bool = False
    code: Path = ROOT


def with_needs(names: Iterable[str]) -> frozenset[str]:
    """The named programs and what they cannot do without; ValueError for a name there is not."""
    wanted = frozenset(names)
    if unknown := wanted.difference(ALL):
        raise ValueError(f"no such program: {', '.join(sorted(unknown))}; there are: {', '.join(ALL)}")
    if wanted.intersection((*SERVICES, *DOORS)):
        return wanted.union(SERVERS)
    return wanted | {"epmd"} if "rabbitmq" in wanted else wanted


def check_scale(scale: Mapping[str, int]) -> None:
    """ValueError for what cannot have several processes, and for less than one."""
    if unscalable := set(scale).difference((*SERVICES, *DOORS)):
        raise ValueError(f"only services and doors have several processes, not: {', '.join(sorted(unscalable))}")
    if few := sorted(name for name, count in scale.items() if count < 1):
        raise ValueError(f"one process at least, also of: {', '.join(few)}")


def compose(run_dir: Path, identity: Identity, plan: Plan) -> dict[str, Program]:
    """Every program of the stack by name."""
    check_scale(plan.scale)
    env = environment.for_services(run_dir, identity, plan.env)
    sandbox_env = environment.for_sandbox(run_dir, identity, plan.env)
    programs = [
        rabbitmq.epmd(identity),
        rabbitmq.rabbitmq(run_dir, identity, of_cluster=plan.of_cluster),
        mongodb.mongodb(run_dir, identity, test_commands=plan.test_commands, of_cluster=plan.of_cluster),
        *(_counterpart(name, identity.ports[name], sandbox_env) for name in SANDBOX if name != "oidc"),
        _provider(identity.ports["oidc"]),
        *(_service(name, env, plan) for name in SERVICES),
        *(_door(name, identity.ports[name], env, plan) for name in DOORS),
    ]
    return {program.name: program for program in programs}


def _counterpart(name: str, port: int, env: Mapping[str, str]) -> Program:
    command = (sys.executable, "-m", f"deploy.sandbox.{name}")
    return Program(name, command, http_answers(port, "/health"), env, address=f"http://{LOOPBACK}:{port}")


def _provider(port: int) -> Program:
    """The OpenID provider of the sandbox, a program of others, and the people that it knows."""
    people = json.loads(_ACCOUNTS.read_text(encoding="utf-8"))
    known = [part for person in people for part in ("--user-claims", json.dumps(person, ensure_ascii=False))]
    command = (sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "--port", str(port), *known)
    answers = http_answers(port, "/.well-known/openid-configuration")
    return Program("oidc", command, answers, {}, address=f"http://{LOOPBACK}:{port}")


def _service(name: str, env: dict[str, str], plan: Plan) -> Program:
    command = (sys.executable, "-m", f"services.{name}")
    answers = partial(plan.ready, name, env) if plan.ready else None
    return Program(name, command, answers, env, plan.code, processes=plan.scale.get(name, 1))


def _door(name: str, port: int, env: Mapping[str, str], plan: Plan) -> Program:
    """Several processes of a door share one listening socket, which is none's own: whichever ends, nobody is refused.

    gunicorn's `--reuse-port` gives each worker a socket of its own: who stands in the queue of one that ends is cut
    off, and who is put into that of one that has not loaded its code yet waits, while others could have served him.
    """
    host, processes = f"{LOOPBACK}:{port}", plan.scale.get(name, 1)
    shared = host if processes > 1 else ""
    command = (
        *(sys.executable, "-m", "gunicorn", "--worker-class", _WORKER, "--threads", "32", "--workers", "1"),
        # gunicorn would else put one control socket a user into the home directory, the same for every door
        *("--bind", "fd://0" if shared else host, "--no-control-socket", "--graceful-timeout", "25"),
        f"services.{name.removesuffix('-http')}.http:create_app()",
    )
    answers = http_answers(port, "/health/ready")
    return Program(name, command, answers, env, plan.code, f"http://{host}", processes, shared)
