"""Models in every style that the reader is held against; imported for real and read statically."""
