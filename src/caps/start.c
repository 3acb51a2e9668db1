// SPDX-License-Identifier: Apache-2.0
/*
 * See start.h. On other architectures than these the C library begins the program (Makefile, CAPS_FREE).
 *
 * Source: the System V ABI's process stack (argc, argv, NULL, envp, NULL); syscall(2), "Architecture calling
 * conventions".
 */
#include "caps/start.h"

#ifdef CRL_CAPS_FREE

#include <stddef.h>

static void crl_launch_begin(long *stack) __attribute__((noreturn, used));

#if defined(__x86_64__)

__asm__(".globl _start\n"
	".type _start, @function\n"
	"_start:\n"
	"	xor %ebp, %ebp\n"
	"	mov %rsp, %rdi\n"
	"	and $-16, %rsp\n"
	"	call crl_launch_begin\n"
	"	hlt\n");

long crl_launch_system(long number, const long arg[5])
{
	register long r10 __asm__("r10") = arg[3];
	register long r8 __asm__("r8") = arg[4];
	long ret;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "a"(number), "D"(arg[0]), "S"(arg[1]), "d"(arg[2]), "r"(r10), "r"(r8)
			 : "rcx", "r11", "memory");
	return ret;
}

#elif defined(__aarch64__)

__asm__(".globl _start\n"
	".type _start, %function\n"
	"_start:\n"
	"	mov x29, #0\n"
	"	mov x30, #0\n"
	"	mov x0, sp\n"
	"	and sp, x0, #-16\n"
	"	b crl_launch_begin\n");

long crl_launch_system(long number, const long arg[5])
{
	register long x8 __asm__("x8") = number;
	register long x0 __asm__("x0") = arg[0];
	register long x1 __asm__("x1") = arg[1];
	register long x2 __asm__("x2") = arg[2];
	register long x3 __asm__("x3") = arg[3];
	register long x4 __asm__("x4") = arg[4];

	__asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4) : "memory");
	return x0;
}

#endif

static void crl_launch_begin(long *stack)
{
	char **argv = (char **)(stack + 1);
	char **envp = argv + *stack + 1;
	int status = crl_launch_main(argv, envp);

	for (;;)
		(void)crl_launch_system(SYS_exit_group, (const long[5]){status});
}

#else

#include <errno.h>
#include <unistd.h>

long crl_launch_system(long number, const long arg[5])
{
	long rc = syscall(number, arg[0], arg[1], arg[2], arg[3], arg[4]);

	return rc < 0 ? -errno : rc;
}

int main(int argc, char **argv, char **envp)
{
	(void)argc;
	return crl_launch_main(argv, envp);
}

#endif
