# SPDX-License-Identifier: GPL-3.0-or-later
"""`python3 -m mesospark_log_shipper`."""

from mesospark_log_shipper.main import main

main()
