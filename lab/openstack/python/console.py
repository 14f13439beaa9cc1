"""Runs the console script of an installed Python package by its name.

Debian packs the daemons' scripts separately from their code, in packages whose installation asks for
databases and passwords; the code's own metadata says what such a script would call.
"""

import sys
from importlib.metadata import entry_points

name = sys.argv[1]
sys.argv = sys.argv[1:]
scripts = entry_points(group="console_scripts", name=name)
if not scripts:
    sys.exit(f"No installed Python package has a command {name}: is Debian's package of it installed?")
sys.exit(tuple(scripts)[0].load()())
