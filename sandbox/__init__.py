"""Local stand-ins for Slack and Pylon over real HTTP, and a story that plays against a running Signalbox."""
