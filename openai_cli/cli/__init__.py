"""The command line: options, commands, and the one place that exits."""
