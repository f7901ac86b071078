"""Names: what platforms told us of people, companies and channels, and how it reaches what was written."""
