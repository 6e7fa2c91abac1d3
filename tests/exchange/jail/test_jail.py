"""A jail: what can be reached in it, by whom, and that nothing outside of it is changed."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import certifi
import jails
import psutil
import pytest
import trustme

from pytest_soak.errors import SoakUsageError, TargetError
from pytest_soak.exchange.jail.isolation import Isolation
from pytest_soak.exchange.jail.jail import open_jail, probe
from pytest_soak.exchange.jail.names import BYBIT
from pytest_soak.exchange.jail.namespace import Namespace

HELD = probe() if sys.platform == "linux" else Isolation("shim", "no Linux")
namespaces = pytest.mark.skipif(HELD.level < 2, reason=str(HELD))
OTHER = "/usr/bin/python3"
"""An interpreter that every user may start."""
OF_HOST = ("/etc/hosts", "/etc/resolv.conf", "/etc/nsswitch.conf", certifi.where())


@pytest.fixture
def signed(tmp_path: Path) -> Path:
    """A folder with the certificates of a server of Bybit's names."""
    sign(tmp_path)
    return tmp_path


def sign(folder: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    leaf = authority.issue_cert(*BYBIT, "localhost", "127.0.0.1")
    leaf.private_key_and_cert_chain_pem.write_to_path(folder / "server.pem")


def digests() -> dict[str, str]:
    found = {path: Path(path) for path in OF_HOST if Path(path).exists()}
    return {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in found.items()}


@namespaces
def test_a_bot_reaches_the_exchange_by_its_name_and_nothing_else(signed: Path) -> None:
    before = digests()
    seen = jails.seen(signed)
    assert seen["answer"] == "b'hello'"
    assert (seen["address"], seen["datagram"], seen["name"]) == ("ENETUNREACH",) * 2 + ("unknown",)
    assert seen["certifi"] is True
    assert (seen["uid"], seen["folder"]) == (os.getuid(), str(signed))
    assert seen["isolation"] == "namespace"
    assert seen["outside"]["packets"] == 0
    assert seen["outside"]["interfaces"] == ["lo"]
    assert seen["outside"]["refused"] == 2
    assert seen["outside"]["inside"] > 10
    assert digests() == before


@namespaces
def test_a_python_that_a_script_starts_trusts_the_exchange_too(signed: Path) -> None:
    ask = "import certifi, os; print(certifi.where() == os.environ['SOAK_EXCHANGE_CA'])"
    script = signed / "run.sh"
    script.write_text(f'exec {sys.executable} -c "{ask}"')
    with open_jail(signed / "jail") as jail, jails.served(jail, signed) as venue:
        admitted = jail.admit(["sh", str(script)], {"PATH": os.defpath}, signed, venue)
        done = subprocess.run(
            admitted.command, env=admitted.env, capture_output=True, text=True, cwd=signed
        )
    assert done.stdout == "True\n", done.stderr


def may_other_run() -> bool:
    """Whether root can have another user start Python and read this package."""
    if sys.platform != "linux" or os.geteuid() != 0 or shutil.which("runuser") is None:
        return False
    asked = ["runuser", "-u", "nobody", "--", OTHER, "-c", f"open({jails.__file__!r})"]
    return subprocess.run(asked, capture_output=True).returncode == 0


@namespaces
@pytest.mark.skipif(not may_other_run(), reason="no other user who could run this")
def test_a_user_without_rights_is_held_as_well() -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        sign(folder)
        for path in (folder, *folder.iterdir()):
            shutil.chown(path, "nobody")
        command = ["runuser", "-u", "nobody", "--", OTHER, jails.__file__, name]
        env = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
        done = subprocess.run(command, capture_output=True, text=True, env=env)
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert (seen["answer"], seen["isolation"]) == ("b'hello'", "namespace")
    assert (seen["address"], seen["datagram"], seen["name"]) == ("ENETUNREACH",) * 2 + ("unknown",)
    assert seen["uid"] != 0


def test_the_shim_leads_to_the_exchange_and_counts_what_it_refuses(signed: Path) -> None:
    seen = jails.seen(signed, best="shim")
    assert seen["answer"] == "b'hello'"
    assert (seen["address"], seen["datagram"], seen["name"]) == ("ENETUNREACH",) * 2 + ("unknown",)
    assert seen["certifi"] is True
    assert seen["isolation"] == "shim"
    tried = [json.loads(line)["where"] for line in seen["outside"]["tried"]]
    assert tried == ["192.0.2.1:443", "192.0.2.1:53", "example.com"]
    assert (seen["outside"]["packets"], seen["outside"]["refused"]) == (None, 3)


GOES_AROUND = """
import json
def of(name):
    try:
        __import__(name)
    except ImportError as error:
        return str(error)
print(json.dumps({name: of(name) for name in ("aiodns", "uvloop", "nautilus_trader.live")}))
"""


def test_what_has_sockets_of_its_own_cannot_be_imported_under_the_shim(signed: Path) -> None:
    seen = jails.seen(signed, "shim", GOES_AROUND)
    for name in ("aiodns", "uvloop"):
        assert seen[name] == f"{name} has sockets of its own, which the import shim cannot hold"
    assert "cannot hold" in seen["nautilus_trader.live"]


def test_a_sitecustomize_of_the_bots_is_run_behind_the_shim(
    signed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (signed / "own").mkdir()
    (signed / "own" / "sitecustomize.py").write_text("import os; os.environ['OWN'] = 'here'")
    monkeypatch.setenv("PYTHONPATH", str(signed / "own"))
    program = "import json, os, socket; print(json.dumps({'own': os.environ['OWN']}))"
    assert jails.seen(signed, "shim", program)["own"] == "here"


def test_what_is_no_python_is_not_let_in_where_only_the_shim_holds(signed: Path) -> None:
    with open_jail(signed / "jail", best="shim") as jail, jails.served(jail, signed) as venue:
        with pytest.raises(SoakUsageError, match=r"sh is no Python program.*or run as root"):
            jail.admit(["sh", "-c", "true"], os.environ, signed, venue)
        admitted = jail.admit(["sh", "-c", "true"], os.environ, signed, venue, least="none")
    assert admitted.isolation.level == 0


def test_why_no_namespace_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*given: object, **named: object) -> None:
        raise TargetError("unshare: Operation not permitted")

    monkeypatch.setattr("pytest_soak.exchange.jail.jail.Namespace", forbidden)
    monkeypatch.setattr(sys, "platform", "linux")
    isolation = open_jail(tmp_path / "jail").isolation
    assert str(isolation) == "shim (no namespace: unshare: Operation not permitted)"
    assert isolation.level == 1


@namespaces
def test_a_namespace_that_does_not_hold_is_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pytest_soak.exchange.jail.namespace.BYBIT", ("elsewhere.test",))
    isolation = open_jail(tmp_path / "jail").isolation
    assert isolation.name == "shim"
    assert isolation.why.startswith("the namespace does not hold: api.bybit.com is ")


PARENT = """
import subprocess, sys, time
sys.path.append(sys.argv[1])
from pathlib import Path
from pytest_soak.exchange.jail.namespace import Namespace
held = Namespace(Path(sys.argv[2]), grace_seconds=0)
sleeps = "import os, time; os.setsid(); print(os.getpid(), flush=True); time.sleep(3600)"
command = held.command([sys.executable, "-I", "-S", "-c", sleeps])
children = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
pipe = held._keeper.stdin.fileno()
sleeps = "import time; time.sleep(3600)"
holder = subprocess.Popen([sys.executable, "-I", "-S", "-c", sleeps], pass_fds=[pipe])
said = (child.stdout.readline().strip() for child in children)
print(holder.pid, held._keeper.pid, *said, flush=True)
time.sleep(3600)
"""


@namespaces
def test_all_of_it_ends_with_its_parent(tmp_path: Path) -> None:
    here = str(Path(jails.__file__).parents[1])
    command = [sys.executable, "-I", "-S", "-c", PARENT, here, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pids = [int(word) for word in parent.stdout.readline().split()]
        holder, *started = [psutil.Process(pid) for pid in pids]
        parent.send_signal(signal.SIGKILL)
    assert len(started) == 3
    left = psutil.wait_procs(started, timeout=120)[1]
    holder.kill()  # which had kept a pipe open
    assert left == []


@namespaces
def test_what_left_its_parents_ends_when_the_jail_is_closed(tmp_path: Path) -> None:
    held = Namespace(tmp_path)
    daemon = "import os, time\nif os.fork() == 0:\n    os.setsid()\n    time.sleep(3600)"
    subprocess.run(held.command([sys.executable, "-I", "-S", "-c", daemon]), check=True)
    left = [
        process
        for process in psutil.process_iter(["cmdline"])
        if daemon in (process.info["cmdline"] or ())
    ]
    assert len(left) == 1
    assert held._asked({"end": True}) == {"left": []}
    assert psutil.wait_procs(left, timeout=120)[1] == []
    held.close()


@namespaces
def test_a_mortal_process_ends_with_who_started_it(tmp_path: Path) -> None:
    held = Namespace(tmp_path)
    try:
        sleeps = "import os, time; print(os.getpid(), flush=True); time.sleep(3600)"
        command = held.command([sys.executable, "-I", "-S", "-c", sleeps], mortal=True)
        starter = f"import subprocess, time; subprocess.Popen({command!r}); time.sleep(3600)"
        with subprocess.Popen(
            [sys.executable, "-c", starter], stdout=subprocess.PIPE, text=True
        ) as parent:
            assert parent.stdout is not None
            child = psutil.Process(int(parent.stdout.readline()))
            parent.kill()
        assert psutil.wait_procs([child], timeout=120)[1] == []
    finally:
        held.close()


WITHOUT_USERS = """
import json, sys
sys.path.append(sys.argv[1])
from pytest_soak.exchange.jail import kernel, traffic, users
def forbidden():
    raise PermissionError(1, "forbidden", "unshare")
users._into_own_users = forbidden
way = users.leave()
kernel.keep_mounts_private()
kernel.raise_loopback()
kernel.put_over(sys.argv[2], "/etc/hosts")
print(json.dumps([way, open("/etc/hosts").read(), list(traffic.counted()["packets"])]))
"""


@namespaces
@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="needs to be root")
def test_root_does_without_user_namespaces_where_they_are_forbidden(tmp_path: Path) -> None:
    before, own = digests(), tmp_path / "hosts"
    own.write_text("ours")
    here = str(Path(jails.__file__).parents[1])
    command = [sys.executable, "-I", "-S", "-c", WITHOUT_USERS, here, str(own)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert json.loads(done.stdout or "[]") == ["root", "ours", ["lo"]], done.stderr
    assert digests() == before


@namespaces
def test_what_it_cannot_start_is_said(tmp_path: Path) -> None:
    held = Namespace(tmp_path)
    try:
        done = subprocess.run(held.command(["no-such-bot"]), capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (127, "no-such-bot: No such file or directory\n")
        os.kill(held._keeper.pid, signal.SIGKILL)
        held._keeper.wait()
        done = subprocess.run(held.command(["true"]), capture_output=True, text=True)
        assert done.returncode == 126
        assert "the jail cannot be entered" in done.stderr
        with pytest.raises(TargetError, match="ended from outside"):
            held.outside()
    finally:
        held.close()


WAYS_OUT = """
import ctypes, errno, json, os, socket
libc, found = ctypes.CDLL(None, use_errno=True), {}
for name in ("1", str(os.getppid())):
    try:
        left = libc.setns(os.open(f"/proc/{name}/ns/net", os.O_RDONLY), 0) == 0
    except OSError:
        left = False
    found[f"setns {len(found)}"] = left
with socket.socket(socket.AF_UNIX) as unix:
    found["abstract"] = unix.connect_ex("\\0pytest-soak-outside") == 0
for family, there in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(family, kind) as outward:
            found[f"{there} {kind}"] = outward.connect_ex((there, 443)) == 0
found["descriptors"] = any(os.path.exists(f"/proc/self/fd/{n}") for n in range(3, 64))
print(json.dumps(found))
"""


@namespaces
def test_no_way_leads_out_and_each_attempt_is_counted(tmp_path: Path) -> None:
    outside = socket.socket(socket.AF_UNIX)
    outside.bind("\0pytest-soak-outside")
    outside.listen()
    with outside, open_jail(tmp_path / "jail") as jail:
        command = jail.command([OTHER, "-I", "-S", "-c", WAYS_OUT], mortal=True)
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        found = json.loads(done.stdout)
        assert {name for name, way in found.items() if way} == set()
        told = jail.outside()
    assert told.packets == 0
    assert told.refused == (4 if socket.has_ipv6 else 2)


@namespaces
def test_a_command_is_never_given_to_a_shell(tmp_path: Path) -> None:
    held = Namespace(tmp_path)
    try:
        word = "$(touch escaped); `touch escaped` '"
        done = subprocess.run(
            held.command(["printf", "%s", word]), capture_output=True, text=True, cwd=tmp_path
        )
    finally:
        held.close()
    assert done.stdout == word
    assert not (tmp_path / "escaped").exists()


@namespaces
def test_it_costs_a_bot_nothing_to_be_in_jail(tmp_path: Path) -> None:
    """Its process is the one that was started, with the signals of any other."""
    held = Namespace(tmp_path)
    try:
        shown = (
            "grep -E '^(SigIgn|CapEff)' /proc/self/status; "
            "cat /proc/sys/net/ipv4/ip_unprivileged_port_start; echo $$"
        )
        child = subprocess.Popen(
            held.command(["sh", "-c", shown]), stdout=subprocess.PIPE, text=True
        )
        said = child.communicate()[0].split()
    finally:
        held.close()
    assert said[-2:] == ["0", str(child.pid)]
    assert int(said[said.index("SigIgn:") + 1], 16) & (1 << (signal.SIGPIPE - 1)) == 0
    held_rights = int(said[said.index("CapEff:") + 1], 16)
    assert not held_rights & (1 << 21 | 1 << 12)  # CAP_SYS_ADMIN, CAP_NET_ADMIN


def test_an_isolation_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(SoakUsageError, match="expected none, shim, namespace"):
        open_jail(tmp_path, best="padded cell")
    assert open_jail(tmp_path / "jail", best="none").isolation.level == 0
