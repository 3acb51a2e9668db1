// SPDX-License-Identifier: Apache-2.0
/*
 * Mountinfo, read into the list of mount points that a path lookup on the host reaches.
 *
 * Runs in: helper, carrelctl. Trusts: the kernel's format, not the names in it: users mount FUSE at names of
 * theirs.
 */
#include "base/mountinfo.h"
#include "base/path.h"
#include "plan/mounts/build.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct host_entry {
	long id;
	long parent;
	char *path; /* in the text that was read */
	size_t order;
	bool user_fuse;
	bool noexec;
	bool far;
	signed char shown; /* 0 not known yet, 1 yes, -1 no */
};

struct host_table {
	struct host_entry *by_id;
	struct host_entry **by_place; /* sorted by parent, then path */
	size_t len;
};

static int read_whole(int fd, char **ret, size_t *ret_len)
{
	scoped_free char *buf = NULL;
	size_t size = 0;
	size_t len = 0;

	for (;;) {
		ssize_t n;

		if (size - len < 4096) {
			char *bigger;

			size = size ? size * 2 : 16384;
			if (size > CRL_MOUNTINFO_MAX)
				return -EFBIG;
			bigger = realloc(buf, size);
			if (!bigger)
				return -ENOMEM;
			buf = bigger;
		}
		n = read(fd, buf + len, size - len - 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		len += (size_t)n;
	}
	buf[len] = '\0';
	*ret = take_ptr(buf);
	*ret_len = len;
	return 0;
}

static int parse_id(const char *field, long *ret)
{
	char *end;

	errno = 0;
	*ret = strtol(field, &end, 10);
	return errno || end == field || *end || *ret < 0 ? -EBADMSG : 0;
}

/* True when @word is one of the comma-separated @options. */
static bool has_option(const char *options, const char *word)
{
	size_t len = strlen(word);

	for (const char *p = options; p; p = strchr(p, ',') ? strchr(p, ',') + 1 : NULL)
		if (!strncmp(p, word, len) && (!p[len] || p[len] == ','))
			return true;
	return false;
}

/* ID PARENT MAJ:MIN ROOT POINT OPTIONS [TAG…] - TYPE SOURCE SUPER */
static int parse_line(char *line, struct host_entry *e)
{
	char *rest = line;
	char *field[6];
	char *type;
	const char *super;
	const char *user;

	for (size_t i = 0; i < CRL_ARRAY_LEN(field); i++) {
		field[i] = strsep(&rest, " ");
		if (!rest || !*field[i])
			return -EBADMSG;
	}
	for (;;) {
		const char *tag = strsep(&rest, " ");

		if (!rest)
			return -EBADMSG;
		if (!strcmp(tag, "-"))
			break;
	}
	type = strsep(&rest, " ");
	(void)strsep(&rest, " "); /* the source says nothing that can be trusted */
	super = rest ? rest : "";
	user = strstr(super, "user_id=");
	e->user_fuse =
		!strncmp(type, "fuse", 4) && user && strncmp(user, "user_id=0,", 10) && strcmp(user, "user_id=0") != 0;
	e->far = !crl_mountinfo_is_near(type);
	e->noexec = has_option(field[5], "noexec");
	e->path = field[4];
	crl_mountinfo_unescape(e->path);
	if (e->path[0] != '/')
		return -EBADMSG;
	return parse_id(field[0], &e->id) || parse_id(field[1], &e->parent) ? -EBADMSG : 0;
}

static int by_id(const void *a, const void *b)
{
	const struct host_entry *x = a;
	const struct host_entry *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

static int by_order(const void *a, const void *b)
{
	const struct host_entry *x = a;
	const struct host_entry *y = b;

	return (x->order > y->order) - (x->order < y->order);
}

static int compare_place(long parent, const char *path, size_t path_len, const struct host_entry *e)
{
	int d;

	if (parent != e->parent)
		return parent < e->parent ? -1 : 1;
	d = strncmp(path, e->path, path_len);
	return d ? d : -(e->path[path_len] != '\0');
}

static int by_place(const void *a, const void *b)
{
	const struct host_entry *const *x = a;
	const struct host_entry *const *y = b;

	return compare_place((*x)->parent, (*x)->path, strlen((*x)->path), *y);
}

static struct host_entry *find_id(const struct host_table *t, long id)
{
	const struct host_entry key = {.id = id};

	return bsearch(&key, t->by_id, t->len, sizeof(*t->by_id), by_id);
}

/* True when a mount on @parent stands at the first @len bytes of @path. */
static bool has_mount_at(const struct host_table *t, long parent, const char *path, size_t len)
{
	size_t low = 0;
	size_t high = t->len;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int d = compare_place(parent, path, len, t->by_place[mid]);

		if (!d)
			return true;
		if (d < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return false;
}

/* A lookup goes into the first mount that stands in its way: one on the same parent, higher up the path. */
static bool is_cut_off(const struct host_table *t, const struct host_entry *e, const struct host_entry *parent)
{
	size_t from = strlen(parent->path);

	if (!strcmp(e->path, parent->path))
		return false;
	for (size_t i = from; e->path[i]; i++)
		if (e->path[i] == '/' && i > 0 && has_mount_at(t, e->parent, e->path, i))
			return true;
	return false;
}

/* Is it reached through its parents? Walks up to the first that is known, then back down. */
static bool is_shown(const struct host_table *t, struct host_entry *e)
{
	size_t steps = 0;

	while (!e->shown) {
		struct host_entry *at = e;
		struct host_entry *up = find_id(t, at->parent);

		/* The parent of the root is not listed, or is the root itself. */
		while (up && up != at && !up->shown && ++steps <= t->len) {
			at = up;
			up = find_id(t, at->parent);
		}
		if (up == at || !up)
			at->shown = at->user_fuse || strcmp(at->path, "/") != 0 ? -1 : 1;
		else
			at->shown = up->shown != 1 || at->user_fuse || is_cut_off(t, at, up) ||
						    (strcmp(at->path, up->path) != 0 &&
						     has_mount_at(t, up->id, up->path, strlen(up->path)))
					    ? -1
					    : 1;
	}
	return e->shown == 1;
}

/* What another mount covers has nothing to show but what is on it. */
static bool is_kept(const struct host_table *t, struct host_entry *e)
{
	return is_shown(t, e) && !has_mount_at(t, e->id, e->path, strlen(e->path));
}

static int keep(const struct host_table *t, struct crl_host *host)
{
	scoped_free struct host_entry *kept = calloc(t->len + 1, sizeof(*kept));
	size_t len = 0;

	if (!kept)
		return -ENOMEM;
	for (size_t i = 0; i < t->len; i++)
		if (is_kept(t, &t->by_id[i]))
			kept[len++] = t->by_id[i];
	qsort(kept, len, sizeof(*kept), by_order);
	host->mounts = calloc(len + 1, sizeof(char *));
	host->noexec = calloc(len + 1, sizeof(bool));
	host->far = calloc(len + 1, sizeof(char *));
	if (!host->mounts || !host->noexec || !host->far)
		return -ENOMEM;
	for (; host->mounts_len < len; host->mounts_len++) {
		host->mounts[host->mounts_len] = strdup(kept[host->mounts_len].path);
		if (!host->mounts[host->mounts_len])
			return -ENOMEM;
		host->noexec[host->mounts_len] = kept[host->mounts_len].noexec;
		if (kept[host->mounts_len].far)
			host->far[host->far_len++] = host->mounts[host->mounts_len];
	}
	return 0;
}

static int parse(char *text, struct host_table *t)
{
	size_t lines = 0;
	char *line;

	for (const char *c = text; *c; c++)
		lines += *c == '\n';
	t->by_id = calloc(lines + 2, sizeof(*t->by_id));
	t->by_place = calloc(lines + 2, sizeof(struct host_entry *));
	if (!t->by_id || !t->by_place)
		return -ENOMEM;
	while ((line = strsep(&text, "\n")) && *line) {
		int rc = parse_line(line, &t->by_id[t->len]);

		if (rc < 0)
			return rc;
		t->by_id[t->len].order = t->len;
		t->len++;
	}
	qsort(t->by_id, t->len, sizeof(*t->by_id), by_id);
	for (size_t i = 0; i < t->len; i++)
		t->by_place[i] = &t->by_id[i];
	qsort(t->by_place, t->len, sizeof(struct host_entry *), by_place);
	return 0;
}

static void drop_mounts(struct crl_host *host)
{
	for (size_t i = 0; i < host->mounts_len; i++)
		free(host->mounts[i]);
	free(host->mounts);
	free(host->noexec);
	free(host->far);
	host->mounts = NULL;
	host->noexec = NULL;
	host->far = NULL;
	host->mounts_len = 0;
	host->far_len = 0;
}

int crl_host_read_mounts(int fd, struct crl_host *host, struct crl_err *err)
{
	struct host_table t = {.len = 0};
	struct crl_host found = {.mounts = NULL};
	scoped_free char *text = NULL;
	size_t len = 0;
	int rc = read_whole(fd, &text, &len);

	if (rc == 0 && memchr(text, '\0', len))
		rc = -EBADMSG;
	if (rc == 0)
		rc = parse(text, &t);
	if (rc == 0)
		rc = keep(&t, &found);
	free(t.by_id);
	free(t.by_place);
	if (rc < 0) {
		drop_mounts(&found);
		return crl_err_set(err, -rc, CRL_STAGE_MOUNT, "cannot read mountinfo");
	}
	drop_mounts(host);
	host->mounts = found.mounts;
	host->noexec = found.noexec;
	host->far = found.far;
	host->far_len = found.far_len;
	host->mounts_len = found.mounts_len;
	return 0;
}

bool crl_host_is_noexec(const struct crl_host *host, const char *path)
{
	size_t best = 0, longest = 0;

	/* Of two on one place the later one is what a lookup reaches. */
	for (size_t i = 0; i < host->mounts_len; i++) {
		size_t len = strlen(host->mounts[i]);

		if (len >= longest && crl_path_is_within(path, host->mounts[i])) {
			best = i;
			longest = len;
		}
	}
	return longest > 0 && host->noexec && host->noexec[best];
}

void crl_host_done(struct crl_host *host)
{
	if (!host)
		return;
	drop_mounts(host);
	for (size_t i = 0; i < host->sockets_len; i++)
		free(host->sockets[i]);
	free(host->sockets);
	host->sockets = NULL;
	host->sockets_len = 0;
	for (size_t i = 0; i < host->devices_len; i++)
		free(host->devices[i]);
	free(host->devices);
	host->devices = NULL;
	host->devices_len = 0;
	for (size_t i = 0; i < host->top_len; i++) {
		free(host->top[i].path);
		free(host->top[i].link);
	}
	free(host->top);
	host->top = NULL;
	host->top_len = 0;
	for (size_t i = 0; i < host->libraries_len; i++)
		free(host->libraries[i]);
	free(host->libraries);
	host->libraries = NULL;
	host->libraries_len = 0;
	for (size_t i = 0; i < host->errand_programs_len; i++)
		free(host->errand_programs[i]);
	free(host->errand_programs);
	free(host->errand_client);
	free(host->errand_place);
	host->errand_programs = NULL;
	host->errand_programs_len = 0;
	host->errand_client = host->errand_place = NULL;
	free(host->shell_program);
	free(host->why);
	host->why = NULL;
	free(host->launcher);
	host->launcher = NULL;
	host->launcher_size = 0;
	free(host->shell_filter);
	for (size_t i = 0; i < CRL_ARRAY_LEN(host->profile_filters); i++) {
		free(host->profile_filters[i].insn);
		host->profile_filters[i] = (struct crl_host_filter){0};
	}
	host->shell_program = NULL;
	host->shell_filter = NULL;
	host->shell_filter_size = 0;
}
