// SPDX-License-Identifier: Apache-2.0
/* The operator's terminal on one side, a terminal or pipes of a room on the other. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

/* Ends of the room's side; in and out are one descriptor for a terminal. -EBADF = not there. */
struct ctl_relay {
	int in; /* what the operator types goes there */
	int out; /* what the room says comes from here */
	int err; /* what it says on standard error */
	bool tty; /* ours is put into raw mode, changes of its size are handed on */
};

/*
 * Copy both ways until the process of @pid has ended and nothing is left to copy, a signal tells us to end, or, on a
 * terminal, the room's side has hung up or Control-] was typed three times. Whatever the room does or does not do,
 * these are heard.
 * Takes over the descriptors. The terminal is as before afterwards, also when a signal ends us.
 * Returns the wait status of @pid.
 */
int ctl_relay_run(struct ctl_relay *r, pid_t pid);
