"""`python -m connector`."""

import sys

from connector.faces.cli import main

sys.exit(main())
