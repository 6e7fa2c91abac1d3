"""Faults in what a terminal shows, and in what is kept of a bot's output."""

from __future__ import annotations

from mutants.mutant import Mutant, of

ROWS, SCREEN = of("rows"), of("screen")
TERMINAL = ("plugin/test_terminal.py",)
PRINTED = ("plugin/test_printed.py",)

MUTANTS = (
    *(
        Mutant(file, old, new, ROWS)
        for file, old, new in (
            ("columns.py", 'return f"({tight(threshold.warn_unless)})"', "return ''"),
            ("columns.py", 'if len(texts) == 1 else ""', "if texts else ''"),
            ("columns.py", "if room < 0:", "if room < -1:"),
            ("lane_table.py", "if name != Verdict.FAIL}", "}"),
            ("lane_table.py", "n - grace.get(name, 0)", "n"),
            (
                "lane_rows.py",
                "lane.counts[word(event.record)]",
                "lane.counts[event.record.verdict]",
            ),
            (
                "iteration_rows.py",
                "if record.graded or record.verdict is Verdict.FAIL:",
                "if True:",
            ),
            ("iteration_rows.py", "if check.metric not in columns:", "if False:"),
            ("iteration_rows.py", "elif tuner is Told.STEPS and made.suggested:", "elif False:"),
            (
                "closing.py",
                'return apart if parsed.symbol.startswith(">") else -apart',
                "return apart",
            ),
            ("closing.py", "worst([check.verdict, drift.verdict])", "check.verdict"),
            ("closing.py", "[] if reasons == list(result.reasons[:1]) else reasons", "reasons"),
            (
                "closing.py",
                "reason in result.reasons if not",
                "reason in result.reasons[1:] if not",
            ),
            ("closing.py", "key=_worst_first)[:LANES_SHOWN]", "key=str)[:LANES_SHOWN]"),
            ("totals.py", 'return "" if known == iterations else', 'return "" if known else'),
            ("totals.py", "self.counts[word(record)] += 1", "pass"),
            (
                "lane_rows.py",
                "return 0 if state == RUNNING else",
                "return 1 if state == RUNNING else",
            ),
            ("progress_line.py", "full = bar * progress.done //", "full = 0 * progress.done //"),
            ("text.py", '(1e3, 1e4, "k")', '(1e4, 1e4, "k")'),
            ("text.py", "head = (longest - 1) // 2", "head = longest"),
        )
    ),
    Mutant("screen.py", "self._put(self._cleared() + text)", "self._put(text)", SCREEN),
    Mutant("screen.py", "// width)) for line", "// 10**9)) for line", SCREEN),
    Mutant("screen.py", '_COLOUR.sub("", line)', "line", SCREEN),
    Mutant("screen.py", "return wanted[0] or found[0]", "return found[0]", SCREEN),
    Mutant(
        "screen.py",
        "except UnicodeEncodeError:\n                raise",
        "except UnicodeEncodeError:\n                self._give_up()",
        TERMINAL,
    ),
    Mutant("terminal.py", 'or bool(os.environ.get("CI"))\n\n', "\n\n", TERMINAL),
    Mutant("terminal.py", "self._config.option.verbose < 0 and not asked", "False", TERMINAL),
    Mutant("terminal.py", "config.option.verbose = min(verbose, 0)", "pass", TERMINAL),
    Mutant("terminal.py", 'os.environ.get("TERM") != "dumb"', "True", TERMINAL),
    Mutant(
        "terminal.py",
        "failed[:] = [report for report in failed if",
        "[report for report in failed if True or",
        TERMINAL,
    ),
    Mutant("gate_items.py", "if result.ending is Ending.GATE:", "if False:", TERMINAL),
    Mutant("printed.py", "left_out = len(data) - MOST_BYTES", "left_out = 0", PRINTED),
    Mutant("printed.py", "data[-half:]", "data[:half]", PRINTED),
    Mutant("resolve.py", "math.ceil(asked /", "math.floor(asked /", of("settings")),
    Mutant("resolve.py", "if not 1 <= number <= MAX_ITERATIONS:", "if False:", of("settings")),
    *(
        Mutant(file, old, new, of("runs_command"))
        for file, old, new in (
            ("so_far.py", "(graded or iterations)[-FINAL_WINDOW:]", "iterations[-FINAL_WINDOW:]"),
            ("so_far.py", "if len(lanes) > MOST_LANES:", "if False:"),
            ("so_far.py", "        except SoakUsageError:\n", "        except KeyError:\n"),
            ("show.py", "if (final := run.final(lane)) is not None:", "if False:"),
            ("show.py", "if is_under_way(run.folder) else STOPPED\n    for", "\n    for"),
        )
    ),
    Mutant("markers.py", "for name in kpis if is_own(name)]", "for name in ()]", of("markers")),
)
