"""Errors that a user can correct: raised where arguments, texts and files are checked, and nowhere else.

Each is also the built-in error that it stands for, so that `except ValueError` works as usual. The command line shows
them in one line, with exit code 2; any other `ValueError` is a fault of Saddlery's, and shown as one.
"""


class Invalid(Exception):
    """The error for something that is not as it must be: the message names it, what it was and what is allowed."""


class InvalidValue(Invalid, ValueError):
    """The error for a value that is out of range, unknown, or does not fit the others."""


class InvalidType(Invalid, TypeError):
    """The error for a value of another kind than what is needed."""


class NotFound(Invalid, FileNotFoundError):
    """The error for a file or folder that is not there, or does not hold what it must."""


class InTheWay(Invalid, FileExistsError):
    """The error for a file or folder that Saddlery did not write, or that holds something already."""


class NotAFolder(Invalid, NotADirectoryError):
    """The error for a file where a folder must be."""


class Damaged(InvalidValue):
    """The error for a damaged file, which does not hold what was written into it."""
