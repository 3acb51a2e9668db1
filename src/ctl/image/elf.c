// SPDX-License-Identifier: Apache-2.0
/* See elf.h. */
#include "ctl/image/elf.h"

#include <elf.h>
#include <link.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#define HEADERS_MAX 64
#define ENTRIES_MAX 4096 /* of the dynamic section */

#if defined(__x86_64__)
#define MACHINE EM_X86_64
#elif defined(__aarch64__)
#define MACHINE EM_AARCH64
#elif defined(__i386__)
#define MACHINE EM_386
#elif defined(__riscv)
#define MACHINE EM_RISCV
#elif defined(__powerpc64__)
#define MACHINE EM_PPC64
#elif defined(__s390x__)
#define MACHINE EM_S390
#else
#define MACHINE EM_ARM
#endif

/* The file's segments, as far as they count. */
struct segments {
	int fd;
	ElfW(Phdr) header[HEADERS_MAX];
	size_t headers;
	uint64_t strings; /* where the names stand in the file */
};

static int read_at(int fd, uint64_t at, void *buf, size_t size)
{
	ssize_t n = at > INT64_MAX - size ? 0 : pread(fd, buf, size, (off_t)at);

	return n < 0 ? -errno : (size_t)n == size ? 0 : -EBADMSG;
}

static int read_headers(int fd, struct segments *s)
{
	ElfW(Ehdr) e;
	int rc = read_at(fd, 0, &e, sizeof(e));

	if (rc == -EBADMSG || (rc == 0 && memcmp(e.e_ident, ELFMAG, SELFMAG) != 0))
		return -ENOEXEC;
	if (rc < 0)
		return rc;
	if (e.e_ident[EI_CLASS] != (sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32) || e.e_machine != MACHINE)
		return -EXDEV;
	if (e.e_phentsize != sizeof(s->header[0]) || e.e_phnum > HEADERS_MAX)
		return -EBADMSG;
	s->fd = fd;
	s->headers = e.e_phnum;
	return read_at(fd, e.e_phoff, s->header, s->headers * sizeof(s->header[0]));
}

/* Where in the file the byte of that address is; 0 = nowhere. */
static uint64_t offset_of(const struct segments *s, uint64_t address)
{
	for (size_t i = 0; i < s->headers; i++) {
		const ElfW(Phdr) *p = &s->header[i];

		if (p->p_type == PT_LOAD && address >= p->p_vaddr && address - p->p_vaddr < p->p_filesz)
			return p->p_offset + (address - p->p_vaddr);
	}
	return 0;
}

/* A text that ends in the file, within @size bytes. */
static int read_text(int fd, uint64_t at, char *buf, size_t size)
{
	ssize_t n = at > INT64_MAX - size ? 0 : pread(fd, buf, size, (off_t)at);

	if (n < 0)
		return -errno;
	return n > 0 && memchr(buf, '\0', (size_t)n) ? 0 : -EBADMSG;
}

static int take_entry(const struct segments *s, const ElfW(Dyn) * d, struct ctl_elf *ret)
{
	char name[CTL_ELF_PATH_MAX];
	int rc;

	if (d->d_tag != DT_NEEDED && d->d_tag != DT_RUNPATH && d->d_tag != DT_RPATH)
		return 0;
	if (d->d_tag != DT_NEEDED)
		return read_text(s->fd, s->strings + d->d_un.d_val, ret->paths, sizeof(ret->paths));
	rc = read_text(s->fd, s->strings + d->d_un.d_val, name, sizeof(name));
	return rc < 0 ? rc : crl_words_add(&ret->needed, name);
}

static int read_dynamic(struct segments *s, const ElfW(Phdr) * p, struct ctl_elf *ret)
{
	size_t most = p->p_filesz / sizeof(ElfW(Dyn)), len = 0;
	scoped_free ElfW(Dyn) *d = NULL;
	int rc;

	most = most > ENTRIES_MAX ? ENTRIES_MAX : most;
	d = calloc(most + 1, sizeof(*d));
	if (!d)
		return -ENOMEM;
	rc = read_at(s->fd, p->p_offset, d, most * sizeof(*d));
	for (; rc == 0 && len < most && d[len].d_tag != DT_NULL; len++)
		if (d[len].d_tag == DT_STRTAB)
			s->strings = offset_of(s, d[len].d_un.d_ptr);
	if (rc == 0 && len > 0 && s->strings == 0)
		rc = -EBADMSG;
	for (size_t i = 0; rc == 0 && i < len; i++)
		rc = take_entry(s, &d[i], ret);
	crl_words_sort(&ret->needed);
	return rc;
}

int ctl_elf_read(int fd, struct ctl_elf *ret)
{
	struct segments s = {.headers = 0};
	int rc;

	*ret = (struct ctl_elf){.needed.len = 0};
	rc = read_headers(fd, &s);
	for (size_t i = 0; rc == 0 && i < s.headers; i++) {
		const ElfW(Phdr) *p = &s.header[i];

		if (p->p_type == PT_INTERP)
			rc = read_text(fd, p->p_offset, ret->loader, sizeof(ret->loader));
		else if (p->p_type == PT_DYNAMIC)
			rc = read_dynamic(&s, p, ret);
	}
	return rc;
}

void ctl_elf_done(struct ctl_elf *e)
{
	crl_words_done(&e->needed);
}
