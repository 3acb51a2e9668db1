// SPDX-License-Identifier: Apache-2.0
/*
 * See answers.h.
 *
 * R1: nothing is looked at in this process that a server or a program answers for.
 * R2: one place costs one deadline, however much is asked of it, and all of them together cost three.
 */
#include "ctl/host/answers.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mountinfo.h"
#include "base/path.h"
#include "base/scope.h"
#include "base/words.h"

#define WAIT_MS 3000
#define PLACES_MAX 3

static char *silent[PLACES_MAX];

/* What holds up nobody. An overlay is as far as what lies below it, which is not told. */
static bool is_near(const char *type)
{
	if (crl_mountinfo_is_near(type))
		return strcmp(type, "overlay") != 0;
	return crl_word_is_in("fusectl binfmt_misc nsfs selinuxfs", type, " ");
}

static int add(struct ctl_far *far, const char *point)
{
	char **place = reallocarray(far->place, far->len + 1, sizeof(*place));

	if (!place)
		return -ENOMEM;
	far->place = place;
	place[far->len] = strdup(point);
	if (!place[far->len])
		return -ENOMEM;
	crl_mountinfo_unescape(place[far->len++]);
	return 0;
}

int ctl_far_read(pid_t pid, struct ctl_far *ret)
{
	char path[40] = "/proc/self/mountinfo";
	scoped_free char *line = NULL;
	scoped_file *in = NULL;
	size_t size = 0;
	int rc = 0;

	*ret = (struct ctl_far){.len = 0};
	if (pid > 0)
		(void)snprintf(path, sizeof(path), "/proc/%d/mountinfo", (int)pid);
	in = fopen(path, "re");
	if (!in)
		return -errno;
	while (rc == 0 && getline(&line, &size, in) > 0) {
		const char *tail = strstr(line, " - ");
		char point[PATH_MAX], type[40];

		if (!tail || sscanf(line, "%*d %*d %*s %*s %4095s", point) != 1 || sscanf(tail + 3, "%39s", type) != 1)
			rc = -EBADMSG;
		else if (!is_near(type))
			rc = add(ret, point);
	}
	if (rc < 0)
		ctl_far_done(ret);
	return rc;
}

void ctl_far_done(struct ctl_far *far)
{
	for (size_t i = 0; i < far->len; i++)
		free(far->place[i]);
	free(far->place);
	*far = (struct ctl_far){.len = 0};
}

const char *ctl_far_at(const struct ctl_far *far, const char *path)
{
	for (size_t i = far->len; i > 0; i--)
		if (crl_path_is_within(path, far->place[i - 1]))
			return far->place[i - 1];
	return NULL;
}

const char *ctl_silent(size_t i)
{
	return i < PLACES_MAX ? silent[i] : NULL;
}

/* R2 */
static bool is_given_up(const char *place)
{
	for (size_t i = 0; i < PLACES_MAX && silent[i]; i++)
		if (strcmp(silent[i], place) == 0)
			return true;
	return silent[PLACES_MAX - 1] != NULL;
}

static void give_up(const char *place)
{
	for (size_t i = 0; i < PLACES_MAX; i++) {
		if (silent[i])
			continue;
		silent[i] = strdup(place);
		return;
	}
}

int ctl_ask_far(const char *place, ctl_question *ask, const void *arg, void **answer, size_t size)
{
	int rc;

	*answer = NULL;
	if (is_given_up(place))
		return -ETIMEDOUT;
	rc = ctl_ask_child(ask, arg, answer, size, WAIT_MS);
	if (rc == -ETIMEDOUT)
		give_up(place);
	return rc;
}

const struct ctl_far *ctl_far_here(void)
{
	static struct ctl_far far;
	static bool looked;

	looked = looked || ctl_far_read(0, &far) == 0;
	return looked ? &far : NULL;
}

struct stat_answer {
	int rc;
	struct stat st;
};

static void ask_stat(const void *arg, void *answer)
{
	struct stat_answer *a = answer;

	a->rc = stat(arg, &a->st) < 0 ? -errno : 0;
}

/* R1. A link may lead anywhere: so the kernel alone is asked only where it answers for everything. */
int ctl_stat(const char *path, struct stat *ret)
{
	const struct ctl_far *all = ctl_far_here();
	const char *far = all ? ctl_far_at(all, path) : NULL;
	char above[PATH_MAX];
	void *answer = NULL;
	int rc;

	if (all && all->len == 0)
		return stat(path, ret) < 0 ? -errno : 0;
	(void)snprintf(above, sizeof(above), "%s", path); /* through a link: all beside it may lead there */
	if (strrchr(above, '/') > above)
		*strrchr(above, '/') = '\0';
	rc = ctl_ask_far(far ? far : above, ask_stat, path, &answer, sizeof(struct stat_answer));
	if (rc == 0) {
		rc = ((struct stat_answer *)answer)->rc;
		*ret = ((struct stat_answer *)answer)->st;
	}
	ctl_answer_done(answer, sizeof(struct stat_answer));
	return rc;
}
