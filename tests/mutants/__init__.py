"""Faults to be put into the source on purpose, each with the tests that must turn red.

`python tests/kill_mutants.py` tries them all.
"""

from mutants import (
    ab,
    beside,
    calibration,
    comparing,
    judging,
    lanes,
    measuring,
    sessions,
    soaked,
    stops,
)
from mutants.mutant import TESTS, Mutant

__all__ = ["MUTANTS", "TESTS", "Mutant"]

MUTANTS = [
    *ab.MUTANTS,
    *beside.MUTANTS,
    *calibration.MUTANTS,
    *comparing.MUTANTS,
    *judging.MUTANTS,
    *lanes.MUTANTS,
    *measuring.MUTANTS,
    *sessions.MUTANTS,
    *soaked.MUTANTS,
    *stops.MUTANTS,
]
