"""The phase planner."""
