"""The parts of the local stack that need no server."""

import json
import socket
import stat
import subprocess
from configparser import RawConfigParser
from dataclasses import asdict
from pathlib import Path

import pytest

from deploy.local import environment, ports, supervisor_conf
from deploy.local.composition import ALL, DOORS, SERVERS, SERVICES, STEPS, Plan, compose, with_needs
from deploy.local.identity import recall, settle
from deploy.local.programs import Program


@pytest.fixture(autouse=True)
def servers_are_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOTCUA_MONGOD", "/opt/mongod")
    monkeypatch.setattr("deploy.local.rabbitmq._executable", lambda name: f"/opt/{name}")


def test_a_stack_keeps_its_ports_and_passwords(tmp_path: Path) -> None:
    first = settle(tmp_path)
    assert settle(tmp_path) == first == recall(tmp_path)


def test_a_port_that_somebody_else_took_is_replaced_and_the_others_stay(tmp_path: Path) -> None:
    first = settle(tmp_path)
    with socket.socket() as squatter:
        squatter.bind((ports.LOOPBACK, first.ports["mongodb"]))
        squatter.listen()
        second = settle(tmp_path)
    assert {name for name in first.ports if first.ports[name] != second.ports[name]} == {"mongodb"}


def test_ports_are_never_among_those_the_kernel_lends_to_clients() -> None:
    chosen = ports.choose(["one", "two", "three"], {})
    assert len(set(chosen.values())) == 3
    assert set(chosen.values()) <= set(ports.outside_ephemeral())


def test_files_with_passwords_are_for_their_owner_only(tmp_path: Path) -> None:
    identity = settle(tmp_path)
    environment.write(tmp_path, environment.for_services(tmp_path, identity, {}))
    for name in ("identity.json", "env"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600


def test_what_an_identity_of_an_earlier_release_lacks_is_made_once(tmp_path: Path) -> None:
    file, known = tmp_path / "identity.json", asdict(settle(tmp_path))
    file.write_text(json.dumps({name: value for name, value in known.items() if name != "webhook_key"}))
    first, second = recall(tmp_path), recall(tmp_path)
    assert first is not None
    assert first.webhook_key
    assert (first, asdict(first) | {"webhook_key": None}) == (second, known | {"webhook_key": None})


@pytest.mark.parametrize("note", ["a=b; c # d", "it's $HOME & `id`", 'a "b" \\c', "", "  two  blanks "])
def test_the_environment_is_read_back_as_it_was_written_also_by_a_shell(tmp_path: Path, note: str) -> None:
    values = environment.for_services(tmp_path, settle(tmp_path), {"PAYMENT_NOTE": note})
    environment.write(tmp_path, values)
    assert environment.read(tmp_path) == values
    told = subprocess.run(
        ["sh", "-c", "set -a; . ./env; exec env -0"], cwd=tmp_path, env={"PATH": "/usr/bin:/bin"}, capture_output=True
    )
    assert told.stderr == b""
    seen = dict(line.split("=", 1) for line in told.stdout.decode().split("\0") if line)
    assert {name: seen.get(name) for name in values} == values


def test_a_value_of_two_lines_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="PAYMENT_KEY"):
        environment.write(tmp_path, {"PAYMENT_KEY": "one\ntwo"})


def test_the_counterparts_get_the_same_secret_and_none_of_the_product_variables(tmp_path: Path) -> None:
    identity = settle(tmp_path)
    services = environment.for_services(tmp_path, identity, {"SANDBOX_IPN_DELAYS": "0"})
    sandbox = environment.for_sandbox(tmp_path, identity, {"SANDBOX_IPN_DELAYS": "0"})
    assert sandbox["SANDBOX_GATEWAY_SECRET"] == services["PAYMENT_VNPAY_SECRET"]
    assert sandbox["SANDBOX_IPN_DELAYS"] == "0"
    assert all(name.startswith("SANDBOX_") for name in sandbox)
    assert not any(name.startswith("SANDBOX_") for name in services)


def test_every_program_has_one_place_in_the_order(tmp_path: Path) -> None:
    in_order = [name for step in STEPS for name in step]
    assert sorted(in_order) == sorted(ALL) == sorted(compose(tmp_path, settle(tmp_path), Plan()))


def test_services_bring_the_servers_with_them() -> None:
    assert with_needs(["intake"]) == {"intake", *SERVERS}
    assert with_needs(["rabbitmq"]) == {"rabbitmq", "epmd"}
    assert with_needs(["mailbox"]) == {"mailbox"}
    with pytest.raises(ValueError, match="inteak"):
        with_needs(["inteak"])


def test_a_scaled_service_has_one_log_a_process(tmp_path: Path) -> None:
    cast = compose(tmp_path, settle(tmp_path), Plan(scale={"intake": 4}))
    conf = parse(supervisor_conf.render(tmp_path, tmp_path / "sock", cast.values()))
    assert conf["program:intake"]["numprocs"] == "4"
    assert conf["program:intake"]["stdout_logfile"].endswith("intake-%(process_num)d.log")
    assert conf["program:routing"]["stdout_logfile"].endswith("routing.log")


def test_every_log_is_turned_over_before_it_is_large_and_few_of_them_are_kept(tmp_path: Path) -> None:
    cast = compose(tmp_path, settle(tmp_path), Plan(scale={"intake": 2, "intake-http": 2}))
    conf = parse(supervisor_conf.render(tmp_path, tmp_path / "sock", cast.values()))
    logs = {name: conf[name] for name in conf.sections() if "program" in name}
    assert {name.partition(":")[2] for name in logs} == set(ALL)
    for name, log in logs.items():
        kept = (log["stdout_logfile_maxbytes"], log["stdout_logfile_backups"], log["redirect_stderr"])
        assert kept == ("10MB", "3", "true"), name
        assert Path(log["stdout_logfile"]).parent == tmp_path / "logs", name
        assert not [option for option in log if option.startswith("stderr_")], name
    own = conf["supervisord"]
    assert (own["logfile_maxbytes"], own["logfile_backups"]) == ("5MB", "1")


def test_processes_of_one_door_share_a_socket_that_is_none_of_theirs(tmp_path: Path) -> None:
    identity = settle(tmp_path)
    cast = compose(tmp_path, identity, Plan(scale={"intake-http": 2}))
    conf = parse(supervisor_conf.render(tmp_path, tmp_path / "sock", cast.values()))
    address = f"{ports.LOOPBACK}:{identity.ports['intake-http']}"
    assert conf["fcgi-program:intake-http"]["socket"] == f"tcp://{address}"
    assert "--bind fd://0 " in conf["fcgi-program:intake-http"]["command"]
    assert conf["fcgi-program:intake-http"]["numprocs"] == "2"
    assert f"--bind {ports.LOOPBACK}:{identity.ports['payment-http']} " in conf["program:payment-http"]["command"]
    assert cast["intake-http"].address == f"http://{address}"


def test_services_and_doors_run_the_code_that_the_plan_names_and_nobody_else(tmp_path: Path) -> None:
    release = tmp_path / "release"
    cast = compose(tmp_path, settle(tmp_path), Plan(code=release))
    assert {name for name, program in cast.items() if program.directory == release} == {*SERVICES, *DOORS}


def test_only_services_and_doors_can_be_scaled(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="mongodb"):
        compose(tmp_path, settle(tmp_path), Plan(scale={"mongodb": 2}))


def test_percent_signs_reach_the_program_and_unquotable_values_are_refused(tmp_path: Path) -> None:
    program = Program("p", ("run", "50% of it"), None, env={"SECRET": "100%,(safe)"})
    conf = parse(supervisor_conf.render(tmp_path, tmp_path / "sock", [program]))
    assert conf["program:p"]["command"] == "run '50%% of it'"
    assert conf["program:p"]["environment"] == 'SECRET="100%%,(safe)"'
    for value in ('a"b', "a\nb", "a ;b", "a #b"):
        with pytest.raises(ValueError, match="cannot hold"):
            supervisor_conf.render(tmp_path, tmp_path / "sock", [Program("p", ("x",), None, env={"A": value})])


def parse(text: str) -> RawConfigParser:
    parser = RawConfigParser(inline_comment_prefixes=(";", "#"))
    parser.read_string(text)
    return parser
