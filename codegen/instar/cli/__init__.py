"""The command line: one file per verb, and the one place that knows both packages."""
