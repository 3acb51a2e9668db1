// SPDX-License-Identifier: Apache-2.0
/* What a room holds without any process: files in its own tmpfs, SysV shared memory. */
#pragma once

#include <stdint.h>

struct crl_room_info;

/* In bytes; UINT64_MAX = not known. @init  pidfd of its init */
uint64_t ctl_room_held(const struct crl_room_info *room, int init);
