"""Who runs the steps: threads on one machine, Procrastinate on any number of them."""
