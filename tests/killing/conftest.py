"""Fixtures of the kill rounds."""

from tests.fix_postgres import postgres as postgres
from tests.fix_postgres import postgres_server as postgres_server
