"""The command line: one module per group of commands, one line per command in the table of ``main``."""
