// SPDX-License-Identifier: Apache-2.0
/*
 * What did not answer while check looked, and processes of carrel's that hang: killed, and not gone, since a call of
 * the kernel's does not come back. Nobody waits for these; they go when what they wait for answers or ends.
 */
#include "ctl/check/hung.h"

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/dir.h"
#include "base/file.h"
#include "base/parse.h"
#include "base/procstat.h"
#include "base/scope.h"
#include "ctl/check/findings.h"
#include "ctl/host/answers.h"

#define NAME "carrel" /* what names of ours begin with */

struct hung {
	size_t len;
	char first[16];
	char name[32];
	char at[64]; /* where in the kernel */
};

static bool has_pending(const char *status, const char *field)
{
	const char *at = strstr(status, field);
	uint64_t set;

	return at && sscanf(at + strlen(field), "%" SCNx64, &set) == 1 && set & UINT64_C(1) << (SIGKILL - 1);
}

/* Root's by the host's numbers: a user may call anything what they like. */
static bool is_killed(int proc, const char *number, char name[32])
{
	char path[48], text[4096];
	struct crl_procstat st;
	uint64_t pid;

	if (crl_parse_uint(number, 1, INT32_MAX, &pid) < 0)
		return false;
	(void)snprintf(path, sizeof(path), "%s/status", number);
	if (crl_file_read(proc, path, text, sizeof(text)) <= 0 || sscanf(text, "Name:\t%31s", name) != 1)
		return false;
	return strncmp(name, NAME, strlen(NAME)) == 0 && strstr(text, "\nUid:\t0\t") &&
	       (has_pending(text, "\nSigPnd:") || has_pending(text, "\nShdPnd:")) &&
	       crl_procstat_read(proc, (pid_t)pid, &st) == 0 && !crl_procstat_is_dead(&st);
}

static void look(struct hung *h)
{
	scoped(crl_dir) proc = {0};

	crl_ignore(crl_dir_open(AT_FDCWD, "/proc", &proc));
	for (const char *number; (number = crl_dir_next(&proc));) {
		char path[48], name[32];

		if (!is_killed(crl_dir_fd(&proc), number, name) || h->len++ > 0)
			continue;
		(void)snprintf(h->first, sizeof(h->first), "%.15s", number);
		(void)snprintf(h->name, sizeof(h->name), "%s", name);
		(void)snprintf(path, sizeof(path), "%.15s/wchan", number);
		if (crl_file_read(crl_dir_fd(&proc), path, h->at, sizeof(h->at)) <= 0 || h->at[0] == '0')
			(void)snprintf(h->at, sizeof(h->at), "not told where");
	}
}

void ctl_check_hung(struct ctl_findings *f)
{
	struct hung h = {.len = 0};
	const char *place;

	for (size_t i = 0; (place = ctl_silent(i)); i++)
		ctl_find(f, CTL_WARNING, place, 0, "mend its server, or umount -l it",
			 "does not answer: nothing in it was looked at, and whose home is there is kept waiting and "
			 "refused");
	if (geteuid() != 0)
		return;
	look(&h);
	if (h.len > 0)
		ctl_find(f, CTL_WARNING, NULL, 0, "mend or unmount (-l -f) the file system that they wait for",
			 "processes of carrel's that were ended hang in the kernel:%zu, the first of them %s, "
			 "process:%s, in %s",
			 h.len, h.name, h.first, h.at);
}
