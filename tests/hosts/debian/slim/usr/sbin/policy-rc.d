#!/bin/sh

# As in Docker's images of Debian: no service starts when its package is installed.
exit 101
