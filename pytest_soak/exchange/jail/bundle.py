"""The certificates that a bot trusts: those it trusts anyway, and the exchange's own."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

SYSTEM = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)
"""Where systems keep theirs."""

VARIABLES = (
    "SSL_CERT_FILE",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "WEBSOCKET_CLIENT_CA_BUNDLE",
    "NODE_EXTRA_CA_CERTS",
)
"""The variables by which programs are told of others."""

_BEGIN = b"-----BEGIN CERTIFICATE-----"
_ASK_SECONDS = 60.0
_ASK = """
import json, ssl
paths = ssl.get_default_verify_paths()
found = [paths.cafile, paths.openssl_cafile]
try:
    import certifi
    found.insert(0, certifi.where())
except ImportError:
    pass
print(json.dumps([path for path in found if path]))
"""


def is_bundle(path: Path) -> bool:
    """Whether certificates stand in a file."""
    try:
        return path.is_file() and _BEGIN in path.read_bytes()
    except OSError:
        return False


def trusted_by(
    pythons: Iterable[str],
    env: Mapping[str, str],
    cwd: Path,
    inside: Callable[[Sequence[str]], list[str]],
) -> list[str]:
    """The files of certificates that these Pythons trust, certifi's first; each is asked inside."""
    found: dict[str, None] = {}
    for python in pythons:
        for path in _asked(inside([python, "-c", _ASK]), env, cwd):
            if Path(path).is_absolute() and is_bundle(Path(path)):
                found[path] = None
    return list(found)


def _asked(command: list[str], env: Mapping[str, str], cwd: Path) -> list[str]:
    try:
        done = subprocess.run(
            command,
            env=dict(env),
            cwd=cwd,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=_ASK_SECONDS,
        )
        found = json.loads(done.stdout.splitlines()[-1])
    except (OSError, subprocess.TimeoutExpired, ValueError, IndexError):
        return []
    return [path for path in found if isinstance(path, str)] if isinstance(found, list) else []


def write_bundle(target: Path, trusted: Sequence[str], certificate: Path) -> None:
    """Write to `target` what the first of `trusted` holds, and `certificate` behind it."""
    known = Path(trusted[0]).read_bytes() if trusted else b""
    target.write_bytes(known.rstrip(b"\n") + b"\n" * bool(known) + certificate.read_bytes())
