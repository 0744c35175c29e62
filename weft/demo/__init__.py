"""The demo: five commissions on one machine, each a node of its own, and the journey that accepts the product."""
