"""The option table: flag, variable, default and meaning of each setting, defined once.

Imported at every pytest start, so nothing heavy may be imported here.
"""

from __future__ import annotations


class Option:
    """A setting `--soak-NAME`; `env` and ini are asked when the command line is silent.

    A plain class: a dataclass or a named tuple would cost every pytest start more than all else.
    """

    def __init__(
        self,
        name: str,
        default: str,
        metavar: str,
        help: str,
        env: str | None = None,
        *,
        repeatable: bool = False,
        flag: bool = False,
        negatable: bool = False,
        ini: bool = True,
    ) -> None:
        self.name = name
        self.default = default
        self.metavar = metavar
        self.help = help
        self.env = env
        self.repeatable = repeatable
        self.flag = flag or negatable
        self.negatable = negatable
        self.ini = ini

    @property
    def flag_text(self) -> str:
        """The option as typed."""
        return f"--soak-{self.name}"

    @property
    def keyword(self) -> str:
        """The option as an argument of `pytest_soak.soak`."""
        return self.name.replace("-", "_")

    @property
    def spellings(self) -> tuple[str, ...]:
        """The option as typed and, where there is one, its opposite."""
        negation = self.flag_text.replace("--soak-", "--no-soak-")
        return (self.flag_text, negation) if self.negatable else (self.flag_text,)

    @property
    def dest(self) -> str:
        """The option's key in pytest's configuration, and its ini name."""
        return f"soak_{self.keyword}"


PREFIXES = ("--soak-", "--no-soak-")
"""How every option of ours begins."""

KNOBS = {
    "sigma": ("SOAK_MOCK_SIGMA", 0.01, 0.1),
    "spike_prob": ("SOAK_MOCK_SPIKE_PROB", 0.05, 1.0),
    "gap_bps": ("SOAK_MOCK_GAP_BPS", 10.0, 500.0),
}
"""Regime knobs: environment variable, default, upper bound; the lower bound is 0."""

NEUTRAL = {name: default for name, (_, default, _) in KNOBS.items()}
"""The knobs at which a regime is as its figures say."""

MARKET = "calm"
"""The regime without any setting."""

OPTIONS = (
    Option(
        "iterations",
        "",
        "N",
        "make this session a soak of N iterations a lane (off without it)",
        ini=False,
    ),
    Option(
        "duration",
        "",
        "D",
        "the same by time on the target's clock: as many iterations as 90m or 24h hold",
        ini=False,
    ),
    Option(
        "profile",
        "default",
        "A[,B...]",
        "profile name or YAML/JSON path; several make several lanes",
        "SOAK_PROFILE",
    ),
    Option(
        "market",
        MARKET,
        "NAME|PATH[,...]",
        "market: calm, volatile, spike, a scenario's YAML file, or feed:PATH, a recording; several "
        "make several lanes",
        "SOAK_MOCK_MODE",
    ),
    Option("seed", "42", "N|A,B|A..B", "market seed; several make several lanes", "SOAK_MOCK_SEED"),
    Option(
        "target",
        "sim",
        "sim|mock|module:attr|process:CMD",
        "what is soaked, unless a soak_target fixture says so [env: USE_MOCK=1 for mock]",
    ),
    Option(
        "exchange",
        "",
        "bybit|PATH",
        "an exchange on this machine for a bot that nobody here wrote (off without it)",
    ),
    Option(
        "faults",
        "calm",
        "NAME|PATH",
        "what breaks on the exchange, and when: calm (nothing), storm or a YAML file, or some "
        "faults of it: storm:gateway-error",
    ),
    Option(
        "belief",
        "",
        "SOURCE",
        "where to see what the bot believes: freqtrade:DATABASE, log:PATTERN, file:PATH, or "
        "http://127.0.0.1:PORT/PATH",
        repeatable=True,
    ),
    Option(
        "gate",
        "soak",
        "NAME|PATH",
        "the gate: soak, smoke, release, shadow, ci_baseline, last8, leak, no_worse, exchange "
        "(on an exchange without more said) or a YAML file",
        "SOAK_GATE",
    ),
    Option(
        "gate-mode",
        "soft",
        "hard|soft|off",
        "hard ends a lane at its first graded FAIL, soft judges its end, off never fails",
        "KPI_GATE_MODE",
    ),
    Option(
        "baseline",
        "",
        "RUN[,...]|off",
        "run (or runs; a path, the name of a baseline, a production snapshot) that it must be "
        "no worse than, by the gate's limits of a change, else by no_worse",
        "SOAK_BASELINE",
    ),
    Option(
        "stop",
        "",
        "NAME|PATH|off",
        "criteria that end a lane at once: stop or a YAML file (off, unless the target says else)",
        "SOAK_STOP",
    ),
    Option(
        "drill",
        "",
        "CAUSE@T+D",
        "bring about cache_off, stalls, taker_burst, outage or leak from T on for D, as in "
        "cache_off@30m+1h; such a run is no evidence",
        repeatable=True,
        ini=False,
    ),
    Option("set", "", "KEY=VALUE", "override one parameter", repeatable=True),
    Option(
        "config",
        "",
        "FILE",
        "configuration of the bot (YAML or JSON) with its feature flags; of several the later wins",
        repeatable=True,
    ),
    Option("flag", "", "KEY=VALUE", "set one feature flag", repeatable=True),
    Option(
        "variant",
        "",
        "A[,B...]",
        "a file of overrides and flags, or control for none; several make several lanes",
    ),
    Option(
        "overrides-json",
        "",
        "JSON|@FILE",
        "override parameters by one JSON object",
        "MM_RUNTIME_OVERRIDES_JSON",
    ),
    Option("minutes", "60", "M", "length of an iteration on the target's clock", "SOAK_MINUTES"),
    Option(
        "sleep",
        "0",
        "S",
        "pause between the iterations of a lane, in seconds",
        "SOAK_SLEEP_SECONDS",
    ),
    Option(
        "settle",
        "2",
        "S",
        "how late a line of a feed may come from a bot in a process of its own, in seconds",
        "SOAK_SETTLE",
    ),
    Option(
        "iteration-timeout",
        "",
        "S",
        "fail an iteration that takes more seconds, and end its lane (none without it)",
    ),
    Option(
        "preset", "", "NAME", "preset on the profile's overrides; several in order", repeatable=True
    ),
    Option(
        "auto-tune",
        "",
        "",
        "apply the tuner's decisions (suggestions are always shown)",
        "SOAK_AUTO_TUNE",
        negatable=True,
    ),
    Option("tuner", "effects", "NAME", "which tuner suggests: effects, rules"),
    Option(
        "guards",
        "1",
        "",
        "let only guarded steps through; without them only bounds hold",
        "ENABLE_GUARDS",
        negatable=True,
    ),
    Option("warmup", "", "", "begin with a warm-up and a ramp-down", flag=True),
    Option(
        "warmup-preset",
        "warmup_conservative_v1",
        "NAME",
        "what a warm-up changes, and for how long",
    ),
    Option(
        "market-set",
        "",
        "KEY=VALUE",
        f"regime knob: {', '.join(f'{name} ({value})' for name, value in NEUTRAL.items())} "
        f"[env: {', '.join(variable for variable, _, _ in KNOBS.values())}]",
        repeatable=True,
    ),
    Option(
        "feed-set",
        "",
        "KEY=VALUE",
        "of a recorded feed: queue (risk_averse, power3, log), place_ms, amend_ms, cancel_ms, "
        "answer_ms, latency_file, base_latency_ms, feed_latency_ms, mapping, kind, tick, lot, "
        "contract_value, maker_fee_bps, taker_fee_bps, symbol",
        repeatable=True,
    ),
    Option(
        "cluster",
        "",
        "dask://HOST:PORT",
        "run the windows of all lanes on the workers of a dask scheduler that is there",
    ),
    Option(
        "metrics-port",
        "",
        "PORT",
        "tell Prometheus how the soak is, at http://127.0.0.1:PORT/metrics (pytest-soak[live])",
        "SOAK_METRICS_PORT",
    ),
    Option("dir", "artifacts/soak", "PATH", "where artifacts are written", "SOAK_DIR"),
    Option(
        "report",
        "",
        "PATH",
        "where the HTML report goes, if not to latest/report.html in the artifacts",
    ),
    Option(
        "resume",
        "",
        "",
        "go on with the latest run where it was interrupted, with its settings",
        flag=True,
        ini=False,
    ),
    Option(
        "feeds",
        "",
        "",
        "also write what happens, event by event, as JSONL: fills, ticks, marks, orders, ...",
        "SOAK_FEEDS",
        flag=True,
    ),
    Option(
        "feeds-gzip",
        "",
        "",
        "compress the feeds of days that are over",
        "SOAK_FEEDS_GZIP",
        flag=True,
    ),
    Option(
        "markers",
        "",
        "",
        "print marker lines, to be parsed, not rows (as in CI and where output is no terminal)",
        "SOAK_MARKERS",
        negatable=True,
    ),
    Option(
        "show-config",
        "",
        "",
        "print each setting with its source, and end",
        flag=True,
        ini=False,
    ),
)

SWITCHES = ("soak_iterations", "soak_duration")
"""What on the command line makes a session a soak."""

RELEASE_DIR = Option(
    "release-dir",
    "artifacts",
    "DIR",
    "the folder of a release: its ledger, reports and runs",
    "SOAK_RELEASE_DIR",
)
"""Of `pytest-soak release`; a session has its ini key alone."""
