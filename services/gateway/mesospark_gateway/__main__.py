# SPDX-License-Identifier: GPL-3.0-or-later
"""`python3 -m mesospark_gateway`."""

from mesospark_gateway.main import main

main()
