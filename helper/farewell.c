// SPDX-License-Identifier: Apache-2.0
/* See farewell.h. */
#include "helper/farewell.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <syslog.h>

#include "apply/cgroup_limits.h"
#include "base/log.h"
#include "helper/helper.h"

/* A number after @key and a space, or the file's first when @key is "". */
static bool read_count(int cgroup, const char *file, const char *key, uint64_t *ret)
{
	char text[1024];
	const char *p = text;

	if (cgroup < 0 || crl_cgroup_read(cgroup, file, text, sizeof(text)) <= 0)
		return false;
	if (key[0])
		p = strstr(text, key);
	return p && sscanf(p + strlen(key), "%" SCNu64, ret) == 1;
}

/*
 * The login's own counts. Where its cgroup has no memory controller (manager cgroupfs) the peak is that of all logins
 * of its user, and is called so.
 */
static const char *describe_use(const struct crl_room *room, const struct crl_member *m, char *buf, size_t size)
{
	scoped_fd slice = -EBADF;
	char cpu[48] = "", memory[48] = "";
	uint64_t n;

	if (read_count(m->cgroup, "cpu.stat", "usage_usec ", &n))
		(void)snprintf(cpu, sizeof(cpu), " cpu_ms=%" PRIu64, n / 1000);
	if (m->cgroup >= 0 && room->cgroup_root >= 0 && room->slice[0])
		slice = openat(room->cgroup_root, room->slice, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (read_count(m->cgroup, "memory.peak", "", &n))
		(void)snprintf(memory, sizeof(memory), " memory_peak=%" PRIu64, n);
	else if (read_count(slice, "memory.peak", "", &n))
		(void)snprintf(memory, sizeof(memory), " user_memory_peak=%" PRIu64, n);
	(void)snprintf(buf, size, "%s%s", cpu, memory);
	return buf;
}

static int64_t seconds_since(int64_t since)
{
	int64_t s = crl_clock_ms() / 1000 - since;

	return s > 0 ? s : 0;
}

void crl_log_left(const struct crl_room *room, const struct crl_member *m)
{
	char user[CRL_USER_MAX * 4], service[CRL_SERVICE_MAX * 4], use[128];

	if (m->gone)
		return;
	crl_log(LOG_INFO, "id=%s room=%s user=%s uid=%" PRIu32 " service=%s left (%s) duration_s=%" PRId64 "%s", m->id,
		room->id, crl_escape(user, sizeof(user), m->user), m->uid, crl_escape(service, sizeof(service), m->service),
		m->asked ? "close" : "application gone", seconds_since(m->since), describe_use(room, m, use, sizeof(use)));
}

void crl_log_ended(const struct crl_room *room)
{
	char user[CRL_USER_MAX * 4];

	crl_log(LOG_NOTICE, "room=%s user=%s uid=%" PRIu32 " policy=%s ended (%s) duration_s=%" PRId64, room->id,
		crl_escape(user, sizeof(user), room->user), room->uid, room->adopt.policy,
		room->ended_by ? room->ended_by : "its supervisor cannot go on", seconds_since(room->since));
}
