"""`python -m connector`, and the command `connector` of an installation."""

import sys

STOPPED = 130
"""The exit code of a shell for a command that Ctrl-C ended."""


def main() -> int:
    """Run the command line; return its exit code. Ctrl-C while the modules are loaded ends it in a word, too."""
    try:
        from connector.faces.cli import main as run  # takes a third of a second

        return run()
    except KeyboardInterrupt:
        sys.stderr.write("Stopped.\n")
        return STOPPED


if __name__ == "__main__":
    sys.exit(main())
