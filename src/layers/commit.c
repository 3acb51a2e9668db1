// SPDX-License-Identifier: Apache-2.0
/*
 * The order of a commit. Its parts are in commit_*.c.
 *
 * Owns: R1 the merged content stays the same: what is brought into the home stands where the upper hides it, or is what
 * the upper shows; R2 what is deleted in the home is no longer shown anywhere: renamed directories come first,
 * deletions last; R3 only names are tidied up that a run of the same token made.
 */
#include "layers/commit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "base/file.h"
#include "layers/commit_work.h"

#define NOTE "committing"

bool crl_commit_is_fatal(int rc)
{
	static const int fatal[] = {ENOSPC, EDQUOT, EIO, EROFS, ENOMEM, EMFILE, ENFILE, EPIPE, EINTR, EBADMSG};

	for (size_t i = 0; i < CRL_ARRAY_LEN(fatal); i++)
		if (rc == -fatal[i])
			return true;
	return false;
}

int crl_commit_keep(struct crl_commit_work *w, const struct crl_commit_dir *dir, const char *name, const char *why)
{
	scoped_free char *path = crl_commit_path(dir, name);

	if (!path)
		return -ENOMEM;
	w->c->kept++;
	w->c->tell(w->c->arg, CRL_COMMIT_KEPT, path, why);
	return 0;
}

int crl_commit_failed(struct crl_commit_work *w, const struct crl_commit_dir *dir, const char *name, int rc)
{
	const char *why = rc == -EOPNOTSUPP ? "is a device, or has attributes that the home cannot have"
			  : rc == -EXDEV    ? "something is mounted there"
					    : strerror(-rc);

	return crl_commit_is_fatal(rc) ? rc : crl_commit_keep(w, dir, name, why);
}

bool crl_commit_is_stopped(const struct crl_commit_work *w)
{
	return w->c->stop && w->c->stop(w->c->arg);
}

void crl_commit_name(const struct crl_commit_work *w, unsigned int number, char name[CRL_COMMIT_TEMP])
{
	(void)snprintf(name, CRL_COMMIT_TEMP, ".carrel-%s-%u", w->token, number);
}

bool crl_commit_is_ours(const struct crl_commit_work *w, const char *name)
{
	static const char begin[] = ".carrel-";

	return strncmp(name, begin, sizeof(begin) - 1) == 0 &&
	       strncmp(name + sizeof(begin) - 1, w->token, CRL_COMMIT_TOKEN) == 0 &&
	       name[sizeof(begin) - 1 + CRL_COMMIT_TOKEN] == '-';
}

void crl_commit_progress(struct crl_commit_work *w, const struct stat *st)
{
	w->c->files++;
	w->c->bytes += S_ISREG(st->st_mode) ? (uint64_t)st->st_size : 0;
	if (w->c->progress)
		w->c->progress(w->c->arg, w->c);
}

/* R3: the token of a run that did not end, or a new one. @ret_mode  what that run noted */
static int find_token(struct crl_commit_work *w, unsigned int *ret_mode)
{
	char text[CRL_COMMIT_TOKEN + 16];
	ssize_t n = crl_file_read(w->c->data, NOTE, text, sizeof(text));
	uint64_t random;

	if (n < 0 && n != -ENOENT)
		return (int)n;
	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		return -errno;
	w->next = (unsigned int)(random & 0x3fffffff); /* numbers of a run before are not used again */
	w->again = n > CRL_COMMIT_TOKEN && strspn(text, "0123456789abcdef") == CRL_COMMIT_TOKEN &&
		   sscanf(text + CRL_COMMIT_TOKEN, " %o", ret_mode) == 1;
	if (w->again)
		(void)snprintf(w->token, sizeof(w->token), "%.*s", CRL_COMMIT_TOKEN, text);
	if (w->again)
		return 0;
	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		return -errno;
	(void)snprintf(w->token, sizeof(w->token), "%016llx", (unsigned long long)random);
	return 0;
}

/*
 * R3: before the first name is made. A root that its owner may not write to is opened up until the end: it is the one
 * directory that cannot be taken out as a whole. Its mode is noted for a run after this one.
 */
static int note_token(struct crl_commit_work *w, unsigned int mode)
{
	char text[CRL_COMMIT_TOKEN + 16];
	const struct crl_file note = {
		.name = NOTE,
		.beside = NOTE ".new",
		.data = text,
		.mode = 0600,
		.durable = true,
		.len = (size_t)snprintf(text, sizeof(text), "%s %04o\n", w->token, w->root->st.st_mode & 07777)};
	mode_t now = w->root->st.st_mode & 07777;
	int rc = 0;

	if (w->again && (mode & 0300) != 0300 && now == (mode | S_IRWXU))
		w->root->st.st_mode = S_IFDIR | mode;
	else
		rc = crl_file_replace(w->c->data, &note);
	w->opened = (w->root->st.st_mode & 0300) != 0300;
	if (rc == 0 && w->opened && fchmod(w->root->view.part[0].fd, now | S_IRWXU) < 0)
		rc = -errno;
	return rc;
}

static int prepare(struct crl_commit_work *w)
{
	unsigned int mode = 0;
	int rc = find_token(w, &mode);

	if (rc == 0)
		rc = crl_commit_root(w);
	if (rc == 0)
		rc = note_token(w, mode);
	if (rc == 0)
		rc = crl_commit_scan(w);
	return rc == 0 && w->again ? crl_commit_tidy(w) : rc;
}

/* R1, R2 */
static int carry_out(struct crl_commit_work *w)
{
	int rc = crl_commit_moves(w);

	if (rc == 0)
		rc = crl_commit_bring(w);
	if (rc == 0)
		rc = crl_commit_links_done(w);
	if (rc == 0)
		rc = crl_commit_delete(w);
	return rc;
}

/* What cannot be now is in the note. */
static void close_root(struct crl_commit_work *w)
{
	if (w->opened && fchmod(w->root->view.part[0].fd, w->root->st.st_mode & 07777) == 0)
		w->opened = false;
}

/* R3: when no name of ours can come back, whatever happens to the power. */
static int forget_token(struct crl_commit_work *w)
{
	if (w->littered || w->opened)
		return 0;
	return syncfs(w->root->view.part[1].fd) < 0 || unlinkat(w->c->data, NOTE, 0) < 0 ? -errno : 0;
}

static int tell_unmet(struct crl_commit_work *w)
{
	for (size_t i = 0; w->c->path && w->c->path[i]; i++) {
		if (w->met[i])
			continue;
		w->c->kept++;
		w->c->tell(w->c->arg, CRL_COMMIT_KEPT, w->c->path[i], "is not changed");
	}
	close_root(w);
	return forget_token(w);
}

static int begin_met(struct crl_commit_work *w)
{
	size_t n = 0;

	while (w->c->path && w->c->path[n])
		n++;
	w->met = calloc(n + 1, sizeof(*w->met));
	return w->met ? 0 : -ENOMEM;
}

static void give_back(struct crl_commit_work *w)
{
	crl_commit_abandon(w);
	crl_commit_moves_done(w);
	drop_fd(&w->links);
	close_root(w);
	crl_commit_put(w->root);
	free(w->met);
}

struct crl_layers crl_commit_layers(const struct crl_layers *all)
{
	struct crl_layers two = *all;

	if (two.len == 3)
		memmove(two.fd, two.fd + 1, 2 * sizeof(two.fd[0]));
	two.len = two.len == 3 ? 2 : two.len;
	two.top = 1;
	return two;
}

int crl_commit_run(struct crl_commit *c, struct crl_err *err)
{
	struct crl_commit_work w = {.c = c, .links = -EBADF};
	int rc;

	if (c->layers->len != 2 || c->layers->top != 1)
		return crl_err_set(err, EINVAL, CRL_STAGE_HOME, "a commit is of one layer into one home");
	rc = begin_met(&w);
	if (rc == 0)
		rc = prepare(&w);
	if (rc == 0)
		rc = carry_out(&w);
	if (rc == 0)
		rc = tell_unmet(&w);
	if (rc == -EINTR && w.root)
		crl_ignore(crl_commit_finish(&w)); /* so that the next run has not to do it again */
	give_back(&w);
	if (rc == -EINTR)
		return crl_err_set(err, EINTR, CRL_STAGE_HOME, "stopped: run it again for the rest");
	return rc ? crl_err_set(err, -rc, CRL_STAGE_HOME, "the commit could not go on: %s; run it again for the rest",
				strerrordesc_np(-rc))
		  : 0;
}

int crl_commit_clean(struct crl_commit *c, struct crl_err *err)
{
	struct crl_commit_work w = {.c = c, .links = -EBADF};
	unsigned int mode = 0;
	int rc = find_token(&w, &mode);

	if (rc == 0 && unlinkat(c->data, NOTE ".new", 0) < 0 && errno != ENOENT)
		rc = -errno;
	if (rc == 0 && !w.again)
		return 0;
	if (rc == 0)
		rc = begin_met(&w);
	if (rc == 0)
		rc = prepare(&w);
	if (rc == 0)
		rc = crl_commit_links_done(&w);
	for (size_t i = 0; i < w.moves; i++)
		w.littered |= crl_commit_is_ours(&w, w.moved[i].origin[0] + 1); /* a stand-in that is shown */
	close_root(&w);
	if (rc == 0)
		rc = forget_token(&w);
	give_back(&w);
	return rc ? crl_err_set(err, -rc, CRL_STAGE_HOME, "cannot remove what an interrupted commit has left") : 0;
}
