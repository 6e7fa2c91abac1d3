"""Sessions that soak a program on the exchange of this machine."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from harness import Outcome, Workbench

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="a bot that is a program")

BOT = """
import hashlib, hmac, json, os, sys, time, urllib.error, urllib.request

REST, KEY, SECRET = (os.environ[f"SOAK_EXCHANGE_{name}"] for name in ("REST", "KEY", "SECRET"))
links = "links" in sys.argv
done = 0


def ask(method, path, query="", body=None):
    payload = query if body is None else json.dumps(body)
    stamp = str(int(time.time() * 1000))
    text = f"{stamp}{KEY}5000{payload}"
    headers = {
        "X-BAPI-API-KEY": KEY,
        "X-BAPI-TIMESTAMP": stamp,
        "X-BAPI-RECV-WINDOW": "5000",
        "X-BAPI-SIGN": hmac.new(SECRET.encode(), text.encode(), hashlib.sha256).hexdigest(),
    }
    data = None if body is None else payload.encode()
    url = f"{REST}{path}" + (f"?{query}" if query else "")
    sent = urllib.request.Request(url, data, headers, method=method)
    with urllib.request.urlopen(sent, timeout=2) as answer:
        return json.load(answer)["result"]


def believes():
    found = ask("GET", "/v5/position/list", "category=linear&symbol=BTCUSDT")["list"][0]
    held = float(found["size"]) * (-1 if found["side"] == "Sell" else 1)
    line = {"time_us": time.time_ns() // 1000, "positions": {"BTCUSDT": held}, "open_orders": []}
    with open("believes.jsonl", "a") as file:
        file.write(json.dumps(line) + chr(10))


while True:
    order = {"category": "linear", "symbol": "BTCUSDT", "orderType": "Market", "qty": "0.01"}
    order["side"] = "Buy" if done % 2 == 0 else "Sell"
    if links:
        order["orderLinkId"] = f"order-{done}"
    try:
        ask("POST", "/v5/order/create", body=order)
        done += 1
        believes()
    except OSError:
        pass
    time.sleep(0.1)
"""
FAULTS = """
name: bad-gateway
faults:
  - {name: gateway, kind: gateway_error, at: 1s, for: 2s, endpoints: [POST /v5/order/create]}
"""
GATE = "name: mine\nthresholds:\n  - {metric: position_gap_base, fail_unless: '<= 0'}\n"
SHORT = ("--soak-iterations=1", "--soak-minutes=0.1", "--soak-settle=1", "--soak-exchange=bybit")


def desk(bench: Workbench) -> Workbench:
    (bench.directory / "bot.py").write_text(BOT)
    (bench.directory / "bad.yaml").write_text(FAULTS)
    (bench.directory / "mine.yaml").write_text(GATE)
    listing = "symbols: {BTCUSDT: {category: linear, base: BTC, quote: %s, market: %s}}\n"
    (bench.directory / "nix.yaml").write_text(listing % ("USDT", "nix"))
    (bench.directory / "coins.yaml").write_text(listing % ("USDC", "calm"))
    for name, key in (("topic", "topics: [ordr]"), ("doge", "symbols: [DOGEUSDT]")):
        fault = f"{{name: lose, kind: lose_messages, for: 3s, {key}}}"
        text = f"name: {name}\nfaults:\n  - {fault}\n"
        (bench.directory / f"{name}.yaml").write_text(text)
    return bench


def command(*arguments: str) -> str:
    return f"--soak-target=process:{' '.join([sys.executable, 'bot.py', *arguments])}"


def judged(found: Outcome) -> list[dict[str, Any]]:
    path = found.directory / "artifacts/soak/latest/exchange/judged.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_program_trades_on_the_exchange_and_is_judged_by_its_books(bench: Workbench) -> None:
    belief = "--soak-belief=file:believes.jsonl"
    found = desk(bench).module("pytest", *SHORT, belief, command())
    assert found.returncode == 0, found.everything
    assert found.last_line.startswith("PASS for default on calm (1 iteration, process:")
    assert found.last_line.endswith("; on bybit with calm")
    (window,) = judged(found)
    assert window["kpis"]["buy_fills"] > 5
    assert window["kpis"]["sell_fills"] > 5
    assert window["kpis"]["position_gap_base"] == 0
    assert window["kpis"]["isolation"] >= 1
    assert (window["strange"], window["findings"]) == ({}, [])
    summary = found.artifact("ITER_SUMMARY_1.json")["summary"]
    assert summary["num_fills"] > 10
    assert summary["net_bps"] < 0
    assert summary["maker_taker_ratio"] == 0
    assert summary["p95_latency_ms"] > 20
    notes = found.markers("| iter_watch | NOTE |")
    (untold,) = (note for note in notes if "not judged: " in note)
    assert "book_wrong_u" in untold
    assert "position_gap_base" not in untold
    assert found.artifact("RESULT.json")["lanes"][0]["exchange"] == "bybit with calm"
    assert found.artifact("RESULT.json")["settings"]["gate"] == "exchange"


def test_orders_sent_again_after_a_bad_gateway_are_found(bench: Workbench) -> None:
    hasty = desk(bench).module("pytest", *SHORT, "--soak-faults=bad.yaml", command())
    assert hasty.returncode == 1
    assert "repeated_intents = " in hasty.last_line
    assert hasty.last_line.endswith("; on bybit with bad-gateway")
    (window,) = judged(hasty)
    assert window["kpis"]["repeated_intents"] > 1
    assert [(one["name"], one["hits"] > 0) for one in window["faults"]] == [("gateway", True)]
    assert "repeated_intents" in {one["kpi"] for one in window["findings"]}
    assert {one["fault"] for one in window["findings"]} == {"gateway"}
    assert window["lost"]
    assert "was taken and answered 502" in window["lost"][0]["text"]
    assert "what failed, again: pytest --soak-iterations=" in hasty.everything
    assert "--soak-faults=bad.yaml:gateway" in hasty.everything


def test_a_bot_that_names_its_orders_sends_none_twice(bench: Workbench) -> None:
    named = desk(bench).module("pytest", *SHORT, "--soak-faults=bad.yaml", command("links"))
    (window,) = judged(named)
    assert window["kpis"]["repeated_intents"] == 0
    assert window["faults"][0]["hits"] > 0
    create = next(x for x in window["requests"] if x["endpoint"] == "POST /v5/order/create")
    assert create["unanswered"] > 0
    assert "110072" in create["codes"]


def test_what_holds_a_bot_is_told_where_it_is_no_namespace(bench: Workbench) -> None:
    desk(bench)
    (bench.directory / "shim.yaml").write_text("isolation: shim\n")
    short = (*SHORT[1:3], "--soak-iterations=2", "--soak-exchange=shim.yaml")
    found = bench.module("pytest", *short, command())
    assert found.returncode == 0, found.everything
    notes = [note for note in found.markers("| iter_watch | NOTE |") if "held by" in note]
    assert notes == ["| iter_watch | NOTE | iter=1 held by: shim (nothing better was asked for) |"]


def test_of_a_bot_that_does_not_come_it_is_said_what_was_seen_instead(bench: Workbench) -> None:
    desk(bench)
    target = (
        "import pytest, sys\nfrom pytest_soak import ProcessTarget\n\n\n@pytest.fixture\n"
        "def soak_target():\n    env = {'OTHER': 'a key of her own'}\n"
        "    return ProcessTarget([sys.executable, 'bot.py'], env=env, ready_seconds=4)\n"
    )
    (bench.directory / "conftest.py").write_text(target)
    wrong = BOT.replace("while True:", "KEY = os.environ['OTHER']\nwhile True:", 1)
    wrong = wrong.replace("except OSError", "except (OSError, KeyError)")
    (bench.directory / "bot.py").write_text(wrong)
    found = bench.module("pytest", *SHORT)
    assert found.returncode == 1
    assert "; it has asked the exchange: " in found.last_line
    assert " -> 10003, a key that is not SOAK_EXCHANGE_KEY (" in found.last_line


def test_a_bot_with_a_key_in_its_own_files_is_known_by_it(bench: Workbench) -> None:
    own = BOT.replace(
        '(os.environ[f"SOAK_EXCHANGE_{name}"] for name in ("REST", "KEY", "SECRET"))',
        ('(os.environ["SOAK_EXCHANGE_REST"], "mine", "hush")'),
    )
    assert own != BOT
    (desk(bench).directory / "bot.py").write_text(own)
    (bench.directory / "venue.yaml").write_text("key: mine\nsecret: hush\n")
    found = bench.module("pytest", *SHORT[:-1], "--soak-exchange=venue.yaml", command())
    assert found.returncode == 0, found.everything
    assert found.last_line.endswith("; on venue with calm")


def test_a_lane_goes_on_with_a_new_exchange(bench: Workbench) -> None:
    desk(bench).module("pytest", *SHORT, command())
    more = ("--soak-iterations=2", *SHORT[1:], "--soak-resume")
    found = bench.module("pytest", *more, command())
    assert found.returncode == 0, found.everything
    assert [window["iteration"] for window in judged(found)] == [1, 2]
    starts = found.directory / "artifacts/soak/latest/exchange"
    assert sorted(path.name for path in starts.iterdir() if path.is_dir()) == ["001", "002"]
    assert not list(starts.glob("*/tls")) + list(starts.glob("*/jail"))


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("--soak-faults=storm",), "--soak-faults: is of an exchange; add --soak-exchange=bybit"),
        (("--soak-belief=file:x",), "--soak-belief: is of an exchange"),
        (
            ("--soak-exchange=bybit", "--soak-belief=http://127.0.0.1/x"),
            "--soak-belief: expected http://127.0.0.1:PORT/PATH",
        ),
        (("--soak-exchange=bybt",), "did you mean 'bybit'?"),
        (("--soak-exchange=none.yaml",), "none.yaml"),
        (("--soak-exchange=bad.yaml",), "bad.yaml:2: unknown key 'name'"),
        (("--soak-exchange=bybit", "--soak-faults=strom"), "did you mean 'storm'?"),
        (("--soak-exchange=bybit", "--soak-belief=fil:x"), "did you mean 'file'?"),
        (("--soak-exchange=bybit", "--soak-belief=log:("), "--soak-belief: '(' is no regular"),
        (("--soak-exchange=nix.yaml",), "nix.yaml symbols.BTCUSDT.market: unknown market 'nix'"),
        (("--soak-exchange=coins.yaml",), "coins.yaml:1: symbols: expected each symbol to be base"),
        (
            ("--soak-exchange=bybit", "--soak-faults=topic.yaml"),
            "topics: expected topics that there are, did you mean 'order'?",
        ),
        (
            ("--soak-exchange=bybit", "--soak-faults=doge.yaml"),
            "--soak-faults: lose: symbols: unknown symbol 'DOGEUSDT'",
        ),
        (("--soak-exchange=bybit", "--soak-target=sim"), "sim trades on a market of its own"),
        (
            ("--soak-exchange=bybit", "--soak-gate=mine.yaml"),
            "gate mine: position_gap_base: nothing tells what the bot believes; --soak-belief",
        ),
    ],
)
def test_a_mistake_is_one_line(bench: Workbench, arguments: tuple[str, ...], problem: str) -> None:
    found = desk(bench).module("pytest", "--soak-iterations=1", command(), *arguments)
    assert found.returncode == 4, found.everything
    assert problem in found.everything
    assert "Traceback" not in found.everything


def test_without_the_extra_it_is_named(bench: Workbench) -> None:
    hidden = """
        import importlib.util as util
        found = util.find_spec
        util.find_spec = lambda name, *more: None if name == "trustme" else found(name, *more)
    """
    desk(bench).write("conftest.py", hidden)
    found = bench.module("pytest", *SHORT, command())
    assert found.returncode == 4
    problem = "needs trustme, which is not installed: pip install 'pytest-soak[exchange]'"
    assert f"--soak-exchange: {problem}" in found.everything


CONFTEST = """
import sys
import pytest
from pytest_soak import ProcessTarget

@pytest.fixture(scope="session")
def soak_target():
    return ProcessTarget([sys.executable, "-c", {program!r}], ready_seconds=3, stop_seconds=1)
"""


def with_bot(bench: Workbench, program: str) -> Outcome:
    (bench.directory / "conftest.py").write_text(CONFTEST.format(program=dedent(program)))
    return bench.module("pytest", *SHORT)


def test_a_bot_that_never_comes_is_told(bench: Workbench) -> None:
    found = with_bot(bench, "import time; print('I wait', flush=True); time.sleep(600)")
    assert found.returncode == 1
    assert "waited for a request to the exchange that is signed with its key" in found.last_line
    assert "it has asked nothing; its last line: I wait" in found.last_line


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("kill", "was ended by SIGKILL; it printed nothing"),
        ("terminate", "exited by itself with status 0; its last line: ended from outside, by SIGT"),
    ],
)
def test_an_exchange_that_dies_is_told(bench: Workbench, how: str, said: str) -> None:
    """The bot finds it among the children of the session, whose supervisor is its parent."""
    ends = """
        import os, psutil, time
        session = psutil.Process(os.getppid()).parent()
        for process in session.children():
            if "pytest_soak.exchange.program" in " ".join(process.cmdline()):
                process.{how}()
        time.sleep(600)
    """
    found = with_bot(bench, ends.replace("{how}", how))
    assert found.returncode == 1
    assert f"the exchange {said}" in found.last_line


def test_a_link_in_the_place_of_its_folder_is_not_followed(
    bench: Workbench, tmp_path: Path
) -> None:
    lane = bench.directory / "artifacts/soak/latest"
    desk(bench).module("pytest", *SHORT, command())
    assert (lane / "exchange").is_dir()
    elsewhere = tmp_path / "elsewhere"
    (lane / "exchange").rename(elsewhere)
    (lane / "exchange").symlink_to(elsewhere)
    more = ("--soak-iterations=2", *SHORT[1:], "--soak-resume")
    found = bench.module("pytest", *more, command())
    assert "a symbolic link, which is not followed" in found.everything
    assert not (elsewhere / "002").exists()
