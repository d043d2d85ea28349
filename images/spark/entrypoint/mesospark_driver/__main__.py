# SPDX-License-Identifier: GPL-3.0-or-later
"""The image's entrypoint: prepares and runs a client-mode driver."""

import sys

from mesospark_driver.main import main

sys.exit(main(sys.argv[1:]))
