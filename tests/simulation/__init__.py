"""The fault simulation: the real protocol, journal, log and inbox over a simulated network, disk, clock and broker."""
