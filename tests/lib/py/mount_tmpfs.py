# SPDX-License-Identifier: Apache-2.0
# Run set-user-ID root: mounts a tmpfs on /tmp, prints the result.
import ctypes, os

os.setuid(0)
c = ctypes.CDLL(None, use_errno=True)
print(c.mount(b"mounted-inside", b"/tmp", b"tmpfs", 0, None), os.strerror(ctypes.get_errno()))
