"""Migration and templates to files, written all or none."""
