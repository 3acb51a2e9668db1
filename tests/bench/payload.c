// SPDX-License-Identifier: Apache-2.0
/*
 * The program that the other sandboxes start: says that it runs, and ends.
 *
 * Runs in: their sandboxes.
 */
#include <unistd.h>

int main(void)
{
	return write(STDOUT_FILENO, "", 1) == 1 ? 0 : 1;
}
