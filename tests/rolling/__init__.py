"""Old and new code side by side on one database: the machinery of the mixed-version tests."""
