"""`python -m lmax` and the `lmax` command: the command line, which lives in node."""


def main() -> None:
    """Run the command line; ends the process."""
    from node.cli.main import main as command_line

    command_line()


if __name__ == "__main__":
    main()
