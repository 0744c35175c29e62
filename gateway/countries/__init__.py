"""What the network knows of a country, of all services together."""
