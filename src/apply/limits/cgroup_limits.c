// SPDX-License-Identifier: Apache-2.0
/*
 * The limits of a user's slice: enable controllers, write, read back.
 *
 * Runs in: helper, root, host namespaces.
 */
#include "apply/limits/cgroup_limits.h"
#include "plan/limits/cgroup.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/words.h"

#define PAGE_MAX 65536 /* the largest page that the kernel rounds memory down to */

/* For messages only: the path behind a descriptor. */
static const char *path_of(int fd, char *buf, size_t size)
{
	char link[40];
	ssize_t n;

	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, buf, size - 1);
	if (n < 0)
		return "the cgroup root";
	buf[n] = '\0';
	return buf;
}

static void note_missing(char *list, size_t size, const char *what)
{
	size_t used = strlen(list);

	if (crl_word_is_in(list, what, ","))
		return; /* a user's and a budget's limits lack the same */
	(void)snprintf(list + used, size - used, "%s%s", used ? "," : "", what); /* a cut list is still a warning */
}

static int is_busy(int dir, const char *what, struct crl_err *err)
{
	char path[256];

	return crl_err_set(err, EBUSY, CRL_STAGE_LIMITS,
			   "%s holds processes of its own, so \"%s\" cannot be enabled beneath it",
			   path_of(dir, path, sizeof(path)), what);
}

/* With processes in it, a cgroup takes the controllers of threads (cpu, cpuset, pids), and no child takes a process. */
static bool counts_threads(int dir)
{
	char type[32];

	return crl_file_read(dir, "cgroup.type", type, sizeof(type)) > 0 && crl_word_is_in(type, "threaded", " \n");
}

static void take_back(int dir, char *added)
{
	for (char *p = strchr(added, '+'); p; p = strchr(p, '+'))
		*p = '-';
	if (added[0])
		crl_ignore(crl_file_write(dir, "cgroup.subtree_control", added));
}

/* Enable controllers for the children of @dir. */
static int enable(int dir, const char *const *names, size_t len, struct crl_err *err)
{
	char now[256], add[256] = "", path[256];
	ssize_t n = crl_file_read(dir, "cgroup.subtree_control", now, sizeof(now));
	int rc;

	if (n < 0)
		return crl_err_set(err, (int)-n, CRL_STAGE_LIMITS, "cannot read cgroup.subtree_control of %s",
				   path_of(dir, path, sizeof(path)));
	for (size_t i = 0; i < len; i++) {
		size_t used = strlen(add);

		if (!crl_word_is_in(now, names[i], " \n"))
			(void)snprintf(add + used, sizeof(add) - used, "%s+%s", used ? " " : "", names[i]);
	}
	/* Without one to add, writing would take the kernel's global lock for nothing. */
	rc = add[0] ? crl_file_write(dir, "cgroup.subtree_control", add) : 0;
	if (rc == -EBUSY)
		return is_busy(dir, add, err);
	if (counts_threads(dir)) {
		now[strcspn(now, "\n")] = '\0';
		(void)is_busy(dir, add[0] ? add : now, err);
		if (rc == 0)
			take_back(dir, add);
		return -EBUSY;
	}
	if (rc < 0)
		return crl_err_set(err, -rc, CRL_STAGE_LIMITS, "cannot write \"%s\" to cgroup.subtree_control of %s",
				   add, path_of(dir, path, sizeof(path)));
	return 0;
}

/* Compare one number as the kernel gives it back; "max" and texts must be the same. */
static bool same_number(const char *want, const char *got, bool rounded)
{
	char *end_want, *end_got;
	uint64_t w = strtoull(want, &end_want, 10);
	uint64_t g = strtoull(got, &end_got, 10);

	if (end_want == want || *end_want || end_got == got || *end_got)
		return strcmp(want, got) == 0;
	return w == g || (rounded && g < w && w - g < PAGE_MAX);
}

/* True when each word of @want is the word of @got at its place; @got may have more lines, not more words. */
static bool same_words(char *want, char *got, bool rounded)
{
	char *rest_want = NULL, *rest_got = NULL;
	char *w = strtok_r(want, " \n", &rest_want);
	char *g = strtok_r(got, " \n", &rest_got);

	while (w && g && same_number(w, g, rounded)) {
		w = strtok_r(NULL, " \n", &rest_want);
		g = strtok_r(NULL, " \n", &rest_got);
	}
	return !w && !g;
}

/* io.max lists all devices and all keys: ours must be among them. */
static bool has_io(char *want, char *got)
{
	char *rest = NULL;
	char *device = strtok_r(want, " ", &rest);
	size_t len = strlen(device);
	char *line = got;

	while (line && !(strncmp(line, device, len) == 0 && line[len] == ' ')) {
		line = strchr(line, '\n');
		if (line)
			line++;
	}
	if (!line)
		return false;
	line[strcspn(line, "\n")] = '\0';
	for (char *key = strtok_r(NULL, " ", &rest); key; key = strtok_r(NULL, " ", &rest))
		if (!crl_word_is_in(line, key, " \n"))
			return false;
	return true;
}

static bool holds(int fd, const struct crl_cgroup_write *w)
{
	char want[sizeof(w->value)];
	char got[4096];
	ssize_t n = pread(fd, got, sizeof(got) - 1, 0);

	if (n < 0)
		return false;
	got[n] = '\0';
	memcpy(want, w->value, sizeof(want));
	if (strcmp(w->file, "io.max") == 0)
		return has_io(want, got);
	return same_words(want, got, strcmp(w->controller, "memory") == 0);
}

/* Returns 0, -ENOENT when the kernel has no such file, other errors recorded. */
static int write_limit(int slice, const struct crl_cgroup_write *w, struct crl_err *err)
{
	scoped_fd fd = openat(slice, w->file, O_RDWR | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0)
		return errno == ENOENT
			       ? -ENOENT
			       : crl_err_set(err, errno, CRL_STAGE_LIMITS, "cannot open %s (%s)", w->file, w->key);
	if (holds(fd, w))
		return 0; /* another login of the same user has set it */
	if (pwrite(fd, w->value, strlen(w->value), 0) < 0)
		return crl_err_set(err, errno, CRL_STAGE_LIMITS, "cannot write \"%s\" to %s (%s)", w->value, w->file,
				   w->key);
	if (!holds(fd, w))
		return crl_err_set(err, ERANGE, CRL_STAGE_LIMITS, "%s does not hold \"%s\" after writing it (%s)",
				   w->file, w->value, w->key);
	return 0;
}

/* What a slice without limits holds. */
static const struct {
	const char *file;
	const char *text;
} unlimited[] = {
	{"cpu.max", "max"},    {"cpu.weight", "100"},      {"memory.high", "max"},
	{"memory.max", "max"}, {"memory.swap.max", "max"}, {"pids.max", "max"},
};

static bool is_planned(const struct crl_cgroup_plan *plan, const char *file, const char *start)
{
	for (size_t i = 0; i < plan->len; i++)
		if (strcmp(plan->write[i].file, file) == 0 && strncmp(plan->write[i].value, start, strlen(start)) == 0)
			return true;
	return false;
}

static int lift(int user, const char *file, const char *text, struct crl_err *err)
{
	int rc = crl_file_write(user, file, text);

	return rc < 0 ? crl_err_set(err, -rc, CRL_STAGE_LIMITS, "cannot write \"%s\" to %s", text, file) : 0;
}

static int lift_io(int user, const struct crl_cgroup_plan *plan, struct crl_err *err)
{
	char text[4096], line[128];
	int rc = 0;

	if (crl_file_read(user, "io.max", text, sizeof(text)) <= 0)
		return 0; /* no such controller here, or no limit */
	for (char *rest = NULL, *one = strtok_r(text, "\n", &rest); one && rc == 0; one = strtok_r(NULL, "\n", &rest)) {
		one[strcspn(one, " ") + (strchr(one, ' ') != NULL)] = '\0'; /* "8:0 " */
		if (is_planned(plan, "io.max", one))
			continue;
		(void)snprintf(line, sizeof(line), "%.24srbps=max wbps=max riops=max wiops=max", one);
		rc = lift(user, "io.max", line, err);
	}
	return rc;
}

/* Another policy of the same user may have limited what this one leaves open: the last login's policy counts. */
static int lift_others(int user, const struct crl_cgroup_plan *plan, struct crl_err *err)
{
	int rc = 0;

	for (size_t i = 0; i < CRL_ARRAY_LEN(unlimited) && rc == 0; i++) {
		const char *text = unlimited[i].text;
		char now[64];

		if (is_planned(plan, unlimited[i].file, "") ||
		    crl_file_read(user, unlimited[i].file, now, sizeof(now)) < 0)
			continue;
		if (strncmp(now, text, strlen(text)) != 0 || strchr(" \n", now[strlen(text)]) == NULL)
			rc = lift(user, unlimited[i].file, text, err);
	}
	return rc < 0 ? rc : lift_io(user, plan, err);
}

static bool is_listed(const struct crl_cgroup_limiting *l, const char *controller)
{
	for (size_t i = 0; i < l->len; i++)
		if (strcmp(l->controller[i], controller) == 0)
			return true;
	return false;
}

static int lacks(struct crl_cgroup_limiting *l, const char *kind, const char *name, const char *key,
		 struct crl_err *err)
{
	char path[256];

	if (l->need == CRL_NEED_REQUIRE)
		return crl_err_set(err, EOPNOTSUPP, CRL_STAGE_LIMITS, "%s %s is not available in %s (%s)", kind, name,
				   path_of(l->root, path, sizeof(path)), key);
	note_missing(l->missing, CRL_CGROUP_MISSING_MAX, name);
	return 0;
}

int crl_cgroup_find_controllers(struct crl_cgroup_limiting *l, const struct crl_cgroup_plan *plan, struct crl_err *err)
{
	char there[256], path[256];
	ssize_t n = crl_file_read(l->root, "cgroup.controllers", there, sizeof(there));

	if (n < 0)
		return crl_err_set(err, (int)-n, CRL_STAGE_LIMITS, "cannot read cgroup.controllers of %s",
				   path_of(l->root, path, sizeof(path)));
	for (size_t i = 0; i < plan->len; i++) {
		const struct crl_cgroup_write *w = &plan->write[i];
		int rc = 0;

		if (is_listed(l, w->controller))
			continue;
		if (crl_word_is_in(there, w->controller, " \n"))
			l->controller[l->len++] = w->controller;
		else
			rc = lacks(l, "controller", w->controller, w->key, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

int crl_cgroup_enable(const struct crl_cgroup_limiting *l, int dir, struct crl_err *err)
{
	return l->len > 0 ? enable(dir, l->controller, l->len, err) : 0;
}

int crl_cgroup_apply_limits(struct crl_cgroup_limiting *l, const struct crl_cgroup_plan *plan, int slice,
			    struct crl_err *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < plan->len; i++) {
		const struct crl_cgroup_write *w = &plan->write[i];

		if (!is_listed(l, w->controller))
			continue;
		rc = write_limit(slice, w, err);
		if (rc == -ENOENT) /* such as memory.swap.max on a kernel without swap accounting */
			rc = lacks(l, "limit", w->file, w->key, err);
	}
	return rc < 0 ? rc : lift_others(slice, plan, err);
}

int crl_cgroup_verify_limits(int dir, const struct crl_cgroup_plan *plan, struct crl_err *err)
{
	for (size_t i = 0; i < plan->len; i++) {
		const struct crl_cgroup_write *w = &plan->write[i];
		scoped_fd fd = openat(dir, w->file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
		char path[256];

		if (fd < 0 || !holds(fd, w))
			return crl_err_set(err, ERANGE, CRL_STAGE_LIMITS, "%s of %s does not hold \"%s\" (%s)", w->file,
					   path_of(dir, path, sizeof(path)), w->value, w->key);
	}
	return 0;
}

int crl_cgroup_drop_missing(int root, struct crl_cgroup_plan *plan, enum crl_need need,
			    char missing[CRL_CGROUP_MISSING_MAX], struct crl_err *err)
{
	struct crl_cgroup_limiting l = {.root = root, .need = need, .missing = missing};
	size_t kept = 0;
	int rc;

	missing[0] = '\0';
	rc = crl_cgroup_find_controllers(&l, plan, err);
	for (size_t i = 0; rc == 0 && i < plan->len; i++)
		if (is_listed(&l, plan->write[i].controller))
			plan->write[kept++] = plan->write[i];
	if (rc == 0)
		plan->len = kept;
	return rc;
}
