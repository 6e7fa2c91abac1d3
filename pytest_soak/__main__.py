"""`python -m pytest_soak`: the command `pytest-soak`."""

from pytest_soak.cli import main

if __name__ == "__main__":
    main()
