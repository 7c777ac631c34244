"""Python source to facts: the flow of values, queries, raw SQL, templates."""
