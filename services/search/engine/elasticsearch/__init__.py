"""The engine that is a server: Elasticsearch 9. Imported only where it is chosen, since its client is large."""
