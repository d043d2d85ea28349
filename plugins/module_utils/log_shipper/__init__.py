# SPDX-License-Identifier: GPL-3.0-or-later
"""Parts of the log shipper, so that modules make the same records of a file: links to services/log-shipper."""
