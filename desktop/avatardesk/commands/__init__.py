"""The command line's smaller commands, each a module with `main(arguments) -> exit code`."""
