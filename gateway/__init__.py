"""The one public door of a node: routing, identity, limits, composition of the API's description, the plain pages."""
