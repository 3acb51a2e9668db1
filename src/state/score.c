// SPDX-License-Identifier: Apache-2.0
/* See score.h. */
#include "state/score.h"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/scope.h"
#include "base/text.h"
#include "state/why/why.h"

#define MAGIC "carrel-score 1\n"
#define LOCK_MS 500 /* R1 */

_Static_assert(sizeof(MAGIC) == sizeof((struct crl_score){0}.magic), "as long as its field");
_Static_assert((int)CRL_STAGE_COUNT <= CRL_SCORE_CODES && (int)CRL_WHY_COUNT <= CRL_SCORE_CAUSES, "all have a place");

const uint64_t crl_score_bucket_us[CRL_SCORE_BUCKETS - 1] = {
	2500, 5000, 10000, 25000, 50000, 100000, 250000, 500000, 1000000, 2500000, 10000000,
};

/* R3 */
static int prove(int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	return S_ISREG(st.st_mode) && st.st_uid == geteuid() && (st.st_mode & 07777) == 0600 && st.st_nlink == 1
		       ? 0
		       : -EBADMSG;
}

static int open_file(int state_dir, int flags, int *ret_fd)
{
	scoped_fd fd = openat(state_dir, CRL_SCORE_FILE, flags | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0600);
	int rc;

	if (fd < 0)
		return errno == ELOOP ? -EBADMSG : -errno;
	rc = prove(fd);
	if (rc == 0)
		*ret_fd = take_fd(&fd);
	return rc;
}

int crl_score_open(int state_dir, int *ret_fd)
{
	int rc = open_file(state_dir, O_RDWR | O_CREAT, ret_fd);

	if (rc != -EBADMSG)
		return rc;
	if (unlinkat(state_dir, CRL_SCORE_FILE, 0) < 0 && errno != ENOENT)
		return -EBADMSG; /* a directory: nothing is counted */
	return open_file(state_dir, O_RDWR | O_CREAT, ret_fd);
}

/* Returns 0; -ENOENT it is empty; -EBADMSG R3. */
static int load(int fd, struct crl_score *ret)
{
	ssize_t n = pread(fd, ret, sizeof(*ret), 0);
	struct stat st;

	if (n == (ssize_t)sizeof(*ret) && memcmp(ret->magic, MAGIC, sizeof(MAGIC)) == 0 && fstat(fd, &st) == 0 &&
	    st.st_size == (off_t)sizeof(*ret)) {
		for (size_t i = 0; i < CRL_SCORE_ROWS; i++) {
			ret->row[i].policy[sizeof(ret->row[i].policy) - 1] = '\0';
			ret->row[i].service[sizeof(ret->row[i].service) - 1] = '\0';
		}
		return 0;
	}
	*ret = (struct crl_score){.since = 0};
	return n == 0 ? -ENOENT : -EBADMSG;
}

/* R1 */
static int lock(int fd, int operation)
{
	for (int64_t end = crl_now_ms() + LOCK_MS; flock(fd, operation | LOCK_NB) < 0; crl_pause_ms(1))
		if ((errno != EWOULDBLOCK && errno != EINTR) || crl_now_ms() >= end)
			return -EWOULDBLOCK;
	return 0;
}

int crl_score_read(int state_dir, struct crl_score *ret)
{
	scoped_fd fd = -EBADF;
	int rc = open_file(state_dir, O_RDONLY, &fd);

	*ret = (struct crl_score){.since = 0};
	if (rc == 0)
		rc = lock(fd, LOCK_SH);
	return rc < 0 ? rc : load(fd, ret);
}

/* Take the lock and what there is, begun anew where nothing is right. Returns false: nothing can be counted now. */
static bool begin(int fd, struct crl_score *s)
{
	if (fd < 0 || lock(fd, LOCK_EX) < 0)
		return false;
	if (load(fd, s) < 0) {
		if (ftruncate(fd, 0) < 0)
			return false;
		memcpy(s->magic, MAGIC, sizeof(MAGIC));
		s->since = crl_clock_ms() / 1000;
	}
	return true;
}

static void end(int fd, const struct crl_score *s)
{
	crl_ignore((int)pwrite(fd, s, sizeof(*s), 0)); /* no space: it is not counted */
	(void)flock(fd, LOCK_UN);
}

static bool is_row(const struct crl_score_row *r, const char *policy, const char *service)
{
	return strcmp(r->policy, policy) == 0 && strcmp(r->service, service) == 0;
}

/* R2: the last row is that of all others. */
static struct crl_score_row *find_row(struct crl_score *s, const char *policy, const char *service)
{
	struct crl_score_row *last = &s->row[CRL_SCORE_ROWS - 1];
	char visible[CRL_SERVICE_MAX];

	(void)crl_visible_field(visible, sizeof(visible), service[0] ? service : "-");
	for (struct crl_score_row *r = s->row; r < last; r++) {
		if (is_row(r, policy, visible))
			return r;
		if (r->service[0])
			continue;
		(void)snprintf(r->policy, sizeof(r->policy), "%s", policy);
		(void)snprintf(r->service, sizeof(r->service), "%s", visible);
		return r;
	}
	(void)snprintf(last->policy, sizeof(last->policy), CRL_SCORE_OTHER);
	(void)snprintf(last->service, sizeof(last->service), CRL_SCORE_OTHER);
	return last;
}

void crl_score_opened(int fd, const struct crl_score_login *l)
{
	struct crl_score_times *times;
	struct crl_score_row *row;
	struct crl_score s;
	size_t i = 0;

	if (!begin(fd, &s))
		return;
	row = find_row(&s, l->policy, l->service);
	row->opened++;
	row->rooms += l->made;
	times = &s.open[l->made];
	while (i < CRL_SCORE_BUCKETS - 1 && l->us > crl_score_bucket_us[i])
		i++;
	times->bucket[i]++;
	times->sum_us += l->us;
	end(fd, &s);
}

void crl_score_closed(int fd, const struct crl_score_login *l)
{
	struct crl_score_row *row;
	struct crl_score s;

	if (!begin(fd, &s))
		return;
	row = find_row(&s, l->policy, l->service);
	row->closed++;
	row->seconds += l->seconds;
	row->cpu_us += l->us;
	end(fd, &s);
}

static uint32_t span_of(int64_t now)
{
	return (uint32_t)(now / CRL_SCORE_SPAN_S);
}

void crl_score_refused(int fd, uint32_t stage)
{
	const uint32_t code = stage < CRL_STAGE_COUNT ? stage : CRL_STAGE_NONE;
	const uint32_t span = span_of(crl_clock_ms() / 1000);
	struct crl_score s;

	if (!begin(fd, &s))
		return;
	s.refused[code]++;
	if (s.recent[code][span % CRL_SCORE_RECENT].span != span) {
		s.recent[code][span % CRL_SCORE_RECENT].span = span;
		s.recent[code][span % CRL_SCORE_RECENT].count = 0;
	}
	s.recent[code][span % CRL_SCORE_RECENT].count++;
	end(fd, &s);
}

uint64_t crl_score_recent(const struct crl_score *s, uint32_t stage, int64_t now)
{
	const uint32_t span = span_of(now);
	uint64_t sum = 0;

	for (size_t i = 0; i < CRL_SCORE_RECENT && stage < CRL_SCORE_CODES; i++) /* of the future: the clock was set */
		if (s->recent[stage][i].span <= span && span - s->recent[stage][i].span < CRL_SCORE_RECENT)
			sum += s->recent[stage][i].count;
	return sum;
}

void crl_score_why(int fd, uint32_t cause, uint64_t calls)
{
	struct crl_score s;

	if (cause >= CRL_SCORE_CAUSES || !begin(fd, &s))
		return;
	s.why[cause]++;
	s.calls += calls;
	end(fd, &s);
}

void crl_score_swept(int fd, uint64_t rooms, bool failed)
{
	struct crl_score s;

	if (!begin(fd, &s))
		return;
	s.sweeps++;
	s.sweeps_failed += failed;
	s.swept_rooms += rooms;
	s.swept = crl_clock_ms() / 1000 * (failed ? -1 : 1);
	end(fd, &s);
}
