"""Slack: what customers say in shared channels."""
