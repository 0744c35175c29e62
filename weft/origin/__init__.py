"""What runs beside the requests of a service that owns records: sealing, publishing, and its peers' admission."""
