// SPDX-License-Identifier: Apache-2.0
/*
 * A system call by the entry of 32-bit programs, which a 64-bit program has as well: call32 NUMBER [ARGUMENT...].
 * Prints what the kernel answers. Pointers would have to be below 4 GiB, so it is for calls without any.
 */
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
	unsigned long a[6] = {0};
	long rc = -38;

	for (int i = 1; i < argc && i <= 6; i++)
		a[i - 1] = strtoul(argv[i], NULL, 0);
#ifdef __x86_64__
	__asm__ volatile("int $0x80"
			 : "=a"(rc)
			 : "a"(a[0]), "b"(a[1]), "c"(a[2]), "d"(a[3]), "S"(a[4]), "D"(a[5])
			 : "memory", "r8", "r9", "r10", "r11");
#endif
	printf("%d\n", (int)rc);
	return 0;
}
