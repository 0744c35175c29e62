"""Exchanging feeds over HTTP, between nodes and between the services of one: serving, asking, following."""
