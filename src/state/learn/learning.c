// SPDX-License-Identifier: Apache-2.0
/* See learning.h. */
#include "state/learn/learning.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/parse.h"
#include "state/learn/tally.h"

#define RECORD_MAX 1024
#define HEADER "carrel-learning 1\n"
#define ALL "-"

/* Takes "KEY=VALUE\n" off *@text. */
static bool take(const char **text, const char *key, char *buf, size_t size)
{
	size_t len = strlen(key), value;

	if (strncmp(*text, key, len) != 0)
		return false;
	value = strcspn(*text + len, "\n");
	if (value == 0 || value >= size || (*text)[len + value] != '\n')
		return false;
	memcpy(buf, *text + len, value);
	buf[value] = '\0';
	*text += len + value + 1;
	return true;
}

static bool take_number(const char **text, const char *key, uint64_t *ret)
{
	char word[24];

	return take(text, key, word, sizeof(word)) && crl_parse_uint(word, 0, INT64_MAX, ret) == 0;
}

/* R1 */
int crl_learning_parse(const char *text, size_t len, struct crl_learning *ret)
{
	struct crl_learning l = {0};
	uint64_t wall;

	if (strlen(text) != len || strncmp(text, HEADER, strlen(HEADER)) != 0)
		return -EBADMSG;
	text += strlen(HEADER);
	if (!take(&text, "boot=", l.boot, sizeof(l.boot)) || !take_number(&text, "begun=", &l.begun_ms) ||
	    !take_number(&text, "until=", &l.until_ms) || !take_number(&text, "wall=", &wall) ||
	    !take(&text, "user=", l.user, sizeof(l.user)) || *text != '\0')
		return -EBADMSG;
	/* Unsigned: one that is over before it began is too long as well. */
	if (l.until_ms - l.begun_ms > CRL_LEARNING_MAX_S * 1000)
		return -EBADMSG;
	l.until_wall = (int64_t)wall;
	*ret = l;
	return 0;
}

bool crl_learning_is_on(const struct crl_learning *l, const struct crl_trial_now *now, const char *user)
{
	char field[CRL_VISIBLE_MAX(CRL_USER_MAX)];

	if (strcmp(l->boot, now->boot) != 0 || now->ms < l->begun_ms || now->ms >= l->until_ms)
		return false;
	return !user || strcmp(l->user, ALL) == 0 ||
	       strcmp(l->user, crl_visible_field(field, sizeof(field), user)) == 0;
}

static int name_record(const char *policy, char name[CRL_POLICY_NAME_MAX + 16])
{
	if (!crl_name_is_valid(policy, CRL_POLICY_NAME_MAX))
		return -EINVAL;
	(void)snprintf(name, CRL_POLICY_NAME_MAX + 16, "%s.on", policy);
	return 0;
}

int crl_learning_read(int dir, const char *policy, struct crl_learning *ret)
{
	char name[CRL_POLICY_NAME_MAX + 16], text[RECORD_MAX];
	ssize_t n;
	int rc = name_record(policy, name);

	if (rc < 0)
		return rc;
	n = crl_file_read(dir, name, text, sizeof(text));
	return n < 0 ? (int)n : crl_learning_parse(text, (size_t)n, ret);
}

static bool is_on(int dir, const char *policy, const char *user)
{
	struct crl_learning l;
	struct crl_trial_now now;

	return crl_learning_read(dir, policy, &l) == 0 && crl_trial_clock(&now) == 0 &&
	       crl_learning_is_on(&l, &now, user);
}

bool crl_learning_wants(int state_dir, const char *policy, const char *user)
{
	scoped_fd dir = -EBADF;

	return crl_learn_open(state_dir, false, &dir) == 0 && is_on(dir, policy, user);
}

bool crl_learning_goes_on(int dir, const char *policy)
{
	return is_on(dir, policy, NULL);
}

int crl_learning_begin(int dir, const char *policy, const char *user, uint64_t duration_s)
{
	char name[CRL_POLICY_NAME_MAX + 16], text[RECORD_MAX], field[CRL_VISIBLE_MAX(CRL_USER_MAX)] = ALL;
	struct crl_trial_now now;
	int rc = name_record(policy, name), n;

	if (rc == 0)
		rc = crl_trial_clock(&now);
	if (rc < 0)
		return rc;
	if (user)
		(void)crl_visible_field(field, sizeof(field), user);
	n = snprintf(text, sizeof(text),
		     HEADER "boot=%s\nbegun=%" PRIu64 "\nuntil=%" PRIu64 "\nwall=%" PRId64 "\nuser=%s\n", now.boot,
		     now.ms, now.ms + duration_s * 1000, crl_clock_ms() / 1000 + (int64_t)duration_s, field);
	if (n < 0 || (size_t)n >= sizeof(text))
		return -EINVAL;
	return crl_file_replace(
		dir, &(struct crl_file){.name = name, .beside = ".on", .data = text, .len = (size_t)n, .mode = 0600});
}

int crl_learning_end(int dir, const char *policy)
{
	char name[CRL_POLICY_NAME_MAX + 16];
	int rc = name_record(policy, name);

	if (rc < 0)
		return rc;
	if (unlinkat(dir, name, 0) == 0)
		return 1;
	return errno == ENOENT ? 0 : -errno;
}
