"""What people see of us in Slack: small pure functions from facts to Block Kit."""
