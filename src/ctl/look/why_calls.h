// SPDX-License-Identifier: Apache-2.0
/* Refused system calls, from the kernel's log. */
#pragma once

struct ctl_why_rows;

/*
 * Add those that the kernel has logged, one row for each program, user and call.
 * Returns 0; -errno the log cannot be read.
 */
int ctl_why_add_calls(int state_dir, struct ctl_why_rows *rows);
