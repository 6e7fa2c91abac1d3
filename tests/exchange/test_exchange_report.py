"""What a report shows of a bot on an exchange."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pytest_soak.errors import SoakUsageError
from pytest_soak.exchange.invariants.measure import measure
from pytest_soak.exchange.invariants.result import Finding, Result
from pytest_soak.exchange.invariants.seen import KEPT_US, Seen
from pytest_soak.exchange.invariants.tolerances import Tolerances
from pytest_soak.exchange.jail.isolation import Isolation
from pytest_soak.exchange.jail.outside import Outside
from pytest_soak.exchange.judged import Judged, judged, read_judged
from pytest_soak.exchange.record import Fault, Request, Strange
from pytest_soak.exchange.reproduce import again
from pytest_soak.report.exchange_view import exchange_view
from pytest_soak.report.templating import rendered

S = 1_000_000
START = 1_700_000_000 * S
HELD = Isolation("shim", "namespaces are Linux's"), Outside(None, 2)


def fault(what: str, at_s: float, name: str = "gate") -> Fault:
    return Fault(START + round(at_s * S), name, "gateway_error", what)


def request(at_s: float, code: int = 0, *, answered: bool = True) -> Request:
    when = START + round(at_s * S)
    return Request(when, 1, "bot", "rest", "POST /v5/order/create", code, 200, 9, answered)


def window(seen: Seen, iteration: int = 1, **results: Result) -> Judged:
    span = START + (iteration - 1) * 60 * S, START + iteration * 60 * S
    return judged(iteration, span, seen, results, HELD, (3, {"log:x": "no line fits"}))


def finding(at_s: float, text: str = "twice") -> Finding:
    return Finding(START + round(at_s * S), text)


def test_a_window_tells_values_reasons_and_what_spoils_them() -> None:
    twice = Result(2.0, "", (finding(9), finding(3)))
    found = window(Seen(), repeated_intents=twice, position_gap_base=Result(None, "unseen"))
    assert found.told == {"repeated_intents": 2.0, "position_gap_base": "unseen", "isolation": 1.0}
    assert [one.time_us for one in found.findings] == [START + 3 * S, START + 9 * S]
    assert found.notes() == ["repeated_intents: twice", "log:x: no line fits"]


def test_only_the_first_hundred_findings_are_kept_and_the_others_counted() -> None:
    many = Result(120.0, "", tuple(finding(n / 10) for n in range(120)))
    found = window(Seen(), repeated_intents=many)
    assert (len(found.findings), found.more_findings) == (100, 20)


def test_how_long_it_took_to_quote_again_is_no_finding() -> None:
    seen = Seen()
    seen.add([fault("began", 0), fault("ended", 1)])
    again = Result(0.6, "", (finding(1, "no order for 0.6 s after it"),))
    found = window(seen, quotes_again_s=again)
    assert found.findings == []
    assert found.late == "gate: no order for 0.6 s after it"
    view = exchange_view([window(Seen()), found])
    assert view is not None
    assert ("quoted again", found.late) in view.facts


def test_a_fault_is_told_by_each_window_that_it_meets() -> None:
    seen = Seen()
    seen.add([fault("began", 50), fault("hit", 55), fault("hit", 70), fault("ended", 80)])
    first, second, third = (window(seen, n).faults for n in (1, 2, 3))
    assert [(one.start_us, one.hits) for one in first] == [(START + 50 * S, 2)]
    assert first == second
    assert third == []
    going = Seen()
    going.add([fault("began", 50)])
    assert window(going).faults[0].end_us is None


def test_what_is_forgotten_decides_nothing_later() -> None:
    seen = Seen()
    seen.add([fault("began", 1), fault("ended", 2), request(3), Strange(START, 1, "topic", "x")])
    seen.add([request(5_000), fault("began", 5_001)])
    later = (START + 4_990 * S, START + 5_010 * S)

    def found() -> dict[str, float | None]:
        results = measure(seen, (), later, Tolerances())
        return {name: result.value for name, result in results.items()}

    before = found()
    seen.forget(later[0] - KEPT_US)
    assert len(seen.requests) == 1
    assert seen.strange == []
    assert found() == before


def test_requests_are_counted_by_endpoint_and_code() -> None:
    seen = Seen()
    seen.add([request(1), request(2, 110007), request(3, answered=False), request(61)])
    (asked,) = window(seen).requests
    assert (asked.codes, asked.unanswered) == ({"0": 2, "110007": 1}, 1)


def test_what_nobody_should_send_is_a_note() -> None:
    seen = Seen()
    seen.add([Strange(START, 1, "endpoint", "GET /v5/<b>")] * 2)
    assert window(seen).notes()[0] == ("the exchange does not know endpoint GET /v5/<b> (2 times)")


def test_faults_and_findings_are_drawn_in_the_time_of_the_lane() -> None:
    seen = Seen()
    seen.add([fault("began", 30), fault("hit", 31), fault("ended", 60), request(1)])
    windows = [
        window(seen, 1, repeated_intents=Result(1.0, "", (finding(45, "<i>twice</i>"),))),
        window(seen, 2),
    ]
    view = exchange_view(windows)
    assert view is not None
    gate, twice = view.tracks
    assert (gate.bars[0].left, gate.bars[0].width) == (25.0, 25.0)
    assert gate.meaning == "gateway error: 1 time, met 1"
    assert (twice.bad, twice.bars[0].left) == (True, 37.5)
    assert view.found[0].at == "0:45"
    assert view.span == "2:00"
    html = rendered(
        "lane_exchange.html", one={"exchange": view, "again": "pytest <x>", "piece": "pytest <y>"}
    )
    assert "&lt;i&gt;twice" in html
    assert "<i>twice" not in html
    assert "pytest &lt;x&gt;" in html
    assert 'What failed, again: <code class="blocks"><bdi>pytest &lt;y&gt;' in html
    assert view.found[0].fault == "gate"
    assert "shim (namespaces are Linux" in html


def test_a_lane_on_no_exchange_shows_none() -> None:
    assert exchange_view(()) is None


def test_the_same_again_is_a_command_that_a_shell_takes() -> None:
    settings = {"seed": "7", "faults": "storm", "exchange": "bybit", "dir": "x"}
    assert again(settings, "process:./bot --fast", 3) == (
        "pytest --soak-iterations=3 '--soak-target=process:./bot --fast' --soak-seed=7 "
        "--soak-exchange=bybit --soak-faults=storm"
    )
    assert "--soak-target" not in again(settings, "conftest:Bot", 3)


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "judged.jsonl"
    whole: dict[str, Any] = json.loads(window(Seen()).model_dump_json())
    path.write_text(json.dumps(whole) + "\n")
    assert read_judged(path) == (window(Seen()),)
    path.write_text("{}\n")
    with pytest.raises(SoakUsageError, match=r"judged.jsonl: cannot be read"):
        read_judged(path)
