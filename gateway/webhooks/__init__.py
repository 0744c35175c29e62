"""Changes sent to addresses that operators name: in order, at least once, signed, and into no network that is not public."""
