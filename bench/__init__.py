"""Measures wfgraph against hand-written Python, ``workflow`` 2.1.6 and its peers: ``python -m bench``."""
