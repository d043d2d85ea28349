# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the program from the folder that it is installed in."""

import sys

from mesospark_run_networks.main import main

main(sys.argv[1:])
