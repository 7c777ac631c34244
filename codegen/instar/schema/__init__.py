"""The schema model and what can be said of two versions of it; pure, no input or output."""
