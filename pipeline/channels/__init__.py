"""Which channels a connection captures, and which it adds by itself."""
