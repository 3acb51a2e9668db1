// SPDX-License-Identifier: Apache-2.0
/*
 * Random games with an overlay: a real one is mounted, a program does to it what people do, its upper is frozen as one
 * more layer, and so on. What it shows in the end is listed, to be compared with what is computed from the layers.
 *
 * Each game is made of one number: SEED=… plays one again, ROUNDS=… says how many are played. A game that fails is told.
 */
#pragma once

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/parse.h"
#include "layers/view.h"
#include "tests/live/layers/place.h"

#define PLAY_LAYERS_MAX 6
#define PLAY_ENTRIES_MAX 4096
#define PLAY_PATH_MAX 512

/* What is at one path. */
struct play_entry {
	char *path; /* from the root on, "." the root itself */
	struct stat st;
	char *content; /* of a file or link */
	char *xattrs; /* user.* */
};

struct play_list {
	struct play_entry *entry; /* in the order of their paths */
	size_t len;
};

static uint64_t play_state;

static inline unsigned int play_random(unsigned int end)
{
	play_state ^= play_state << 13;
	play_state ^= play_state >> 7;
	play_state ^= play_state << 17;
	return (unsigned int)((play_state >> 11) % end);
}

static inline void play_seed(uint64_t seed)
{
	play_state = seed * 0x9e3779b97f4a7c15ull + 0x1234567;
	for (int i = 0; i < 8; i++)
		(void)play_random(2);
}

/* --- lists ------------------------------------------------------------------------------------------------------ */

static inline void play_list_free(struct play_list *l)
{
	for (size_t i = 0; i < l->len; i++) {
		free(l->entry[i].path);
		free(l->entry[i].content);
		free(l->entry[i].xattrs);
	}
	free(l->entry);
	*l = (struct play_list){0};
}

static const char *const play_attribute_names[] = {"user.one", "user.two"}; /* those that games set */

static inline char *play_xattrs(int fd)
{
	char text[128] = "";

	for (size_t i = 0; i < CRL_ARRAY_LEN(play_attribute_names); i++) {
		char value[16];
		ssize_t size = fgetxattr(fd, play_attribute_names[i], value, sizeof(value));
		size_t len = strlen(text);

		if (size >= 0)
			(void)snprintf(text + len, sizeof(text) - len, "%s=%.*s;", play_attribute_names[i], (int)size,
				       value);
	}
	return strdup(text);
}

/* One more. @dir, @name  where it is really; "" is @dir itself */
static inline void play_list_add(struct play_list *l, const char *path, int dir, const char *name)
{
	struct play_entry *e;
	char buf[256] = "";

	assert_true(l->len < PLAY_ENTRIES_MAX);
	if (!l->entry)
		l->entry = calloc(PLAY_ENTRIES_MAX, sizeof(*l->entry));
	e = &l->entry[l->len++];
	e->path = strdup(path);
	assert_int_equal(fstatat(dir, name, &e->st, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW), 0);
	if (S_ISLNK(e->st.st_mode)) {
		assert_true(readlinkat(dir, name, buf, sizeof(buf) - 1) >= 0);
	} else if (S_ISREG(e->st.st_mode) || S_ISDIR(e->st.st_mode)) {
		scoped_fd fd = *name ? openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC) : dup(dir);

		assert_true(fd >= 0);
		if (S_ISREG(e->st.st_mode))
			assert_true(read(fd, buf, sizeof(buf) - 1) >= 0);
		e->xattrs = play_xattrs(fd);
	}
	e->content = strdup(buf);
	if (!e->xattrs)
		e->xattrs = strdup("");
}

static inline void play_join(char *ret, const char *dir, const char *name)
{
	(void)snprintf(ret, PLAY_PATH_MAX, "%.240s%s%.240s", strcmp(dir, ".") == 0 ? "" : dir,
		       strcmp(dir, ".") == 0 ? "" : "/", name);
}

static inline int play_compare(const void *a, const void *b)
{
	return strcmp(((const struct play_entry *)a)->path, ((const struct play_entry *)b)->path);
}

static inline void play_list_sort(struct play_list *l)
{
	qsort(l->entry, l->len, sizeof(*l->entry), play_compare);
}

static inline void play_list_below(struct play_list *l, const char *path, int dir)
{
	DIR *stream = fdopendir(openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));

	assert_non_null(stream);
	for (const struct dirent *d; (d = readdir(stream));) {
		char sub[PLAY_PATH_MAX];

		if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
			continue;
		play_join(sub, path, d->d_name);
		play_list_add(l, sub, dir, d->d_name);
		if (S_ISDIR(l->entry[l->len - 1].st.st_mode)) {
			scoped_fd fd = openat(dir, d->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

			assert_true(fd >= 0);
			play_list_below(l, sub, fd);
		}
	}
	assert_int_equal(closedir(stream), 0);
}

/* All that is in a directory. */
static inline void play_list_make(struct play_list *l, const char *root)
{
	scoped_fd dir = place_dir(root);

	*l = (struct play_list){0};
	play_list_add(l, ".", dir, "");
	play_list_below(l, ".", dir);
	play_list_sort(l);
}

static inline const struct play_entry *play_find(const struct play_list *l, const char *path)
{
	const struct play_entry key = {.path = crl_unconst(path)};

	return l->len ? bsearch(&key, l->entry, l->len, sizeof(key), play_compare) : NULL;
}

/* --- moves ------------------------------------------------------------------------------------------------------ */

static const char *const play_names[] = {"a", "b", "c", "d", "e", "n\nl", "\xff\xfe", "x y", "...", "ab"};

/* One of what is there. @type  S_IFDIR a directory (the root as well), S_IFREG, or 0 anything but the root */
static inline bool play_choose(const struct play_list *l, mode_t type, char *ret)
{
	size_t fits = 0;

	for (size_t i = 0; i < l->len; i++) {
		bool right = type ? (l->entry[i].st.st_mode & S_IFMT) == type : strcmp(l->entry[i].path, ".") != 0;

		if (right && play_random((unsigned int)++fits) == 0)
			(void)snprintf(ret, PLAY_PATH_MAX, "%s", l->entry[i].path);
	}
	return fits > 0;
}

static inline void play_new_name(const struct play_list *l, char *ret)
{
	char dir[PLAY_PATH_MAX];

	assert_true(play_choose(l, S_IFDIR, dir));
	play_join(ret, dir, play_names[play_random(CRL_ARRAY_LEN(play_names))]);
}

static inline void play_remove(const char *path)
{
	DIR *stream;

	if (unlink(path) == 0)
		return;
	stream = opendir(path);
	if (!stream)
		return;
	for (const struct dirent *d; (d = readdir(stream));) {
		char sub[PLAY_PATH_MAX];

		if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
			continue;
		play_join(sub, path, d->d_name);
		play_remove(sub);
	}
	(void)closedir(stream);
	(void)rmdir(path);
}

static inline void play_write(const char *path, bool append)
{
	char text[64];
	scoped_fd fd = open(
		path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | (append ? O_APPEND : O_TRUNC) | O_CLOEXEC, 0644);

	(void)snprintf(text, sizeof(text), "%u,", play_random(1000));
	if (fd >= 0)
		crl_ignore((int)write(fd, text, play_random(8) ? strlen(text) : 0));
}

static inline void play_fill(const char *dir)
{
	for (unsigned int i = play_random(3); i > 0; i--) {
		char sub[PLAY_PATH_MAX];

		play_join(sub, dir, play_names[play_random(CRL_ARRAY_LEN(play_names))]);
		if (play_random(3) == 0)
			(void)mkdir(sub, 0755);
		else
			play_write(sub, false);
	}
}

static inline void play_attributes(const char *path)
{
	const struct timespec times[2] = {{.tv_sec = 1000}, {.tv_sec = 1000000 + play_random(3)}};
	char value[16];

	(void)snprintf(value, sizeof(value), "%u", play_random(3));
	switch (play_random(5)) {
	case 0:
		(void)lsetxattr(path, play_attribute_names[play_random(2)], value, strlen(value), 0);
		break;
	case 1:
		(void)lremovexattr(path, play_attribute_names[play_random(2)]);
		break;
	case 2:
		crl_ignore(fchmodat(AT_FDCWD, path, 0700 + play_random(8), 0));
		break;
	case 3:
		crl_ignore(lchown(path, 1000 + play_random(2), 1000));
		break;
	default:
		(void)utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW);
	}
}

static inline void play_make(const char *path)
{
	switch (play_random(8)) {
	case 0:
		(void)mkfifo(path, 0644);
		break;
	case 1:
		(void)mknod(path, S_IFCHR | 0644, makedev(1, 3 + play_random(2)));
		break;
	case 2:
	case 3:
		crl_ignore(symlink(play_names[play_random(5)], path));
		break;
	default:
		play_write(path, false);
	}
}

/* One thing to what is in the working directory; what cannot be is left. */
static inline void play_move(void)
{
	struct play_list l;
	char a[PLAY_PATH_MAX] = "", b[PLAY_PATH_MAX] = "", fresh[PLAY_PATH_MAX], dir[PLAY_PATH_MAX] = "";

	play_list_make(&l, ".");
	play_new_name(&l, fresh);
	if (!play_choose(&l, 0, a) || !play_choose(&l, 0, b) || l.len > 120) {
		if (l.len > 120 && play_choose(&l, S_IFDIR, a) && strcmp(a, ".") != 0)
			play_remove(a);
		else
			(void)mkdir(fresh, 0755);
		play_list_free(&l);
		return;
	}
	if (!play_choose(&l, S_IFDIR, dir) || strcmp(dir, ".") == 0)
		strcpy(dir, a);
	switch (play_random(18)) {
	case 0:
	case 1:
		play_make(fresh);
		break;
	case 2:
		if (play_choose(&l, S_IFREG, a))
			play_write(a, play_random(2));
		break;
	case 3:
		play_remove(a);
		break;
	case 4:
	case 5:
		if (mkdir(fresh, 0755) == 0)
			play_fill(fresh);
		break;
	case 6:
	case 7:
		(void)rename(a, fresh);
		break;
	case 8:
	case 9:
		(void)rename(dir, fresh);
		break;
	case 10:
		(void)renameat2(AT_FDCWD, a, AT_FDCWD, b, RENAME_EXCHANGE);
		break;
	case 11: /* a directory becomes a file, or anything a directory */
		play_remove(dir);
		play_make(dir);
		break;
	case 12:
		play_remove(a);
		(void)mkdir(a, 0755);
		break;
	case 13: /* a new one in its place, and perhaps some of the old in it */
		if (rename(dir, fresh) == 0 && mkdir(dir, 0755) == 0) {
			play_fill(dir);
			if (play_choose(&l, S_IFDIR, a) && strncmp(a, dir, strlen(dir)) == 0 && a[strlen(dir)] == '/') {
				play_join(b, fresh, a + strlen(dir) + 1);
				(void)rename(b, a);
			}
			if (play_random(2))
				play_remove(fresh);
		}
		break;
	case 14:
		if (play_choose(&l, S_IFREG, a))
			crl_ignore(link(a, fresh));
		break;
	case 15: /* there and back */
		if (rename(dir, fresh) == 0 && play_random(2))
			(void)rename(fresh, dir);
		break;
	default:
		play_attributes(a);
	}
	play_list_free(&l);
}

/* --- games ------------------------------------------------------------------------------------------------------ */

/* Layers "l1" … and "l0", the first; "up" and "work" while it is mounted on "m". */
struct play_game {
	size_t layers; /* that are frozen, the first as well */
};

static inline void play_command(const char *command)
{
	assert_int_equal(system(command), 0);
}

/* "l3:l2:l1:l0", from layer @from downwards. */
static inline void play_stack(size_t layers, char *ret, size_t size)
{
	size_t len = 0;

	for (size_t i = layers; i-- > 0;)
		len += (size_t)snprintf(ret + len, size - len, "l%zu%s", i, i ? ":" : "");
}

/* @upper  else it shows the layers alone */
static inline void play_mount(size_t layers, bool upper)
{
	char stack[128], options[512];

	play_stack(layers, stack, sizeof(stack));
	if (!upper && layers == 1) {
		assert_int_equal(mount("l0", "m", NULL, MS_BIND, NULL), 0);
		return;
	}
	(void)snprintf(options, sizeof(options), "lowerdir=%s%s,redirect_dir=on,metacopy=off,index=off,xino=off", stack,
		       upper ? ",upperdir=up,workdir=work" : "");
	assert_int_equal(mount("overlay", "m", "overlay", 0, options), 0);
}

static inline void play_umount(void)
{
	assert_int_equal(umount("m"), 0);
}

/* In a directory: moves, by a number of them. */
static inline void play_moves(const char *where, unsigned int moves)
{
	assert_int_equal(chdir(where), 0);
	while (moves-- > 0)
		play_move();
	assert_int_equal(chdir(PLACE), 0);
}

/* What the kernel shows of so many layers. */
static inline void play_show(size_t layers, struct play_list *ret)
{
	play_mount(layers, false);
	play_list_make(ret, "m");
	play_umount();
}

/* A first layer. */
static inline void play_begin(struct play_game *g)
{
	play_command("rm -rf l? up work m && mkdir l0 up work m");
	g->layers = 1;
	play_moves("l0", 10 + play_random(40));
}

/* One more layer. */
static inline void play_layer(struct play_game *g)
{
	char name[16];

	play_mount(g->layers, true);
	play_moves("m", 1 + play_random(25));
	play_umount();
	(void)snprintf(name, sizeof(name), "l%zu", g->layers++);
	assert_int_equal(rename("up", name), 0);
	play_command("rm -rf work && mkdir up work");
}

/* The layers of a game, as what computes from them wants them. */
static inline struct crl_layers play_layers(size_t len)
{
	struct crl_layers l = {.len = len, .marks = CRL_MARKS_OWN};

	for (size_t i = 0; i < len; i++) {
		char name[32];

		(void)snprintf(name, sizeof(name), "l%zu", len - 1 - i);
		l.fd[i] = place_dir(name);
	}
	return l;
}

static inline void play_layers_close(struct crl_layers *l)
{
	for (size_t i = 0; i < l->len; i++)
		drop_fd(&l->fd[i]);
}

static inline uint64_t play_number(const char *variable, uint64_t otherwise)
{
	const char *text = getenv(variable);
	uint64_t n = otherwise;

	if (text)
		assert_int_equal(crl_parse_uint(text, 0, UINT32_MAX, &n), 0);
	return n;
}

static uint64_t play_seed_now; /* 0: none is being played */

/* Plays ROUNDS games, or the one of SEED; @check after each layer. */
static inline void play_rounds(unsigned int rounds, void (*check)(const struct play_game *g))
{
	uint64_t first = play_number("SEED", 1), last = first + (getenv("SEED") ? 1 : play_number("ROUNDS", rounds));

	for (play_seed_now = first; play_seed_now < last; play_seed_now++) {
		struct play_game g;

		play_seed(play_seed_now);
		play_begin(&g);
		for (unsigned int i = 1 + play_random(PLAY_LAYERS_MAX - 1); i > 0; i--) {
			play_layer(&g);
			check(&g);
		}
	}
	play_seed_now = 0;
}

/* Teardown of a test that plays: which game it was that failed. */
static inline int play_tell(void **state)
{
	(void)state;
	if (play_seed_now)
		print_message("SEED=%ju plays it again\n", (uintmax_t)play_seed_now);
	return chdir(PLACE);
}
