"""The runtime: what happens while a token walks a Program."""
