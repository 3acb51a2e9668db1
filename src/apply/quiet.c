// SPDX-License-Identifier: Apache-2.0
/*
 * Memory that a sleeping process does not need (crl_sandbox_quiet_memory).
 *
 * Runs in: supervisor, init.
 */
#include <link.h>
#include <malloc.h>
#include <stdint.h>
#include <sys/auxv.h>
#include <sys/mman.h>

#include "apply/sandbox.h"

#define STACK_KEEP 16384 /* below our own frame: this call and the signal handlers of the next moments */
#define STACK_DROP (512UL * 1024) /* less than the gap that the kernel keeps free below a stack */

/* Relocated pages lie in writable segments: those keep what was written, all others are as in the file. */
static int drop_object(struct dl_phdr_info *info, size_t size, void *page_size)
{
	uintptr_t page = *(const uintptr_t *)page_size;
	uintptr_t vdso = getauxval(AT_SYSINFO_EHDR);

	(void)size;
	for (size_t i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *ph = &info->dlpi_phdr[i];
		uintptr_t start = info->dlpi_addr + ph->p_vaddr;
		uintptr_t end =
			(start + ph->p_memsz) & ~(page - 1); /* the last page may be the next segment's */

		if (ph->p_type != PT_LOAD || (ph->p_flags & PF_W))
			continue;
		start &= ~(page - 1);
		if (start <= vdso && vdso < start + ph->p_memsz)
			continue; /* not of a file */
		if (start < end)
			(void)madvise((void *)start, end - start, MADV_DONTNEED); /* thrift, not need */
	}
	return 0;
}

__attribute__((noinline)) void crl_sandbox_quiet_memory(void)
{
	uintptr_t page = getauxval(AT_PAGESZ);
	uintptr_t here = (uintptr_t)__builtin_frame_address(0);
	uintptr_t top = (here - STACK_KEEP) & ~(page - 1);

	(void)malloc_trim(0);
	(void)dl_iterate_phdr(drop_object, &page);
	(void)madvise((void *)(top - STACK_DROP), STACK_DROP,
		      MADV_DONTNEED); /* -ENOMEM past the stack's end */
}
