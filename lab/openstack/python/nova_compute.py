"""nova-compute that finds this folder's driver (lab_nova): Nova looks for drivers in its own package only, so the folder is made part of that."""

import os

import nova.virt

nova.virt.__path__.append(os.path.dirname(os.path.abspath(__file__)))

from nova.cmd import compute  # noqa: E402 - the path comes first

compute.main()
