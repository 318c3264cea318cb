"""The exit codes of the command line; a signal ends it with 128 and its number (130 Ctrl-C, 143 SIGTERM, 129 a closed terminal)."""

OK = 0
"""Everything went well."""
FAILED = 1
"""Something failed or did not finish."""
USAGE = 2
"""The command itself was wrong; nothing was done."""
NOTHING_RAN = 3
"""Nothing ran, because other runs are working on every entity named."""
