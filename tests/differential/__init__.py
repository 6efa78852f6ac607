"""The same workflow, run by wfgraph and by the real ``workflow`` 2.1.6: what both do must agree.

``programs`` describes workflows and runs as plain data and generates them, ``build`` makes definitions of a description for
either library, ``engines`` makes engine classes, ``runs`` runs and records, ``exclusions`` lists what is meant to differ.
"""
