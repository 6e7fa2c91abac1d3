"""Faults to be put into the source on purpose, each with the tests that must turn red.

`python tests/kill_mutants.py` tries them all.
"""

from mutants import (
    ab,
    alerting,
    arriving,
    attacking,
    authoring,
    beside,
    calibration,
    cluster,
    comparing,
    ending,
    exchanging,
    interfering,
    jailing,
    judging,
    lanes,
    measuring,
    releasing,
    replaying,
    reporting,
    sessions,
    showing,
    soaked,
    stepping,
    stops,
    unheard,
    watching,
)
from mutants.mutant import TESTS, Mutant

__all__ = ["MUTANTS", "TESTS", "Mutant"]

MUTANTS = [
    *ab.MUTANTS,
    *alerting.MUTANTS,
    *arriving.MUTANTS,
    *attacking.MUTANTS,
    *authoring.MUTANTS,
    *beside.MUTANTS,
    *calibration.MUTANTS,
    *cluster.MUTANTS,
    *comparing.MUTANTS,
    *ending.MUTANTS,
    *exchanging.MUTANTS,
    *interfering.MUTANTS,
    *jailing.MUTANTS,
    *judging.MUTANTS,
    *lanes.MUTANTS,
    *measuring.MUTANTS,
    *releasing.MUTANTS,
    *reporting.MUTANTS,
    *replaying.MUTANTS,
    *sessions.MUTANTS,
    *showing.MUTANTS,
    *soaked.MUTANTS,
    *stepping.MUTANTS,
    *stops.MUTANTS,
    *unheard.MUTANTS,
    *watching.MUTANTS,
]
