"""Faults in sessions, commands and their merging."""

from __future__ import annotations

from mutants.mutant import Mutant, of

MUTANTS = (
    # the session
    Mutant(
        "protocol.py",
        "self._context.lanes.pause(slot.lane)",
        "pass",
        (
            "plugin/test_pacing.py::test_the_pause_is_between_iterations_and_not_before_skipped_ones",
        ),
    ),
    Mutant(
        "protocol.py",
        'failure = "the test did not call soak_iteration.run()"',
        "pass",
        ("plugin/test_targets.py::test_a_test_that_does_not_run_its_window_ends_the_lane",),
    ),
    Mutant(
        "protocol.py",
        'report.outcome, report.longrepr = "failed"',
        'report.outcome, report.longrepr = "passed"',
        ("plugin/test_reruns.py::test_a_subtest_before_the_window_does_not_end_the_lane",),
    ),
    Mutant(
        "order.py",
        "items[:] = kept",
        "items[:] = items",
        ("plugin/test_selection.py::test_asking_for_iteration_three_runs_one_to_three",),
    ),
    Mutant(
        "order.py",
        "if items and max(slots.values()) > 1:",
        "if False:",
        ("plugin/test_honesty.py::test_further_parameters_of_a_soak_test_are_a_usage_error",),
    ),
    Mutant(
        "once.py",
        "return run_once(item, nextitem)",
        "return None",
        ("plugin/test_reruns.py::test_the_last_iteration_that_fails_is_not_run_again",),
    ),
    Mutant(
        "once.py",
        "if _IN_BODY in item.stash:",
        "if False:",
        ("plugin/test_reruns.py::test_a_body_that_a_plugin_enters_again_does_not_run",),
    ),
    Mutant("distributed.py", "IN_FLIGHT = 2", "IN_FLIGHT = 3", of("lane_scheduling")),
    Mutant("distributed.py", "self._lanes.appendleft(left)", "pass", of("lane_scheduling")),
    Mutant(
        "distributed.py",
        "crashed = self.collection[pending.pop(0)]",
        "crashed = self.collection[pending[0]]",
        of("lane_scheduling"),
    ),
    Mutant(
        "distributed.py",
        "if len(pending) < IN_FLIGHT:",
        "if len(pending) <= IN_FLIGHT:",
        of("lane_scheduling"),
    ),
    # sessions and commands
    Mutant("cli.py", "(cmd_name,) if cmd_name in NAMES else NAMES", "NAMES", of("commands")),
    *(
        Mutant(file, old, new, (f"plugin/test_{test}",))
        for file, old, new, test in (
            (
                "gate_cli.py",
                "return verdict.status",
                "return 0",
                "cli.py::test_a_violation_is_listed_and_fails",
            ),
            (
                "config_cli.py",
                "return USAGE if errors else 0",
                "return 0",
                "config_commands.py::test_migrate_makes_a_profile_that_soaks_and_tells_what_is_broken",
            ),
            (
                "merge.py",
                "return HELD if held else merged.result.exit_status or 0",
                "return 0",
                "merge_command.py::test_a_job_that_left_nothing_or_too_little_is_no_pass",
            ),
            (
                "rotate_cli.py",
                "default=100, type=click.IntRange(min=1)",
                "default=100, type=click.IntRange(min=0)",
                "rotate_command.py::test_over_size_exits_2_and_a_missing_folder_4",
            ),
            (
                "controller.py",
                "good = self._succeeds(conclusion.verdict)",
                "good = True",
                "honesty.py::test_a_soak_that_was_skipped_is_no_success",
            ),
            (
                "controller.py",
                "self._report = report\n",
                "pass\n",
                "report.py::test_a_soak_ends_with_a_report_and_a_trend",
            ),
            (
                "distributed.py",
                "selected[lane] = max(",
                "_ = max(",
                "honesty.py::test_a_built_in_id_works_under_xdist",
            ),
            (
                "folder.py",
                "if before != now:",
                "if False:",
                "resume.py::test_other_settings_are_refused_by_name",
            ),
            (
                "overrides.py",
                "sources |= dict.fromkeys(given, source)",
                "pass",
                "runtime_file.py::test_each_source_beats_the_next",
            ),
            (
                "plugin.py",
                "return record_feed",
                "return dict",
                "market_fixture.py::test_a_plain_test_gets_feeds",
            ),
            (
                "protection.py",
                "_say([self._step.stop()])",
                "pass",
                "github_session.py::test_a_conftest_that_fails_says_no_command",
            ),
            (
                "protocol.py",
                "failure = str(error)",
                "pass",
                "disk.py::test_a_file_that_cannot_be_written_fails_its_iteration_and_ends_the_lane",
            ),
            (
                "protocol.py",
                "item.user_properties.extend(",
                "list().extend(",
                "ecosystem.py::test_the_report_log_has_every_iteration_and_its_kpis",
            ),
            (
                "scenarios.py",
                "        if given in BUILT_IN:\n            return BUILT_IN[given]",
                "        return BUILT_IN.get(given, BUILT_IN['calm'])",
                "usage_errors.py::test_a_bad_ini_value_is_named",
            ),
            (
                "system.py",
                "os._exit(CHILD)",
                "pass",
                "forks.py::test_the_child_ends_and_the_session_is_whole_and_can_be_resumed",
            ),
            (
                "target_fixture.py",
                'if given != "default":',
                "if False:",
                "honesty.py::test_a_target_fixture_in_a_test_module_has_its_own_table",
            ),
            (
                "target_fixture.py",
                "if definition is not effective and not",
                "if False and not",
                "target_fixture.py::test_what_cannot_be_used_is_a_usage_error_that_names_it",
            ),
            (
                "timeouts.py",
                "if took > self._seconds:",
                "if False:",
                "timeouts.py::test_a_bot_that_catches_its_timeout_fails_all_the_same",
            ),
            (
                "typed.py",
                "for flag in _flags(args):",
                "for flag in ():",
                "typed.py::test_an_option_that_does_nothing_is_refused",
            ),
            (
                "typed.py",
                "for flag in _flags(unknown):",
                "for flag in ():",
                "typed.py::test_an_option_that_does_nothing_is_refused",
            ),
            (
                "verdict.py",
                'see {see}" if lane.changed else ""',
                'see {see}" if False else ""',
                "tuning_session.py::test_with_auto_tune_decisions_are_applied_shown_and_told_at_the_end",
            ),
        )
    ),
    # merge
    Mutant("join.py", "if lane.lower() in seen:", "if False:", of("merging")),
    Mutant("join.py", "if Verdict.FAIL in judged:", "if False:", of("merging")),
    Mutant("join.py", "if not complete or any(", "if any(", of("merging")),
    Mutant("join.py", "max((result.gate_mode", "min((result.gate_mode", of("merging")),
    Mutant("alike.py", "if first != value:", "if False:", of("merging")),
    Mutant("alike.py", "if first[0] != other[0]:", "if False:", of("merging")),
    Mutant("compare.py", "if before.get(path) != after.get(path):", "if False:", of("merging")),
)
