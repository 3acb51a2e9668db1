// SPDX-License-Identifier: Apache-2.0
/* See shown.h. Lines of KEY=VALUE; the fields of an entry are separated by tabs. */
#include "state/rooms/shown.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/dir.h"
#include "base/file.h"
#include "base/path.h"
#include "base/procstat.h"
#include "policy/places.h"
#include "state/rooms/live.h"
#include "state/rooms/record.h"

#define TEXT_MAX (4u << 20) /* bytes; a policy is 1 MiB at the most, the sockets that are covered 4,096 names */
#define FIELDS 6
#define SOCKETS_MAX 256u /* of covers of sockets: a host has tens, and a user can make very many */

/* Whatever else a plan puts into a room is the room's own. */
static const enum crl_mount_kind kinds[] = {CRL_MOUNT_OFFER,  CRL_MOUNT_BIND,  CRL_MOUNT_WRITABLE, CRL_MOUNT_READ_ONLY,
					    CRL_MOUNT_DEVLOG, CRL_MOUNT_HIDE,  CRL_MOUNT_SOCKET,   CRL_MOUNT_HOSTS,
					    CRL_MOUNT_STEER,  CRL_MOUNT_USERS, CRL_MOUNT_RESOLV};

static bool is_shown(enum crl_mount_kind kind)
{
	for (size_t i = 0; i < CRL_ARRAY_LEN(kinds); i++)
		if (kinds[i] == kind)
			return true;
	return false;
}

static bool is_plain(const char *text)
{
	return !text || !strpbrk(text, "\t\n");
}

static void print_entry(FILE *f, const struct crl_mount_op *op)
{
	/* Wherever the plan makes it, it is shown where the host has it. */
	const char *target = op->kind == CRL_MOUNT_USERS    ? op->source
			     : op->kind == CRL_MOUNT_RESOLV ? "/etc/resolv.conf"
							    : op->target;
	const char *data =
		op->kind == CRL_MOUNT_RESOLV || !op->data ? "" : op->data; /* it is made anew of the host's */

	if (!is_plain(op->source) || !is_plain(target) || !is_plain(data))
		return;
	(void)fprintf(f, "show=%s\t%" PRIx32 "\t%d\t%s\t%s\t%s\n", crl_mount_kind_name(op->kind), op->flags,
		      op->place ? (int)op->place_tree : (int)CRL_TREE_NONE, op->source ? op->source : "",
		      target ? target : "", data);
}

static bool is_cover(enum crl_mount_kind kind)
{
	return kind == CRL_MOUNT_HIDE || kind == CRL_MOUNT_READ_ONLY || kind == CRL_MOUNT_SOCKET;
}

/*
 * A mount that comes after and stands within: it would go with what is put in place of this. One of the room's own; or
 * a cover of what has another name on the host, where nobody would find what it is to cover.
 */
static bool holds_another(const struct crl_mount_plan *plan, size_t at)
{
	const struct crl_mount_op *op = &plan->op[at];

	if (op->kind == CRL_MOUNT_HIDE || op->kind == CRL_MOUNT_SOCKET || !op->target || op->target[0] != '/')
		return false;
	for (size_t i = at + 1; i < plan->len; i++) {
		const char *target = plan->op[i].target;
		bool elsewhere = is_cover(plan->op[i].kind) && op->source && strcmp(op->source, op->target) != 0;

		if ((elsewhere || !is_shown(plan->op[i].kind)) && target && target[0] == '/' &&
		    strcmp(target, op->target) != 0 && crl_path_is_within(target, op->target))
			return true;
	}
	return false;
}

/* What is an image's does not change, and what has something else put over it is not seen. */
static bool is_no_steering(const struct crl_mount_plan *plan, size_t at)
{
	const struct crl_mount_op *op = &plan->op[at];

	if (op->kind != CRL_MOUNT_STEER)
		return false;
	for (size_t i = at + 1; i < plan->len; i++)
		if (plan->op[i].target && strcmp(plan->op[i].target, op->target) == 0)
			return true;
	return op->tree != CRL_TREE_HOST;
}

int crl_shown_print(const struct crl_mount_plan *plan, char **ret_text)
{
	scoped_free char *text = NULL;
	size_t len = 0, sockets = 0;
	FILE *f = open_memstream(&text, &len);

	if (!f)
		return -ENOMEM;
	for (size_t i = 0; plan && i < plan->len; i++)
		if (is_shown(plan->op[i].kind) && !holds_another(plan, i) && !is_no_steering(plan, i) &&
		    (plan->op[i].kind != CRL_MOUNT_SOCKET || sockets++ < SOCKETS_MAX))
			print_entry(f, &plan->op[i]);
	if (fclose(f) != 0)
		return -ENOMEM;
	*ret_text = take_ptr(text);
	return 0;
}

int crl_shown_open(int state_dir, bool make)
{
	int fd;

	if (make && mkdirat(state_dir, CRL_SHOWN_DIR, 0700) < 0 && errno != EEXIST)
		return -errno;
	fd = openat(state_dir, CRL_SHOWN_DIR, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int crl_shown_write(int state_dir, const struct crl_showing *s, const char *entries)
{
	scoped_fd dir = crl_shown_open(state_dir, true);
	scoped_free char *text = NULL;
	char temp[CRL_ID_MAX + 8];
	int n;

	if (dir < 0)
		return dir;
	(void)snprintf(temp, sizeof(temp), "%s.new", s->id); /* fits */
	n = asprintf(&text,
		     "version=1\nroom=%s\nuid=%" PRIu32 "\ninit=%d %" PRIu64 "\nsupervisor=%d %" PRIu64 "\n"
		     "ns=%" PRIu64 "\n%send=1\n",
		     s->id, s->uid, (int)s->init, s->init_start, (int)s->supervisor, s->supervisor_start, s->ns,
		     entries);
	if (n < 0) {
		text = NULL;
		return -ENOMEM;
	}
	return crl_file_replace(
		dir, &(struct crl_file){.name = s->id, .beside = temp, .data = text, .len = (size_t)n, .mode = 0600});
}

static int parse_entry(char *value, struct crl_showing *s)
{
	struct crl_shown_entry e = {.kind = CRL_MOUNT_KIND_COUNT};
	char *field[FIELDS], *rest = value;
	size_t n = 0;

	for (; rest && n < FIELDS; n++)
		field[n] = strsep(&rest, "\t");
	if (n < FIELDS || rest)
		return -EBADMSG;
	for (size_t i = 0; i < CRL_ARRAY_LEN(kinds); i++)
		if (strcmp(field[0], crl_mount_kind_name(kinds[i])) == 0)
			e.kind = kinds[i];
	if (e.kind == CRL_MOUNT_KIND_COUNT)
		return 0; /* of a later version */
	e.flags = (uint32_t)strtoul(field[1], NULL, 16);
	e.tree = (enum crl_tree)strtoul(field[2], NULL, 10);
	e.source = field[3];
	e.target = field[4];
	e.data = field[5];
	if ((unsigned int)e.tree >= CRL_TREE_COUNT || !e.target[0])
		return -EBADMSG;
	if ((s->entries & (s->entries + 1)) == 0) { /* full at 0, 1, 3, 7 … */
		struct crl_shown_entry *bigger = reallocarray(s->entry, s->entries * 2 + 1, sizeof(*bigger));

		if (!bigger)
			return -ENOMEM;
		s->entry = bigger;
	}
	s->entry[s->entries++] = e;
	return 0;
}

static int parse_line(char *line, struct crl_showing *s, bool *whole)
{
	char *value = strchr(line, '=');
	uint64_t start = 0;
	int pid = 0;

	if (!value)
		return -EBADMSG;
	*value++ = '\0';
	if (strcmp(line, "show") == 0)
		return parse_entry(value, s);
	if (strcmp(line, "room") == 0)
		(void)snprintf(s->id, sizeof(s->id), "%s", value);
	else if (strcmp(line, "uid") == 0)
		s->uid = (uint32_t)strtoul(value, NULL, 10);
	else if (strcmp(line, "ns") == 0)
		s->ns = strtoull(value, NULL, 10);
	else if (strcmp(line, "end") == 0)
		*whole = true;
	else if (sscanf(value, "%d %" SCNu64, &pid, &start) == 2 && strcmp(line, "init") == 0)
		s->init = pid, s->init_start = start;
	else if (strcmp(line, "supervisor") == 0)
		s->supervisor = pid, s->supervisor_start = start;
	return 0;
}

int crl_shown_parse(char *text, struct crl_showing *ret)
{
	struct crl_showing s = {.text = text};
	bool whole = false;
	char *rest = text;
	int rc = 0;

	while (rc == 0 && rest && *rest)
		rc = parse_line(strsep(&rest, "\n"), &s, &whole);
	if (rc == 0 && (!whole || !crl_id_is_valid(s.id) || s.init <= 0 || s.supervisor <= 0))
		rc = -EBADMSG;
	if (rc < 0) {
		crl_shown_done(&s);
		return rc;
	}
	*ret = s;
	return 0;
}

int crl_shown_load(int dir, const char *id, struct crl_showing *ret)
{
	scoped_fd fd = openat(dir, id, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	scoped_free char *text = NULL;
	struct stat st;
	ssize_t n;
	int rc;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_size > (off_t)TEXT_MAX)
		return -EFBIG;
	text = malloc((size_t)st.st_size + 1);
	if (!text)
		return -ENOMEM;
	n = read(fd, text, (size_t)st.st_size); /* of a tmpfs, and never changed once it has its name */
	if (n < 0)
		return -errno;
	text[n] = '\0';
	rc = strlen(text) == (size_t)n ? crl_shown_parse(take_ptr(text), ret) : -EBADMSG;
	if (rc == 0 && strcmp(ret->id, id) != 0) {
		crl_shown_done(ret);
		rc = -EBADMSG;
	}
	return rc;
}

void crl_shown_done(struct crl_showing *s)
{
	free(s->entry);
	free(s->text);
	*s = (struct crl_showing){.entries = 0};
}

bool crl_shown_lives(const struct crl_showing *s)
{
	return s->init_start != 0 && crl_process_start(s->init) == s->init_start;
}

void crl_shown_remove(int state_dir, const char *id)
{
	scoped_fd dir = crl_shown_open(state_dir, false);

	if (dir >= 0 && crl_id_is_valid(id))
		(void)unlinkat(dir, id, 0);
}

/*
 * A file that is half written is that of a helper on its way, which holds the lock of that id. The lock's file stays:
 * it can say where a dead helper made cgroups, and goes with what else of that id is left.
 */
static bool is_in_vain(const struct crl_state *state, const char *name)
{
	char id[CRL_ID_MAX], file[CRL_ID_MAX + 8];
	scoped_fd lock = -EBADF;

	(void)snprintf(id, sizeof(id), "%.*s", (int)strcspn(name, "."), name);
	if (!crl_id_is_valid(id))
		return true;
	(void)snprintf(file, sizeof(file), "%s.lock", id); /* fits */
	if (faccessat(state->rooms, file, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT;
	return crl_state_lock(state, id, LOCK_EX | LOCK_NB, &lock) == 0;
}

static bool is_dead(const struct crl_state *state, int dir, const char *name)
{
	struct crl_showing s;
	bool dead;
	int rc;

	if (!crl_id_is_valid(name))
		return is_in_vain(state, name);
	rc = crl_shown_load(dir, name, &s);
	if (rc < 0)
		return rc == -EBADMSG || rc == -EFBIG;
	dead = !crl_shown_lives(&s);
	crl_shown_done(&s);
	return dead;
}

void crl_shown_sweep(const struct crl_state *state)
{
	scoped_fd shown = crl_shown_open(state->dir, false);
	scoped(crl_dir) dir = {0};

	if (shown < 0 || crl_dir_open(shown, ".", &dir) < 0)
		return;
	for (const char *name; (name = crl_dir_next(&dir));)
		if (name[0] != '.' && is_dead(state, shown, name))
			(void)unlinkat(shown, name, 0);
}
