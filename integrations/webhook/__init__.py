"""The generic webhook: signals from any program that holds a webhook key."""
