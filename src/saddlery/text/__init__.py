"""Text and values that a user gives: checked, quoted in errors, read as calls, and found by name."""
