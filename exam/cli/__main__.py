"""Entry of `python -m exam.cli`, by which the supervisor starts its processes."""

from exam.cli.main import main

main()
