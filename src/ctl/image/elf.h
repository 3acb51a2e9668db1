// SPDX-License-Identifier: Apache-2.0
/*
 * What a program or library needs to be loaded, read from its file and nothing of it run.
 *
 * Source: elf(5). The file may say anything: it is read by position, and within bounds.
 */
#pragma once

#include <stdbool.h>

#include "base/scope.h"
#include "base/words.h"

#define CTL_ELF_PATH_MAX 256

struct ctl_elf {
	char loader[CTL_ELF_PATH_MAX]; /* PT_INTERP; "" = none: a library, or static */
	char paths[2 * CTL_ELF_PATH_MAX]; /* DT_RUNPATH, or DT_RPATH, with ":" between; "" = none */
	struct crl_words needed; /* DT_NEEDED, sorted */
};

/*
 * Read one.
 * @ret  to be given back by ctl_elf_done() in any case
 * Returns 0; -ENOEXEC it is no ELF file; -EXDEV it is for another machine than this program; -EBADMSG it is damaged;
 * -ENOMEM; -errno.
 */
int ctl_elf_read(int fd, struct ctl_elf *ret) CRL_MUST_CHECK;
void ctl_elf_done(struct ctl_elf *e);
