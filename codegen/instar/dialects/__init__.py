"""Everything that is specific to one way of declaring and querying data; one folder a dialect."""
