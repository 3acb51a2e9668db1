// SPDX-License-Identifier: Apache-2.0
/*
 * `carrel limits`. Limits stand on the control group of the user, which their rooms show read-only: what all their
 * logins use together counts.
 *
 * Runs in: carrel, as the user. Trusts: nothing that it reads but that it is text.
 */
#include <inttypes.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>

#include "base/file.h"
#include "base/parse.h"
#include "base/scope.h"
#include "plan/limits/counts.h"
#include "user/home.h"
#include "user/own.h"
#include "user/said.h"

#define FILE_MAX 4096
#define CELL 24

enum limit_unit { LIMIT_BYTES, LIMIT_NUMBER, LIMIT_CPU };

static const struct limit_row {
	const char *name;
	const char *most; /* files of the control group */
	const char *used; /* NULL = the kernel does not tell */
	enum limit_unit unit;
} rows[] = {
	{"memory", "memory.max", "memory.current", LIMIT_BYTES},
	{"memory, slowed above", "memory.high", "memory.current", LIMIT_BYTES},
	{"swap", "memory.swap.max", "memory.swap.current", LIMIT_BYTES},
	{"tasks", "pids.max", "pids.current", LIMIT_NUMBER},
	{"cpu", "cpu.max", NULL, LIMIT_CPU},
};

static void format(enum limit_unit unit, uint64_t n, char buf[CELL])
{
	char told[CRL_RETOLD_MAX];

	if (n == CRL_COUNT_UNKNOWN)
		(void)snprintf(buf, CELL, "%s", crl_user_said("none", told));
	else if (unit == LIMIT_BYTES)
		crl_format_size(n, buf, CELL);
	else if (unit == LIMIT_CPU)
		crl_format_percent(n, buf, CELL);
	else
		(void)snprintf(buf, CELL, "%" PRIu64, n);
}

/* For people: crl_format_size() is exact, and a use is seldom a round number. */
static void format_use(enum limit_unit unit, uint64_t n, char buf[CELL])
{
	if (unit == LIMIT_BYTES && n != CRL_COUNT_UNKNOWN && n >= 1024)
		crl_format_size(n >> 20 ? n >> 20 << 20 : n >> 10 << 10, buf, CELL);
	else
		format(unit, n, buf);
}

/* @name  in English */
static void put(const char *name, const char *most, const char *used)
{
	char buf[CRL_RETOLD_MAX];
	const char *told = crl_user_said(name, buf);

	(void)printf("%-*s %*s %*s\n", crl_user_width(told, 22), told, crl_user_width(most, 10), most,
		     crl_user_width(used, 10), used);
}

static void put_head(void)
{
	char most[CRL_RETOLD_MAX], used[CRL_RETOLD_MAX];

	put("LIMIT", crl_user_said("MOST", most), crl_user_said("USED", used));
}

static int put_row(int cgroup, const struct limit_row *r)
{
	char text[128], most[CELL], used[CELL] = "-";

	if (crl_file_read(cgroup, r->most, text, sizeof(text)) <= 0)
		return 0;
	format(r->unit, r->unit == LIMIT_CPU ? crl_count_cpu_limit(text) : crl_count_limit(text), most);
	if (r->used && crl_file_read(cgroup, r->used, text, sizeof(text)) > 0)
		format_use(r->unit, crl_count_limit(text), used);
	put(r->name, most, used);
	return 1;
}

/* As the kernel has them, a line a device; what is not limited says max. */
static int put_io(int cgroup)
{
	char text[FILE_MAX], *rest = text, *line;
	int n = 0;

	if (crl_file_read(cgroup, "io.max", text, sizeof(text)) <= 0)
		return 0;
	while ((line = strsep(&rest, "\n"))) {
		char *space = strchr(line, ' '), name[CELL + 16], buf[CRL_RETOLD_MAX];
		const char *told;

		if (!space)
			continue;
		(void)snprintf(name, sizeof(name), "io of device %.*s", (int)(space - line), line);
		told = crl_user_said(name, buf);
		(void)printf("%-*s %s\n", crl_user_width(told, 22), told, space + 1);
		n++;
	}
	return n;
}

/* What is in memory, or a layer with a disk below it: that has its own end. */
static int put_place(const char *name, const char *path)
{
	char most[CELL], used[CELL];
	struct statfs fs;
	uint64_t size;

	if (!path || statfs(path, &fs) < 0 || fs.f_blocks == 0 ||
	    (fs.f_type != TMPFS_MAGIC && fs.f_type != OVERLAYFS_SUPER_MAGIC))
		return 0;
	size = (uint64_t)fs.f_bsize;
	format_use(LIMIT_BYTES, fs.f_blocks * size, most);
	format_use(LIMIT_BYTES, (fs.f_blocks - fs.f_bfree) * size, used);
	put(name, most, used);
	return 1;
}

int crl_user_limits(char *const *argv)
{
	scoped_fd cgroup = crl_user_cgroup();
	enum crl_user_exit status = crl_user_begin("limits", argv);
	char buf[CRL_RETOLD_MAX];
	int n = 0;

	if (status != CRL_USER_DONE)
		return status;
	put_head();
	for (size_t i = 0; i < CRL_ARRAY_LEN(rows) && cgroup >= 0; i++)
		n += put_row(cgroup, &rows[i]);
	if (cgroup >= 0)
		n += put_io(cgroup);
	n += put_place("home", getenv("HOME"));
	n += put_place("/tmp", "/tmp");
	if (n == 0)
		(void)fprintf(stderr, "carrel: %s\n", crl_user_said("this room shows no limits of yours", buf));
	return fflush(stdout) != 0 || n == 0 ? CRL_USER_FAILED : CRL_USER_DONE;
}
