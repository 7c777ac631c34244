"""instar_lint: from application code to findings about the schema that is deployed."""
