"""`python -m instar`."""

from instar.cli.app import main

main()
