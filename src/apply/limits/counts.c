// SPDX-License-Identifier: Apache-2.0
/*
 * Read what the kernel has counted of a login.
 *
 * Runs in: helper, supervisor, carrelctl.
 */
#include "apply/limits/counts.h"

#include <stddef.h>

#include "apply/limits/cgroup_limits.h"
#include "base/file.h"

#define FILE_MAX 4096

static uint64_t read_limit(int slice, const char *file, uint64_t (*parse)(const char *text))
{
	char text[128];

	return crl_file_read(slice, file, text, sizeof(text)) > 0 ? parse(text) : CRL_COUNT_UNKNOWN;
}

void crl_counts_read(int slice, int login, struct crl_counts *ret)
{
	char text[FILE_MAX];

	crl_counts_init(ret);
	for (size_t i = 0; i < CRL_COUNT_LEN; i++) {
		const struct crl_count_place *p = &crl_count_places[i];
		int dir = p->own ? login : slice;

		if (dir >= 0 && crl_file_read(dir, p->file, text, sizeof(text)) > 0)
			ret->n[i] = crl_count_find(p, text);
	}
	if (slice < 0)
		return;
	ret->io_limited =
		crl_file_read(slice, "io.max", text, sizeof(text)) > 0; /* a line a device, none without limits */
	ret->memory = read_limit(slice, "memory.max", crl_count_limit);
	ret->memory_high = read_limit(slice, "memory.high", crl_count_limit);
	ret->tasks = read_limit(slice, "pids.max", crl_count_limit);
	ret->cpu_permille = read_limit(slice, "cpu.max", crl_count_cpu_limit);
}
