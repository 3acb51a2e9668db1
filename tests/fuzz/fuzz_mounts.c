// SPDX-License-Identifier: Apache-2.0
/*
 * Bytes as mountinfo and as the list of sockets, made into a room's mounts.
 *
 * Runs in: libFuzzer only.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "plan/mounts/plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool it_is_so)
{
	if (!it_is_so)
		abort();
}

static int file_of(const void *data, size_t size)
{
	static int fd = -1;

	if (fd < 0)
		fd = memfd_create("fuzz", 0);
	expect(ftruncate(fd, 0) == 0 && pwrite(fd, data, size, 0) == (ssize_t)size && lseek(fd, 0, SEEK_SET) == 0);
	return fd;
}

/* Places are relative and stay in their tree. */
static void judge(const struct crl_mount_plan *plan)
{
	for (size_t i = 0; i < plan->len; i++) {
		const struct crl_mount_op *op = &plan->op[i];

		expect(!op->place || (op->place[0] != '/' && !strstr(op->place, "/../")));
		expect(op->kind != CRL_MOUNT_SOCKET || op->target[0] == '/');
	}
}

static void plan(struct crl_host *host, uint8_t choice)
{
	const struct crl_login login = {.uid = 1000,
					.gid = 1000,
					.ngroups = 1,
					.groups = {1000},
					.user = "u",
					.home = "/home/u",
					.service = "s"};
	struct crl_mount_plan made = {0};
	struct crl_err err = {0};
	struct crl_policy p;
	int rc;

	expect(crl_policy_init(&p) == 0);
	p.home_mode = choice & 1 ? CRL_HOME_OVERLAY : CRL_HOME_REAL;
	p.home_size = 1 << 20;
	host->cgroup2_unified = choice & 2;
	memcpy(host->room_id, "abcdefgh", 9);
	memcpy(host->name, "host", 5);
	memcpy(host->room_name, "room", choice & 4 ? 5 : 0);
	memcpy(host->outer_tty, "/dev/pts/3", choice & 8 ? 11 : 0);
	rc = crl_mount_plan_build(&p, &login, host, &made, &err);
	expect(rc == -err.code);
	judge(&made);
	crl_mount_plan_done(&made);
	crl_policy_done(&p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct crl_host host = {0};
	struct crl_err err = {0};
	const uint8_t *cut;
	int rc;

	if (size < 1)
		return 0;
	/* mountinfo, a NUL, the sockets */
	cut = memchr(data + 1, '\0', size - 1);
	rc = crl_host_read_mounts(file_of(data + 1, cut ? (size_t)(cut - data - 1) : size - 1), &host, &err);
	expect(rc == -err.code);
	if (cut)
		expect(crl_host_read_sockets(file_of(cut + 1, size - (size_t)(cut + 1 - data)), &host, NULL) == 0);
	for (size_t i = 0; i < host.mounts_len; i++)
		expect(host.mounts[i][0] == '/');
	if (rc == 0)
		plan(&host, data[0]);
	crl_host_done(&host);
	return 0;
}
