"""What `instar init` finds out about a project, and the edits that it makes."""
