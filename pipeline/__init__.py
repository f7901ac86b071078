"""The way of an event after its arrival: rows with a state, and steps that move them on."""
