"""One file per rule: its documentation, a bad and a good example, its check."""
