// SPDX-License-Identifier: Apache-2.0
/* In place of setns(2), the way into a room: a call that does not come back. */
#pragma once

#include <unistd.h>

static int asked[2]; /* a pipe: the child has come so far */

/* In the child alone. */
int setns(int fd, int kind)
{
	(void)fd, (void)kind;
	(void)!write(asked[1], "", 1);
	(void)alarm(60); /* for when nobody ends it */
	for (;;)
		(void)pause();
}
