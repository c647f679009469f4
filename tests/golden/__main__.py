"""``python -m tests.golden``: write down what a new number of rules or records stands for."""

from tests.golden import making, records


def main() -> None:
    for made in (making.make, records.make):
        try:
            print(f"wrote {made()}")
        except FileExistsError as error:
            print(f"{error.filename} is there already: raise the number first")


if __name__ == "__main__":
    main()
