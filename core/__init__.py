"""The vocabulary of Signalbox: what every other package talks in. No network, no database."""
