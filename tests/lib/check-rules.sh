#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Every numbered rule of a file's head is named again where the code keeps it, and by a test (tests/lib/rules.py).
cd "$(dirname "$0")/../.." || exit 3
exec python3 tests/lib/rules.py
