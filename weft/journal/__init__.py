"""The journal: an origin's own records and their changes, durable before they are acknowledged, sealed into feeds after."""
