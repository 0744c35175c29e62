"""One list of changes over all services that keep records, under one cursor, so that a client need not know the parts."""
