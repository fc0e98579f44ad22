"""``python -m scenario_runner`` is ``fabricate``."""

from scenario_runner.cli import main

if __name__ == "__main__":
    main()
