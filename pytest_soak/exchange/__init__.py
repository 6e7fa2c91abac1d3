"""An exchange on this machine that speaks Bybit's version 5, for bots nobody here wrote."""
