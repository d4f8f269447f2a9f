"""Records: the folders that runs are kept in, marked, locked, described, filled cell by cell, and checked when read."""
