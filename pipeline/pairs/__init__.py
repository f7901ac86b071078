"""One conversation from two sources: its issue, its copies, and what people say of both."""
