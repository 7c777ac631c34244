"""A small publishing application."""
