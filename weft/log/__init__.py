"""The log: feeds, their commits and their ledgers as a database holds them, at the origin and at a reader alike."""
