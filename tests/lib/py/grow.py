# SPDX-License-Identifier: Apache-2.0
# Takes memory without end.
a = []
while True:
    a.append(bytearray(1 << 20))
