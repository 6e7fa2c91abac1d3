"""The report of a run in a browser, while the run goes on."""
