// SPDX-License-Identifier: Apache-2.0
/*
 * Sleep in as little memory as can be (crl_sandbox_sleep).
 *
 * Runs in: supervisor, init.
 */
#include <errno.h>
#include <link.h>
#include <malloc.h>
#include <stdint.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "apply/sandbox.h"

#define RED_ZONE 128 /* the ABI's: below the stack pointer and yet in use */
#define STACK_DROP (512UL * 1024) /* less than the gap that the kernel keeps free below a stack */
#define RANGES_MAX 64 /* a static program has three; a sanitized one has those of its libraries as well */

struct range {
	uintptr_t start;
	size_t len;
};

struct ranges {
	uintptr_t page;
	struct range item[RANGES_MAX];
	size_t len;
};

/* Relocated pages lie in writable segments: those keep what was written, all others are as in the file. */
static int note_object(struct dl_phdr_info *info, size_t size, void *arg)
{
	uintptr_t vdso = getauxval(AT_SYSINFO_EHDR);
	struct ranges *r = arg;

	(void)size;
	for (size_t i = 0; i < info->dlpi_phnum && r->len < RANGES_MAX; i++) {
		const ElfW(Phdr) *ph = &info->dlpi_phdr[i];
		uintptr_t start = info->dlpi_addr + ph->p_vaddr;
		uintptr_t end = (start + ph->p_memsz) & ~(r->page - 1); /* the last page may be the next segment's */

		if (ph->p_type != PT_LOAD || (ph->p_flags & PF_W))
			continue;
		start &= ~(r->page - 1);
		if (start <= vdso && vdso < start + ph->p_memsz)
			continue; /* not of a file */
		if (start < end)
			r->item[r->len++] = (struct range){start, end - start};
	}
	return 0;
}

/* Not the C library's, whose pages would be in use again: each touch of a page brings its 64 KiB along. */
static inline __attribute__((always_inline)) long raw_call(long nr, long a, long b, long c, long d)
{
#ifdef __x86_64__
	register long r10 __asm__("r10") = d;
	long ret;

	__asm__ volatile("syscall" : "=a"(ret) : "0"(nr), "D"(a), "S"(b), "d"(c), "r"(r10) : "rcx", "r11", "memory");
	return ret;
#elif defined(__aarch64__)
	register long x8 __asm__("x8") = nr;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;

	__asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3) : "memory");
	return x0;
#else
	long ret = syscall(nr, a, b, c, d);

	return ret < 0 ? -errno : ret;
#endif
}

static inline __attribute__((always_inline)) uintptr_t stack_top(uintptr_t page)
{
#ifdef __x86_64__
	uintptr_t here;

	__asm__ volatile("mov %%rsp, %0" : "=r"(here));
	return (here - RED_ZONE) & ~(page - 1);
#elif defined(__aarch64__)
	uintptr_t here;

	__asm__ volatile("mov %0, sp" : "=r"(here));
	return here & ~(page - 1); /* nothing of a function's lies below */
#else
	return ((uintptr_t)__builtin_frame_address(0) - 16384) & ~(page - 1);
#endif
}

/* A function of its own, small and without calls: the last to run, so all of the program that stays in
 * memory. */
static __attribute__((noinline)) long drop_and_wait(const struct ranges *r, long nr, const long arg[4])
{
	uintptr_t top = stack_top(r->page);

	/* Thrift, not need: no result counts. The range of the stack goes past its end (ENOMEM). */
	(void)raw_call(__NR_madvise, (long)(top - STACK_DROP), STACK_DROP, MADV_DONTNEED, 0);
	for (size_t i = 0; i < r->len; i++)
		(void)raw_call(__NR_madvise, (long)r->item[i].start, (long)r->item[i].len, MADV_DONTNEED, 0);
	return raw_call(nr, arg[0], arg[1], arg[2], arg[3]);
}

long crl_sandbox_sleep(long nr, const long arg[4])
{
	static struct ranges r;

	if (r.len == 0) {
		r.page = getauxval(AT_PAGESZ);
		(void)dl_iterate_phdr(note_object, &r);
	}
#ifdef M_TRIM_THRESHOLD /* has malloc_trim(3), too */
	(void)malloc_trim(0);
#endif
	return drop_and_wait(&r, nr, arg);
}
