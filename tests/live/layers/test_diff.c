// SPDX-License-Identifier: Apache-2.0
/* layers/diff.c: by hand, and beside two listings of what a kernel shows. Needs root. */
#include "layers/diff.h"

#include <grp.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "tests/live/layers/play.h"

/* --- what is told, kept ----------------------------------------------------------------------------------------- */

struct told {
	enum crl_diff_kind kind;
	unsigned int what;
	int error;
	char *path, *from;
};

static struct told told[PLAY_ENTRIES_MAX];
static size_t told_len;

static void forget(void)
{
	while (told_len > 0) {
		free(told[--told_len].path);
		free(told[told_len].from);
	}
}

static int keep(void *arg, const struct crl_diff_change *c)
{
	(void)arg;
	assert_true(told_len < CRL_ARRAY_LEN(told));
	told[told_len++] = (struct told){c->kind, c->what, c->error, strdup(c->path), c->from ? strdup(c->from) : NULL};
	if (c->dir && c->now->kind == CRL_VIEW_FILE) { /* it can be opened where it is said to be */
		struct stat st;

		assert_int_equal(fstatat(c->dir->part[c->now->part].fd, c->name, &st, AT_SYMLINK_NOFOLLOW), 0);
		assert_true(st.st_ino == c->now->st.st_ino && st.st_size == c->now->st.st_size);
	}
	if (c->dir_before && c->before->kind == CRL_VIEW_FILE) {
		struct stat st;

		assert_int_equal(fstatat(c->dir_before->part[c->before->part].fd, c->name, &st, AT_SYMLINK_NOFOLLOW),
				 0);
		assert_int_equal(st.st_ino, c->before->st.st_ino);
	}
	return CRL_DIFF_ON;
}

static const struct crl_diff_wish keep_all = {.exact = true, .tell = keep};

/* --- beside two listings ---------------------------------------------------------------------------------------- */

static const struct told *find_told(const char *path, bool gone)
{
	for (size_t i = 0; i < told_len; i++)
		if (strcmp(told[i].path, path) == 0 && (told[i].kind == CRL_DIFF_DELETED) == gone)
			return &told[i];
	return NULL;
}

/* The path above, "." above the first. False for ".". */
static bool parent_of(const char *path, char *ret)
{
	const char *slash = strrchr(path, '/');

	if (strcmp(path, ".") == 0)
		return false;
	(void)snprintf(ret, PLAY_PATH_MAX, "%.*s", slash ? (int)(slash - path) : 1, slash ? path : ".");
	return true;
}

/* Which path of before @path stands for, by what was told. False: it is new, or in what is new. */
static bool path_before(const char *path, char *ret)
{
	const struct told *t = find_told(path, false);
	char parent[PLAY_PATH_MAX], above[PLAY_PATH_MAX];

	if (t && t->kind == CRL_DIFF_RENAMED) {
		strcpy(ret, t->from);
		return true;
	}
	if (t && (t->kind == CRL_DIFF_ADDED || t->kind == CRL_DIFF_TYPE))
		return false;
	if (!parent_of(path, parent)) {
		strcpy(ret, ".");
		return true;
	}
	if (!path_before(parent, above))
		return false;
	play_join(ret, above, strrchr(path, '/') ? strrchr(path, '/') + 1 : path);
	return true;
}

/* Is @path what is in @above by the last name of @like? */
static bool is_child(const char *path, const char *above, const char *like)
{
	char child[PLAY_PATH_MAX];

	play_join(child, above, strrchr(like, '/') ? strrchr(like, '/') + 1 : like);
	return strcmp(child, path) == 0;
}

static unsigned int difference(const struct play_entry *a, const struct play_entry *b)
{
	unsigned int what = 0;
	bool time = a->st.st_mtim.tv_sec != b->st.st_mtim.tv_sec || a->st.st_mtim.tv_nsec != b->st.st_mtim.tv_nsec;

	if (a->st.st_mode != b->st.st_mode)
		what |= CRL_DIFF_MODE;
	if (a->st.st_uid != b->st.st_uid || a->st.st_gid != b->st.st_gid)
		what |= CRL_DIFF_OWNER;
	if (strcmp(a->xattrs, b->xattrs) != 0)
		what |= CRL_DIFF_XATTR;
	if (strcmp(a->content, b->content) != 0 || a->st.st_rdev != b->st.st_rdev)
		what |= CRL_DIFF_CONTENT;
	else if (S_ISREG(a->st.st_mode) && time)
		what |= CRL_DIFF_TIME;
	return what;
}

static void complain(const char *path, const char *what)
{
	for (size_t i = 0; i < told_len; i++)
		print_message("told: kind %d what %u %s from %s\n", told[i].kind, told[i].what, told[i].path,
			      told[i].from ? told[i].from : "-");
	fail_msg("%s: %s", path, what);
}

#define MUST(cond, path) \
	do { \
		if (!(cond)) \
			complain(path, #cond); \
	} while (0)

/* Each path of now: what was told of it, or that nothing was, is true. @used  the paths of before that it accounts for */
static void check_now(const struct play_list *before, const struct play_entry *e, bool *used)
{
	const struct told *t = find_told(e->path, false);
	const struct play_entry *old = NULL;
	char path[PLAY_PATH_MAX], parent[PLAY_PATH_MAX], above[PLAY_PATH_MAX];

	if (path_before(e->path, path)) {
		old = play_find(before, path);
		MUST(old && !used[old - before->entry], e->path);
		used[old - before->entry] = true;
		MUST(!((old->st.st_mode ^ e->st.st_mode) & S_IFMT), e->path);
		MUST(difference(e, old) == (t ? t->what : 0), e->path);
		MUST(!t || t->kind == CRL_DIFF_RENAMED || (t->kind == CRL_DIFF_CHANGED && t->what), e->path);
		if (t && t->kind == CRL_DIFF_RENAMED) {
			MUST(S_ISDIR(e->st.st_mode) && parent_of(e->path, parent), e->path);
			MUST(!path_before(parent, above) || !is_child(path, above, e->path),
			     e->path); /* from elsewhere */
		}
		return;
	}
	if (!t || !parent_of(e->path, parent) || !path_before(parent, above)) {
		MUST(t && t->kind == CRL_DIFF_ADDED, e->path); /* all in a new directory is told, too */
		return;
	}
	play_join(path, above, strrchr(e->path, '/') ? strrchr(e->path, '/') + 1 : e->path);
	old = play_find(before, path);
	if (t->kind == CRL_DIFF_TYPE) {
		MUST(old && (old->st.st_mode ^ e->st.st_mode) & S_IFMT, e->path);
		used[old - before->entry] = true;
	}
}

/* Is there a rename whose origin this is? Then something else may be said to be new in its place. */
static bool was_moved(const char *path)
{
	for (size_t i = 0; i < told_len; i++)
		if (told[i].from && strcmp(told[i].from, path) == 0)
			return true;
	return false;
}

/* The path of before that a deletion, or a change of type, took away. */
static bool path_taken(const struct told *t, char *ret)
{
	char parent[PLAY_PATH_MAX], above[PLAY_PATH_MAX];

	if ((t->kind != CRL_DIFF_DELETED && t->kind != CRL_DIFF_TYPE) || !parent_of(t->path, parent))
		return false;
	MUST(path_before(parent, above), t->path);
	play_join(ret, above, strrchr(t->path, '/') ? strrchr(t->path, '/') + 1 : t->path);
	return true;
}

/* Each path of before that is nowhere now was told to be gone, with itself or with a directory above it. */
static void check_gone(const char *path)
{
	for (size_t i = 0; i < told_len; i++) {
		char taken[PLAY_PATH_MAX];

		if (path_taken(&told[i], taken) && strncmp(path, taken, strlen(taken)) == 0 &&
		    (path[strlen(taken)] == '/' || path[strlen(taken)] == '\0'))
			return;
	}
	complain(path, "is gone, and nobody said so");
}

static int rank(char c)
{
	return c == '\0' ? 0 : c == '/' ? 1 : (unsigned char)c + 1;
}

/* Byte by byte, but that what is in a directory comes before what has a longer name. */
static int compare_paths(const char *a, const char *b)
{
	for (; *a && *a == *b; a++)
		b++;
	return rank(*a) - rank(*b);
}

static void check_told(const struct play_list *before, const struct play_list *now, const bool *used)
{
	for (size_t i = 0; i < told_len; i++) {
		const struct play_entry *e = play_find(now, told[i].path);
		char taken[PLAY_PATH_MAX];

		MUST(told[i].kind != CRL_DIFF_UNREADABLE, told[i].path);
		MUST(e || told[i].kind == CRL_DIFF_DELETED, told[i].path);
		if (path_taken(&told[i], taken)) {
			const struct play_entry *old = play_find(before, taken);

			MUST(old && (told[i].kind == CRL_DIFF_TYPE || !used[old - before->entry]), told[i].path);
			MUST(!was_moved(taken), told[i].path);
		}
		if (i > 0 && strcmp(told[i - 1].path, ".") != 0) {
			bool twice = told[i - 1].kind == CRL_DIFF_DELETED && told[i].kind == CRL_DIFF_RENAMED;
			int order = compare_paths(told[i - 1].path, told[i].path);

			MUST(order < 0 || (order == 0 && twice), told[i].path);
		}
	}
}

static unsigned int kinds[CRL_DIFF_KIND_COUNT];

static void check_lists(const struct play_list *before, const struct play_list *now)
{
	bool used[PLAY_ENTRIES_MAX] = {false};

	for (size_t i = 0; i < now->len; i++)
		check_now(before, &now->entry[i], used);
	for (size_t i = 0; i < before->len; i++)
		if (!used[i])
			check_gone(before->entry[i].path);
	check_told(before, now, used);
	for (size_t i = 0; i < told_len; i++)
		kinds[told[i].kind]++;
}

/* All layers against the first 1, 2 … of them. */
static void check_diff(const struct play_game *g)
{
	struct crl_layers layers = play_layers(g->layers);
	struct play_list now;

	play_show(g->layers, &now);
	for (layers.top = 0; layers.top < g->layers; layers.top++) {
		struct play_list before;
		struct crl_err err = {0};

		forget();
		assert_int_equal(crl_diff_walk(&layers, &keep_all, &err), 0);
		play_show(g->layers - layers.top, &before);
		check_lists(&before, &now);
		assert_true(layers.top > 0 || told_len == 0);
		play_list_free(&before);
	}
	play_list_free(&now);
	play_layers_close(&layers);
}

static void test_beside_the_kernel(void **state)
{
	(void)state;
	play_rounds(150, check_diff);
	for (size_t i = 0; i < CRL_DIFF_UNREADABLE; i++)
		assert_true(kinds[i] > 0 || getenv("SEED"));
}

/* --- by hand ---------------------------------------------------------------------------------------------------- */

/* A home "l0" and what was done to it, "l1". */
static void begin(void)
{
	play_command("rm -rf l? && mkdir l0 l1");
}

static struct crl_marks marks = CRL_MARKS_OWN;

/* The changes, one line each. */
static const char *diff(const struct crl_diff_wish *wish)
{
	static char text[4096];
	struct crl_layers layers = play_layers(2);
	int rc;

	layers.top = 1;
	layers.marks = marks;
	forget();
	rc = crl_diff_walk(&layers, wish, NULL);
	play_layers_close(&layers);
	text[0] = '\0';
	for (size_t i = 0; i < told_len; i++) {
		size_t len = strlen(text);

		(void)snprintf(text + len, sizeof(text) - len, "%c%u %s%s%s\n", "ACDTRU"[told[i].kind], told[i].what,
			       told[i].path, told[i].from ? " < " : "", told[i].from ? told[i].from : "");
	}
	if (rc < 0)
		(void)snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s\n", strerrorname_np(-rc));
	return text;
}

#define UID 1000

/* The same for who has no power and asks a server for the marks. */
static void check_diff_of_user(const char *want)
{
	const struct crl_marks_server server = {.uid = UID, .gid = UID};
	pid_t pid, server_pid;
	int status;

	assert_int_equal(crl_marks_start(&server, &marks.sock, &server_pid, NULL), 0);
	pid = fork();
	if (pid == 0) {
		const char *is;

		if (setgroups(0, NULL) < 0 || setresgid(UID, UID, UID) < 0 || setresuid(UID, UID, UID) < 0)
			_exit(3);
		is = diff(&keep_all);
		if (strcmp(is, want) != 0)
			(void)fprintf(stderr, "%s", is);
		_exit(strcmp(is, want) != 0);
	}
	drop_fd(&marks.sock);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(waitpid(server_pid, &status, 0), server_pid);
	assert_int_equal(status, 0);
}

/* keeps: layers/diff R2 */
static void test_only_what_changed(void **state)
{
	(void)state;
	begin();
	play_command("mkdir -p l0/quiet/sub l0/old/sub l0/parent/sub l1/new l1/parent && touch l1/parent/file");
	assert_int_equal(setxattr("l1/new", "trusted.overlay.redirect", "/old", 4, 0), 0);
	assert_int_equal(mknod("l1/old", S_IFCHR, makedev(0, 0)), 0);
	/* Whoever looked in there would find a mount, and say so. */
	assert_int_equal(mount("m", "l0/quiet/sub", "tmpfs", 0, NULL), 0);
	assert_int_equal(mount("m", "l0/old/sub", "tmpfs", 0, NULL), 0);
	assert_int_equal(mount("m", "l0/parent/sub", "tmpfs", 0, NULL), 0);
	assert_string_equal(diff(&keep_all), "R0 new < old\nA0 parent/file\n");
	play_command("umount l0/quiet/sub l0/old/sub l0/parent/sub");
}

/* Relative redirects, of directories in directories that were renamed themselves. */
static void test_origins(void **state)
{
	(void)state;
	static const char want[] = "R0 x < a\nR0 x/y < a/b\nR0 x/y/z < a/b/c\nA0 x/y/z/file\nA0 x/y/z/w\n";

	begin();
	play_command("mkdir -p l0/a/b/c l1/x/y/z/w && touch l1/x/y/z/file");
	assert_int_equal(setxattr("l1/x", "trusted.overlay.redirect", "/a", 2, 0), 0);
	assert_int_equal(setxattr("l1/x/y", "trusted.overlay.redirect", "b", 1, 0), 0);
	assert_int_equal(setxattr("l1/x/y/z", "trusted.overlay.redirect", "c", 1, 0), 0);
	assert_int_equal(mknod("l1/a", S_IFCHR, makedev(0, 0)), 0);
	assert_string_equal(diff(&keep_all), want);
	play_command("chown -R 1000 l0 l1");
	check_diff_of_user(want);
}

static void test_attributes(void **state)
{
	(void)state;
	static const struct crl_diff_wish quick = {.tell = keep};
	/* rw-r--r--, and r-- for user 1000, so that the mode is what it was. */
	static const uint16_t acl[] = {2, 0,      1,      6,  0xffff, 0xffff, 2,      4,  1000, 0,      4,
				       4, 0xffff, 0xffff, 16, 4,      0xffff, 0xffff, 32, 4,    0xffff, 0xffff};

	begin();
	play_command(
		"mkdir l0/dir l1/dir; for l in l0 l1; do cd $l; for f in bytes time mode list own set size; do echo "
		"one >$f; done; ln -s to link; ln -s to other; cd ..; done; echo two >l1/bytes; echo three >l1/size; "
		"ln -snf away l1/other; touch -d @5 l?/[!to]* l?/own; touch -d @6 l0/time; touch -d @7 l1/time; "
		"chmod 640 l1/mode; chown 7 l1/dir");
	/* One of each kind that is no user's: they are not told. */
	assert_int_equal(setxattr("l1/set", "security.anything", "x", 1, 0), 0);
	assert_int_equal(setxattr("l1/set", "trusted.anything", "x", 1, 0), 0);
	assert_int_equal(setxattr("l0/own", "user.one", "x", 1, 0), 0);
	assert_int_equal(setxattr("l1/own", "user.one", "y", 1, 0), 0);
	assert_int_equal(setxattr("l1/list", "system.posix_acl_access", acl, sizeof(acl), 0), 0);
	assert_string_equal(diff(&keep_all),
			    "C1 bytes\nC4 dir\nC8 list\nC2 mode\nC1 other\nC8 own\nC1 size\nC16 time\n");
	/* By size and time alone. */
	assert_string_equal(diff(&quick), "C4 dir\nC8 list\nC2 mode\nC1 other\nC8 own\nC1 size\nC1 time\n");
	assert_int_equal(chmod("l1", 0700), 0);
	assert_string_equal(diff(&quick), "C2 .\nC4 dir\nC8 list\nC2 mode\nC1 other\nC8 own\nC1 size\nC1 time\n");
}

/* keeps: layers/diff_compare R1 */
static void test_no_files(void **state)
{
	(void)state;
	begin();
	play_command("for l in l0 l1; do mkfifo $l/fifo; mknod $l/same c 1 3; mknod $l/device c 1 3; done; rm "
		     "l1/device; mknod l1/device c 1 5; "
		     "chmod 600 l1/fifo");
	(void)alarm(20); /* who opened the FIFO would wait for ever */
	assert_string_equal(diff(&keep_all), "C1 device\nC2 fifo\n");
	(void)alarm(0);
}

static int stop_at_two(void *arg, const struct crl_diff_change *c)
{
	(void)keep(arg, c);
	return told_len == 2 ? -ECANCELED : CRL_DIFF_ON;
}

static int skip_dirs(void *arg, const struct crl_diff_change *c)
{
	(void)keep(arg, c);
	return CRL_DIFF_SKIP;
}

static bool stop_now(void *arg)
{
	return --*(int *)arg < 0;
}

static void test_stops(void **state)
{
	(void)state;
	int names = 6; /* in both walks */

	begin();
	play_command("mkdir l1/a l1/b && touch l1/a/1 l1/a/2 l1/b/1");
	assert_string_equal(diff(&(struct crl_diff_wish){.tell = stop_at_two}), "A0 a\nA0 a/1\nECANCELED\n");
	assert_string_equal(diff(&(struct crl_diff_wish){.tell = skip_dirs}), "A0 a\nA0 b\n");
	assert_string_equal(diff(&(struct crl_diff_wish){.tell = keep, .stop = stop_now, .arg = &names}),
			    "A0 a\nEINTR\n");
}

/* What may not be read, or cannot be, is told, and the rest as well. */
static void test_unreadable(void **state)
{
	(void)state;
	begin();
	play_command("mkdir -p l1/bad l0/bad l1/closed l0/shut l1/shut l1/noexec l1/z l0/repl l1/repl && "
		     "touch l0/secret l1/secret l1/closed/f l1/shut/f l1/noexec/f && touch -d @5 l1/secret && "
		     "chmod 0 l1/closed l0/shut l?/secret && chmod 444 l1/noexec l0/repl && chown -R 1000 l0 l1");
	assert_int_equal(setxattr("l1/bad", "trusted.overlay.redirect", "/..", 3, 0), 0);
	assert_int_equal(setxattr("l1/repl", "trusted.overlay.opaque", "y", 1, 0), 0);
	check_diff_of_user("U0 bad\nU0 closed\nU0 noexec\nU0 repl\nC1 secret\nU0 shut\nA0 z\n");
	assert_int_equal(mount("m", "l1/z", "tmpfs", 0, NULL), 0);
	assert_string_equal(diff(&keep_all) + strlen(diff(&keep_all)) - 6, "EXDEV\n"); /* a layer has none */
	assert_int_equal(umount("l1/z"), 0);
}

static int take_away(void *arg, const struct crl_diff_change *c)
{
	(void)keep(arg, c);
	if (strcmp(c->path, "a") == 0)
		play_command("rm -r l1/b");
	if (strcmp(c->path, "c") == 0)
		play_command("rm l1/d");
	if (strcmp(c->path, "e") == 0)
		play_command("rm l1/f; ln -s x l1/f");
	return CRL_DIFF_ON;
}

/* Who still works in it takes away what comes next, and is already known. */
static void test_vanishes(void **state)
{
	(void)state;
	begin();
	play_command("mkdir l1/b && touch l1/a l1/c l0/d l1/d l1/e l0/f l1/f l1/g && touch -d @5 l1/d l1/f");
	assert_string_equal(diff(&(struct crl_diff_wish){.exact = true, .tell = take_away}),
			    "A0 a\nA0 c\nA0 e\nA0 g\n");
}

static int count_only(void *arg, const struct crl_diff_change *c)
{
	assert_true(strncmp(c->path, "../", 3) != 0);
	++*(unsigned int *)arg;
	return CRL_DIFF_ON;
}

/* Somebody works in it all the time: each diff ends well, whatever it tells. */
static void test_while_it_changes(void **state)
{
	(void)state;
	unsigned int n = 0;
	const struct crl_diff_wish wish = {.exact = true, .tell = count_only, .arg = &n};
	pid_t pid, done;
	int status;

	begin();
	play_seed(1);
	play_moves("l0", 60);
	play_command("cp -a l0/. l1");
	pid = fork();
	if (pid == 0) {
		play_moves("l1", 3000);
		_exit(0);
	}
	assert_true(pid > 0);
	do {
		struct crl_layers layers = play_layers(2);
		struct crl_err err = {0};

		layers.top = 1;
		if (crl_diff_walk(&layers, &wish, &err) < 0)
			fail_msg("%s: %s", err.text, strerror(err.code));
		play_layers_close(&layers);
		done = waitpid(pid, &status, WNOHANG);
	} while (done == 0);
	assert_int_equal(done, pid);
	assert_int_equal(status, 0);
	assert_true(n > 0);
}

#define DEEP 4000

/* Both layers have it, so that each level has two descriptors. */
static void make_deep(const char *root)
{
	scoped_fd at = place_dir(root);

	for (int i = 0; i < DEEP; i++) {
		int next;

		assert_int_equal(mkdirat(at, "d", 0755), 0);
		next = openat(at, "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		assert_true(next >= 0);
		drop_fd(&at);
		at = next;
	}
	drop_fd(&at);
}

static size_t deep_len;

static int tell_deep(void *arg, const struct crl_diff_change *c)
{
	(void)arg;
	deep_len = strlen(c->path);
	return c->kind == CRL_DIFF_ADDED ? CRL_DIFF_ON : -EINVAL;
}

/* keeps: layers/diff R1 */
static void test_deep(void **state)
{
	(void)state;
	const struct rlimit files = {.rlim_cur = DEEP * 3, .rlim_max = DEEP * 3};
	const struct rlimit stack = {.rlim_cur = 256 * 1024, .rlim_max = 256 * 1024};
	pid_t pid;
	int status;

	begin();
	make_deep("l0");
	make_deep("l1");
	pid = fork();
	if (pid == 0) {
		struct crl_layers layers = play_layers(2);
		const struct crl_diff_wish wish = {.tell = tell_deep};

		layers.top = 1;
		if (setrlimit(RLIMIT_NOFILE, &files) < 0 || setrlimit(RLIMIT_STACK, &stack) < 0 ||
		    crl_diff_walk(&layers, &wish, NULL) < 0)
			_exit(1);
		layers.top = 2; /* all of it is new */
		_exit(crl_diff_walk(&layers, &wish, NULL) == 0 && deep_len == 2 * DEEP - 1 ? 0 : 2);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_only_what_changed),
		cmocka_unit_test(test_origins),
		cmocka_unit_test(test_attributes),
		cmocka_unit_test(test_no_files),
		cmocka_unit_test(test_stops),
		cmocka_unit_test(test_unreadable),
		cmocka_unit_test(test_vanishes),
		cmocka_unit_test(test_while_it_changes),
		cmocka_unit_test(test_deep),
		cmocka_unit_test_teardown(test_beside_the_kernel, play_tell),
	};

	return cmocka_run_group_tests(tests, place_make, NULL);
}
