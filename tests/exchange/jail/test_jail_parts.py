"""What a jail is made of: counts, names, interpreters, certificates."""

from __future__ import annotations

import errno
import sys
from pathlib import Path

import pytest

from pytest_soak.exchange.jail.bundle import trusted_by, write_bundle
from pytest_soak.exchange.jail.interpreter import around, interpreter
from pytest_soak.exchange.jail.names import naming
from pytest_soak.exchange.jail.outside import Outside
from pytest_soak.exchange.jail.traffic import packets, refused, refused6

DEV = """Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop
    lo:    1000      12    0    0    0     0          0         0     1000      13    0    0
  eth0:       0       1    0    0    0     0          0         0        0       0    0    0
"""
SNMP = """Ip: Forwarding DefaultTTL InReceives OutNoRoutes ReasmTimeout
Ip: 2 64 31 7 0
Icmp: InMsgs InErrors
Icmp: 3 0
"""
CERTIFICATE = b"-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n"


def test_packets_by_interface() -> None:
    assert packets(DEV) == {"lo": 25, "eth0": 1}


def test_what_was_to_go_where_no_way_leads() -> None:
    assert refused(SNMP) == 7


def test_of_ipv6_too_where_the_kernel_speaks_it() -> None:
    assert refused6("Ip6InReceives   \t12\nIp6OutNoRoutes  \t3\n") == 3
    assert refused6("") == 0


def test_names_are_found_in_files_alone() -> None:
    texts = naming(("api.bybit.com",))
    assert "127.0.0.1 api.bybit.com\n" in texts["/etc/hosts"]
    lines = [line for line in texts["/etc/nsswitch.conf"].splitlines() if "hosts" in line]
    assert lines == ["hosts: files"]


def program(path: Path, text: str) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return str(path)


@pytest.mark.skipif(sys.platform == "win32", reason="scripts are programs of another kind")
def test_the_python_of_a_command(tmp_path: Path) -> None:
    python = program(tmp_path / "venv" / "bin" / "python3.11", "")
    env = {"PATH": str(tmp_path / "venv" / "bin")}
    script = program(tmp_path / "venv" / "bin" / "freqtrade", f"#!{python} -s\n")
    program(tmp_path / "run.py", "#!/usr/bin/env -S A=b python3.11 -u\n")
    shell = program(tmp_path / "run.sh", "#!/bin/sh\n")
    for command in ([python], ["python3.11"], ["freqtrade", "trade"], [script], ["./run.py"]):
        assert interpreter(command, env, tmp_path) == python, command
    text = program(tmp_path / "text", f"  {python}\n")
    for command in ([shell], [text], ["no-such"], ["./no-such"], [str(tmp_path)]):
        assert interpreter(command, env, tmp_path) is None, command


@pytest.mark.skipif(sys.platform == "win32", reason="scripts are programs of another kind")
def test_the_pythons_that_a_shell_script_may_start(tmp_path: Path) -> None:
    own = program(tmp_path / ".venv" / "bin" / "python", "")
    named = program(tmp_path / "env" / "bin" / "python", "")
    found = list(around({"VIRTUAL_ENV": str(tmp_path / "env"), "PATH": ""}, tmp_path))
    assert found == [named, own]


def test_only_files_of_certificates_are_stood_before(tmp_path: Path) -> None:
    good = tmp_path / "good.pem"
    good.write_bytes(CERTIFICATE)
    other = tmp_path / "other.txt"
    other.write_text("not one")
    said = [str(good), str(other), "relative.pem", str(tmp_path), 7]
    answers = f"import json; print('noise'); print(json.dumps({said!r}))"

    def inside(command: object) -> list[str]:
        return [sys.executable, "-I", "-S", "-c", answers]

    assert trusted_by(["python"], {}, tmp_path, inside) == [str(good)]


@pytest.mark.parametrize("answers", ["", "print('{')", "print(1)", "raise SystemExit(1)"])
def test_a_python_that_does_not_answer_trusts_nothing(tmp_path: Path, answers: str) -> None:
    def inside(command: object) -> list[str]:
        return [sys.executable, "-I", "-S", "-c", answers]

    assert trusted_by(["python"], {}, tmp_path, inside) == []
    assert trusted_by(["python"], {}, tmp_path, lambda command: [str(tmp_path / "none")]) == []


def test_the_bundle_is_what_is_trusted_and_one_more(tmp_path: Path) -> None:
    known, own, bundle = (tmp_path / name for name in ("known.pem", "own.pem", "bundle.pem"))
    known.write_bytes(b"# theirs\n" + CERTIFICATE)
    own.write_bytes(CERTIFICATE)
    write_bundle(bundle, [str(known), "not-read.pem"], own)
    assert bundle.read_bytes() == b"# theirs\n" + CERTIFICATE + CERTIFICATE
    write_bundle(bundle, [], own)
    assert bundle.read_bytes() == CERTIFICATE


@pytest.mark.skipif(sys.platform != "linux", reason="namespaces are Linux's")
def test_that_no_more_namespaces_are_allowed_is_no_full_disk(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from pytest_soak.exchange.jail import users

    def none(flags: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "unshare")

    monkeypatch.setattr(users, "unshare", none)
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    with pytest.raises(OSError, match="no more namespaces are allowed") as error:
        users.leave()
    assert error.value.filename == "unshare"


def test_what_went_outside_in_words() -> None:
    assert str(Outside(packets=1, refused=0)) == "1 packet outside, 0 attempts refused"
    assert str(Outside(packets=None, refused=1)) == "packets outside not counted, 1 attempt refused"
