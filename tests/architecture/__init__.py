"""Rules of the house that a machine can check: imports, ownership of tables, documentation. No servers, no network."""
