"""Texts and values from users: checked, quoted in errors, read as calls, and found by name."""
