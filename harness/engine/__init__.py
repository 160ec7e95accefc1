"""A run from start to verdict: the stack, what is done to it, what is seen, how it is judged."""
