"""What was said before, or missed: imports and the search for gaps, apart from the steps that run them."""
