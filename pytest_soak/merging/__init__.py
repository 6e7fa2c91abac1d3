"""Runs of several machines become one."""
