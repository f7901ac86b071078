"""The web: ingress, API, console, health and commands."""
