"""Tokens: opened for one call, renewed before they end, by one caller at a time."""
