// SPDX-License-Identifier: Apache-2.0
/*
 * What the files of commit share.
 *
 * "In place": a directory of the upper that is merged with the real home's of the same path; changes are brought over
 * name by name. "Whole": any other one (new, opaque, renamed, standing where something else stands in the home, or with
 * a mode by which nothing can be taken out of it): it is made whole by a name of its own, and put in its place at once.
 *
 * Runs in: see commit.h.
 */
#pragma once

#include "layers/commit.h"
#include "layers/copy.h"

#define CRL_COMMIT_TOKEN 16 /* hexadecimal digits, so that our names are surely ours */
#define CRL_COMMIT_TEMP (sizeof(".carrel-") + CRL_COMMIT_TOKEN + 16)
#define CRL_COMMIT_LINKS "links" /* instead of a number: the directory of files with several names */

/* A directory in place; counted references. */
struct crl_commit_dir {
	unsigned int refs;
	struct crl_commit_dir *up; /* NULL: the root */
	char *name;
	struct crl_view_dir view; /* two parts: the upper's and the home's */
	struct stat st; /* of the upper's, before anything was done */
	struct crl_object_place to; /* the home's */
	bool chosen; /* all of it is to be committed */
	bool ready; /* @to is filled in, and the home's can be written to */
	bool stirred; /* something was taken out, so that its time has to be put back */
};

/* A whole directory that shows content of the home by another path. */
struct crl_commit_moved {
	char *path;
	char **origin; /* "/a/b": where in the home */
	size_t origins;
	enum { CRL_MOVED_LIVE, CRL_MOVED_QUEUED, CRL_MOVED_DONE, CRL_MOVED_FAILED } state;
};

enum crl_commit_kind {
	CRL_ITEM_FILE, /* a copy to be renamed, then the upper's unlinked */
	CRL_ITEM_WHOLE, /* a directory to be put into its place, then the upper's moved to the trash */
	CRL_ITEM_GONE, /* a whiteout whose deletion is done */
	CRL_ITEM_EMPTY, /* a directory of the upper that should have nothing in it any more */
};

struct crl_commit_item {
	struct crl_commit_dir *dir;
	char *name;
	struct crl_commit_moved *moved; /* of a WHOLE, or NULL */
	enum crl_commit_kind kind;
	unsigned int temp; /* the number of its name until it is placed; then that of what it replaced */
	bool replaced;
	bool in_place; /* what stands for the upper's is in the home */
};

struct crl_commit_list {
	struct crl_commit_item *item;
	size_t len, room;
};

struct crl_commit_work {
	struct crl_commit *c;
	struct crl_err *err;
	struct crl_commit_dir *root;
	char token[CRL_COMMIT_TOKEN + 1];
	bool again; /* a run before this one did not come to its end */
	bool littered;
	bool opened; /* the upper's root, for the time being */
	unsigned int next; /* number of the next name */
	struct crl_commit_list fresh; /* copies that are not on the disk yet */
	struct crl_commit_list placed; /* renamed; not on the disk yet */
	uint64_t fresh_bytes;
	int links; /* directory with one copy of each file that has several names, -EBADF: none */
	struct crl_commit_moved *moved;
	size_t moves, moves_room;
	bool *met; /* of each path that was asked for: there is a change */
};

/* commit.c */
bool crl_commit_is_fatal(int rc);
/* Tell, and count, what stays. @name  in @dir, or NULL for it. Returns 0. */
int crl_commit_keep(struct crl_commit_work *w, const struct crl_commit_dir *dir, const char *name, const char *why);
/* What to do about @rc of @name: 0 it was told, or @rc when nothing can go on. */
int crl_commit_failed(struct crl_commit_work *w, const struct crl_commit_dir *dir, const char *name, int rc);
bool crl_commit_is_stopped(const struct crl_commit_work *w);
void crl_commit_name(const struct crl_commit_work *w, unsigned int number, char name[CRL_COMMIT_TEMP]);
/* Is this a name that a run with this token made? */
bool crl_commit_is_ours(const struct crl_commit_work *w, const char *name);
void crl_commit_progress(struct crl_commit_work *w, const struct stat *st);

/* commit_place.c: directories in place, and the walk through them */
struct crl_commit_pass {
	bool tells; /* of directories that cannot be gone into, once for all passes */
	int (*begin)(struct crl_commit_work *w, struct crl_commit_dir *d);
	int (*file)(struct crl_commit_work *w, struct crl_commit_dir *d, const char *name,
		    const struct crl_view_entry *e); /* or a whiteout */
	int (*whole)(struct crl_commit_work *w, struct crl_commit_dir *d, const char *name,
		     const struct crl_view_dir *v);
	int (*end)(struct crl_commit_work *w, struct crl_commit_dir *d);
};
int crl_commit_walk(struct crl_commit_work *w, const struct crl_commit_pass *pass);
int crl_commit_root(struct crl_commit_work *w);
/* The directory that the last name of @path is in. @ret  to be put back */
int crl_commit_open(struct crl_commit_work *w, const char *path, struct crl_commit_dir **ret, const char **ret_name);
void crl_commit_put(struct crl_commit_dir *d);
int crl_commit_ready(struct crl_commit_dir *d);
/* "a/b", "." for the root; to be freed, NULL: no memory */
char *crl_commit_path(const struct crl_commit_dir *d, const char *name);
/* Is one path of the layers the other, or beneath it? Neither begins or ends with a slash. */
bool crl_commit_is_within(const char *path, const char *dir);
/* What of a path, "a/b", is wanted. @met  NULL, or one for each that is wanted: set where it is, or is in it */
enum crl_commit_choice { CRL_CHOICE_OUT, CRL_CHOICE_ON_THE_WAY, CRL_CHOICE_IN };
enum crl_commit_choice crl_commit_choose(const char *const *wanted, const char *path, bool *met);
/* "@dir/@name" with one slash between; to be freed */
char *crl_commit_join(const char *dir, const char *name);

/* commit_queue.c: what waits for the disk */
int crl_commit_add(struct crl_commit_work *w, const struct crl_commit_item *item, const struct stat *st);
int crl_commit_finish(struct crl_commit_work *w); /* all of it, and the upper's file system as well */
void crl_commit_abandon(struct crl_commit_work *w);
int crl_commit_discharge(struct crl_commit_work *w, int at, const char *name); /* into the trash */
int crl_commit_remove(struct crl_commit_work *w, struct crl_commit_dir *d, const char *name);

/* commit_whole.c */
struct crl_commit_source {
	int dir;
	const char *name;
	const struct stat *st;
};
/* As crl_object_copy(), but other names of a file that was copied are links to the copy. */
int crl_commit_copy(struct crl_commit_work *w, const struct crl_commit_source *from, const struct crl_object_place *to,
		    const char *as);
/*
 * Make all that is shown in @v in the directory @at, by the name @as. @path  of @v, for people
 * Returns 0; 1 it cannot be, which is told, and nothing is left; -errno nothing can go on.
 */
int crl_commit_build(struct crl_commit_work *w, const struct crl_view_dir *v, const char *path, int at, const char *as);
int crl_commit_links_done(struct crl_commit_work *w); /* the copies have all the names they get */

/* commit_moved.c */
int crl_commit_scan(struct crl_commit_work *w);
/* Is something of the home at @path, or beneath, shown elsewhere? Returns by what path, or NULL. */
const char *crl_commit_shown_as(const struct crl_commit_work *w, const char *path);
int crl_commit_moves(struct crl_commit_work *w);
void crl_commit_moves_done(struct crl_commit_work *w);
/* commit_pass.c: the passes that bring changes over */
/* Make a directory whole and let it wait for its place. @m  its record, or NULL */
int crl_commit_bring_whole(struct crl_commit_work *w, struct crl_commit_dir *d, const char *name,
			   const struct crl_view_dir *v, struct crl_commit_moved *m);
int crl_commit_bring(struct crl_commit_work *w); /* what is added and changed */
int crl_commit_delete(struct crl_commit_work *w); /* what is deleted, and the directories themselves */
int crl_commit_tidy(struct crl_commit_work *w); /* what a run before this one left */
