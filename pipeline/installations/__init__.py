"""What becomes of a Slack installation, and who may hear in its channels."""
