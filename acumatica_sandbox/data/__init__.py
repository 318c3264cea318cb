"""The simulated company: a mid-sized distributor, made anew from a seed."""
