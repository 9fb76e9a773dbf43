"""`python -m connector.cli` is the command `amili-connector`."""

from connector.cli import main

if __name__ == "__main__":
    main(prog_name="amili-connector")
