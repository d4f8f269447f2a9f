"""`python -m saddlery`: the command line."""

import sys

from saddlery.cli import main

if __name__ == "__main__":
    sys.exit(main())
