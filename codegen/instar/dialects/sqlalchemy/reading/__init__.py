"""Reading models without running them: text is lowered to a small form, evaluated as far as needed, assembled."""
