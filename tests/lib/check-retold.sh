#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The tables of texts that users read (said_texts.c) and the code that makes those texts, in English, say the same: a row
# that no code makes would be told to nobody, and what has no row stays English for everybody.
cd "$(dirname "$0")/../.." || exit 3
exec python3 tests/lib/retold.py
