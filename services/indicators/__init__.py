"""Indicators: goals, targets, series and their observations."""
