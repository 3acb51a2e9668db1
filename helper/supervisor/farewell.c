// SPDX-License-Identifier: Apache-2.0
/* See farewell.h. */
#include "helper/supervisor/farewell.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <syslog.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "helper/event.h"
#include "helper/kept_room.h"
#include "helper/supervisor/member.h"
#include "wire/login.h"

/* A number after @key and a space, or the file's first when @key is "". */
static bool read_count(int cgroup, const char *file, const char *key, uint64_t *ret)
{
	char text[1024];
	const char *p = text;

	if (cgroup < 0 || crl_file_read(cgroup, file, text, sizeof(text)) <= 0)
		return false;
	if (key[0])
		p = strstr(text, key);
	return p && sscanf(p + strlen(key), "%" SCNu64, ret) == 1;
}

/*
 * The login's own counts. Where its cgroup has no memory controller (manager cgroupfs) the peak is that of all logins
 * of its user, and is called so.
 */
static void describe_use(const struct crl_kept *room, const struct crl_member *m, struct crl_event_use *use, char *buf,
			 size_t size)
{
	scoped_fd slice = -EBADF;
	char cpu[48] = "", memory[48] = "";
	uint64_t n;

	use->cpu_us = UINT64_MAX;
	if (read_count(m->cgroup, "cpu.stat", "usage_usec ", &use->cpu_us))
		(void)snprintf(cpu, sizeof(cpu), " cpu_ms=%" PRIu64, use->cpu_us / 1000);
	if (m->cgroup >= 0 && room->cgroup_root >= 0 && room->slice[0])
		slice = openat(room->cgroup_root, room->slice, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (read_count(m->cgroup, "memory.peak", "", &n))
		(void)snprintf(memory, sizeof(memory), " memory_peak=%" PRIu64, n);
	else if (read_count(slice, "memory.peak", "", &n))
		(void)snprintf(memory, sizeof(memory), " user_memory_peak=%" PRIu64, n);
	(void)snprintf(buf, size, "%s%s", cpu, memory);
}

static int64_t seconds_since(int64_t since)
{
	int64_t s = crl_clock_ms() / 1000 - since;

	return s > 0 ? s : 0;
}

/* Those that had their time and did not end. */
static const char *describe_killed(size_t n, char *buf, size_t size)
{
	buf[0] = '\0';
	if (n > 0)
		(void)snprintf(buf, size, " killed=%zu", n);
	return buf;
}

void crl_farewell_login(const struct crl_kept *room, const struct crl_member *m)
{
	struct crl_event_use use = {.seconds = seconds_since(m->since)};
	char used[128], killed[32], text[192];

	if (m->gone)
		return;
	describe_use(room, m, &use, used, sizeof(used));
	(void)snprintf(text, sizeof(text), "%s%s", used, describe_killed(m->killed, killed, sizeof(killed)));
	use.text = text;
	crl_event_closed(room, m, &use);
}

void crl_farewell_room(const struct crl_kept *room)
{
	char user[CRL_USER_MAX * 4], killed[32]; /* R1: escaped */

	crl_log(LOG_NOTICE, "room=%s user=%s uid=%" PRIu32 " policy=%s ended (%s) duration_s=%" PRId64 "%s", room->id,
		crl_visible_field(user, sizeof(user), room->user), room->uid, room->adopt.policy,
		room->ended_by ? room->ended_by : "its supervisor cannot go on", seconds_since(room->since),
		describe_killed(room->killed, killed, sizeof(killed)));
}
