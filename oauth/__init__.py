"""Who connects and who signs in: Add to Slack, and the console's sessions."""
