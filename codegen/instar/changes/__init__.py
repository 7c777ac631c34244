"""One file per kind of change: which steps it takes under each deploy model, and why."""
