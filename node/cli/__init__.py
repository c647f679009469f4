"""The command line: each verb is declared in a light module and done in a heavier one."""
