"""A bot's feeds as rows of equal intervals, and which of them can be used."""
