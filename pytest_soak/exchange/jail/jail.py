"""A jail: opened, the exchange started in it, a bot admitted, what it tried counted, closed."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self

from pytest_soak.errors import SoakUsageError, TargetError
from pytest_soak.exchange.jail.bundle import SYSTEM, VARIABLES, trusted_by, write_bundle
from pytest_soak.exchange.jail.interpreter import around, interpreter
from pytest_soak.exchange.jail.isolation import LEVELS, Isolation
from pytest_soak.exchange.jail.names import BYBIT, LOOPBACK
from pytest_soak.exchange.jail.namespace import Namespace, own_program
from pytest_soak.exchange.jail.outside import Outside
from pytest_soak.exchange.jail.shimmed import TRUST, before, shim_environment, tried

HTTPS = 443
_CHECK_SECONDS = 60.0
_PROXIES = {"http_proxy", "https_proxy", "all_proxy", "ws_proxy", "wss_proxy", "socks_proxy"}


@dataclass(frozen=True)
class Venue:
    """Where an exchange listens on this machine, and with what one trades there.

    Attributes:
        port: Of plain http and ws.
        tls_port: Of TLS.
        certificate: A file with the certificate of who signed its own.
        key: Of the bot's account.
        secret: Of that key.
    """

    port: int
    tls_port: int
    certificate: Path
    key: str
    secret: str

    def variables(self) -> dict[str, str]:
        """What a bot is told of it."""
        return {
            "SOAK_EXCHANGE_REST": f"http://{LOOPBACK}:{self.port}",
            "SOAK_EXCHANGE_WS": f"ws://{LOOPBACK}:{self.port}",
            "SOAK_EXCHANGE_KEY": self.key,
            "SOAK_EXCHANGE_SECRET": self.secret,
        }


@dataclass(frozen=True)
class Admitted:
    """What is to be started to have a bot run in the jail, and how well that holds it."""

    command: list[str]
    env: dict[str, str]
    isolation: Isolation


class Jail:
    """Holds a bot and its exchange; see `open_jail`."""

    def __init__(self, folder: Path, namespace: Namespace | None, isolation: Isolation) -> None:
        self._folder = folder
        self._namespace = namespace
        self.isolation = isolation

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    @property
    def tls_port(self) -> int:
        """The port on which the exchange is to speak TLS: 443, or 0 for any that is free."""
        return HTTPS if self._namespace else 0

    def command(self, command: Sequence[str], *, mortal: bool = False) -> list[str]:
        """What to start instead of `command` to have it run inside, as the same process.

        If `mortal`, it is killed when the thread that started it ends, where the system can.
        """
        if self._namespace is None:
            return list(command)
        return self._namespace.command(command, mortal=mortal)

    def admit(
        self,
        command: Sequence[str],
        env: Mapping[str, str],
        cwd: Path,
        venue: Venue,
        *,
        trusts: Sequence[str] = (),
        least: str = "shim",
    ) -> Admitted:
        """Let a bot in that is to be led to `venue`, by its configuration or without its knowing.

        `trusts` are more files of certificates that it trusts, and with which it would refuse the
        exchange's. Raises SoakUsageError where it would be held less well than `least` says.
        """
        python = interpreter(command, env, cwd)
        isolation = self.isolation
        if isolation.name == "shim" and python is None:
            why = f"{command[0]} is no Python program, which the shim holds; {isolation.why}"
            isolation = Isolation("none", why)
        if isolation.level < LEVELS.index(least):
            raise SoakUsageError(
                "exchange", f"isolation={isolation}: expected {least} or better, {_REMEDY}"
            )
        pythons = [python] if python else list(around(env, cwd))
        own = trusted_by(dict.fromkeys(pythons), env, cwd, self.command)
        bundle = self._folder / "trusted.pem"
        write_bundle(bundle, [*own, *filter(_there, SYSTEM)], venue.certificate)
        told = {name: text for name, text in env.items() if name.lower() not in _PROXIES}
        told |= dict.fromkeys(VARIABLES, str(bundle)) | venue.variables()
        told["SOAK_EXCHANGE_CA"] = str(bundle)
        if self._namespace:
            self._namespace.show([(bundle, path) for path in (*own, *SYSTEM, *trusts)])
            told = told if python else before(told, TRUST)  # for a Python that it may start
        elif isolation.name == "shim":
            told = shim_environment(told, self._folder, venue.port, venue.tls_port, bundle)
        return Admitted(self.command(command, mortal=True), told, isolation)

    def outside(self) -> Outside:
        """What has gone outside so far, and what was to."""
        return self._namespace.outside() if self._namespace else tried(self._folder)

    def close(self) -> None:
        """End all that runs in it, where it is a namespace."""
        if self._namespace:
            self._namespace.close()


_REMEDY = (
    "allow user namespaces (sysctl user.max_user_namespaces, "
    "kernel.apparmor_restrict_unprivileged_userns), or run as root on Linux"
)


def _there(path: str) -> bool:
    return Path(path).is_file()


def open_jail(folder: Path, *, best: str = "namespace", grace_seconds: float = 20.0) -> Jail:
    """The best jail that this machine allows, but none better than `best` says.

    `folder` takes its files, and is only of this jail. `grace_seconds` is how long what runs in it
    may take to end when this process is gone. What was tried and failed is in its `isolation`.
    """
    if best not in LEVELS:
        raise SoakUsageError("exchange", f"isolation={best!r}: expected {', '.join(LEVELS)}")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if best != "namespace":
        return Jail(folder, None, Isolation(best, "nothing better was asked for"))
    if sys.platform != "linux":
        return Jail(folder, None, Isolation("shim", "namespaces are Linux's"))
    try:
        namespace = Namespace(folder, grace_seconds=grace_seconds)
    except TargetError as error:
        return Jail(folder, None, Isolation("shim", f"no namespace: {error}"))
    if trouble := _trouble(namespace):
        namespace.close()
        return Jail(folder, None, Isolation("shim", f"the namespace does not hold: {trouble}"))
    namespace.forget()  # what the look from inside has tried
    return Jail(folder, namespace, Isolation("namespace"))


def _trouble(namespace: Namespace) -> str:
    """What is wrong with a namespace as seen from inside."""
    command = namespace.command(own_program("check", BYBIT[0]))
    done = subprocess.run(command, capture_output=True, text=True, timeout=_CHECK_SECONDS)
    return "; ".join((done.stdout + done.stderr * (done.returncode != 0)).splitlines())


def probe() -> Isolation:
    """What would hold a bot on this machine."""
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder, open_jail(Path(folder)) as jail:
        return jail.isolation
