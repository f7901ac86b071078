"""Pylon (usepylon.com): customer support issues across Slack, e-mail and chat."""
