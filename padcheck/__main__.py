"""`python -m padcheck`."""

from padcheck.cli import main

if __name__ == "__main__":
    main()
