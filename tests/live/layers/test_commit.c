// SPDX-License-Identifier: Apache-2.0
/*
 * layers/commit*.c against the kernel's overlay: what it showed before is what the home has afterwards, and what it
 * shows whenever a commit ends early. ROUNDS=N for more random rounds, SEED=N for one; FAULT_EVERY=N for more calls that
 * fail. Needs root.
 */
#include "layers/commit.h"

#include <stdlib.h>

#include "tests/live/layers/stage.h"
#include "tests/live/layers/strike.h"

static bool struck; /* the next commit is one whose calls fail */
static bool cleans; /* it only removes what another has left */

static int told_fd[2] = {-EBADF, -EBADF}; /* what a commit told, "NEWS PATH" a line */

static void tell(void *arg, enum crl_commit_news news, const char *path, const char *why)
{
	(void)arg;
	if (told_fd[1] >= 0)
		(void)dprintf(told_fd[1], "%d %s\n", (int)news, path);
	if (getenv("VERBOSE"))
		(void)fprintf(stderr, "told %d: %s %s\n", news, path, why);
}

/* Runs in a child. Returns its exit code: 0, 2 something was kept, 4 it could not go on. */
static int commit(const char *const *paths)
{
	struct crl_layers layers;
	struct crl_commit c = {.layers = &layers, .path = paths, .tell = tell};
	struct crl_err err = {0};

	stage_open(&layers);
	c.data = open(STAGE_STORE "/data", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	c.trash = open(STAGE_STORE "/trash", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	stage_become();
	if (struck)
		strike_begin();
	if ((cleans ? crl_commit_clean(&c, &err) : crl_commit_run(&c, &err)) < 0) {
		if (getenv("VERBOSE"))
			(void)fprintf(stderr, "commit: %s: %s\n", err.text, strerror(err.code));
		return 4;
	}
	return c.kept ? 2 : 0;
}

static int commit_paths(const char *const *paths)
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(commit(paths));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void is_empty(const char *dir)
{
	char *text = portrait_of(dir, PORTRAIT_ALL);

	assert_non_null(text);
	if (strchr(text, '\n')[1])
		fail_msg("%s has something in it: %.300s", dir, text);
	free(text);
}

static void one_round(uint64_t seed, int before, int after)
{
	char *shown, *home, *left;
	int rc;

	stage_clear();
	stage_play(STAGE_HOME, seed, before);
	stage_mount();
	stage_play(STAGE_MERGED, seed + 1000000, after);
	stage_unmount();
	shown = stage_look(PORTRAIT_ALL);
	rc = commit_paths(NULL);
	if (rc != 0)
		fail_msg("seed %ju: %d", (uintmax_t)seed, rc);
	home = portrait_of(STAGE_HOME, PORTRAIT_ALL);
	stage_same("home", seed, shown, home);
	left = stage_look(PORTRAIT_CONTENT);
	free(shown);
	shown = portrait_of(STAGE_HOME, PORTRAIT_CONTENT);
	stage_same("shown", seed, shown, left);
	is_empty(STAGE_STORE "/up");
	is_empty(STAGE_STORE "/data");
	free(shown);
	free(home);
	free(left);
}

static void test_random(void **state)
{
	(void)state;
	uint64_t rounds = getenv("ROUNDS") ? strtoull(getenv("ROUNDS"), NULL, 10) : 150;

	if (getenv("SEED")) {
		uint64_t seed = strtoull(getenv("SEED"), NULL, 10);

		one_round(seed, 20 + (int)(seed % 5) * 20, 5 + (int)(seed % 7) * 15);
		return;
	}
	for (uint64_t seed = 1; seed <= rounds; seed++)
		one_round(seed, 20 + (int)(seed % 5) * 20, 5 + (int)(seed % 7) * 15);
}

static void make_scene(uint64_t seed)
{
	stage_clear();
	stage_play(STAGE_HOME, seed, 60);
	stage_mount();
	stage_play(STAGE_MERGED, seed + 1000000, 60);
	stage_unmount();
}

static int commit_struck(void)
{
	return commit(NULL);
}

/*
 * One call of a commit fails, or is its last. What the overlay shows is the same, and the next run ends it.
 * keeps: layers/commit R1
 * keeps: layers/commit_queue R1
 * keeps: layers/commit_queue R2
 * keeps: layers/commit R2
 * keeps: layers/commit R3
 */
static bool strike_one(uint64_t seed, long n, int fault)
{
	char *before, *links, *after;
	char what[64];
	int rc;

	make_scene(seed);
	before = stage_look(PORTRAIT_CONTENT);
	links = stage_look(PORTRAIT_LINKS);
	struck = true;
	rc = strike(commit_struck, n, fault);
	struck = false;
	(void)snprintf(what, sizeof(what), "fault %d at call %ld (%d)", fault, n, rc);
	after = stage_look(PORTRAIT_CONTENT);
	stage_same(what, seed, before, after);
	free(after);
	rc = rc < 0 ? -1 : commit_paths(NULL);
	if (rc > 0)
		fail_msg("%s, seed %ju: the next run: %d", what, (uintmax_t)seed, rc);
	after = portrait_of(STAGE_HOME, PORTRAIT_LINKS);
	stage_same(what, seed, links, after);
	is_empty(STAGE_STORE "/up");
	free(before);
	free(links);
	free(after);
	return rc >= 0;
}

static void test_strike(void **state)
{
	(void)state;
	static const int faults[] = {STRIKE_KILL, EIO, ENOSPC, EACCES, EINTR};
	static const uint64_t seeds[] = {45, 304, 186, 559};
	const char *text = getenv("FAULT_EVERY");
	long every = text ? atol(text) : 61, n = 1;
	size_t some = text ? CRL_ARRAY_LEN(seeds) : 2;

	if (getenv("SEED") && getenv("CALL")) {
		(void)strike_one(strtoull(getenv("SEED"), NULL, 10), atol(getenv("CALL")), atoi(getenv("FAULT")));
		return;
	}
	for (size_t i = 0; i < some; i++)
		for (size_t k = 0; k < CRL_ARRAY_LEN(faults); k++)
			for (n = 1 + (long)(i + k) % every; strike_one(seeds[i], n, faults[k]); n += every)
				;
}

/* Runs a commit; what it tells is compared. */
static void commit_tells(const char *const *paths, int wanted, const char *told)
{
	char text[1024] = "";

	assert_int_equal(pipe2(told_fd, O_CLOEXEC | O_NONBLOCK), 0);
	assert_int_equal(commit_paths(paths), wanted);
	(void)!read(told_fd[0], text, sizeof(text) - 1);
	assert_string_equal(text, told);
	for (int i = 0; i < 2; i++) {
		(void)close(told_fd[i]);
		told_fd[i] = -EBADF;
	}
}

static void own_all(void)
{
	assert_int_equal(system("chown -R -h 54321:54321 " STAGE_HOME " " STAGE_STORE "/up"), 0);
}

static int count_ours(void)
{
	char text[16] = "";
	FILE *p = popen("find " STAGE_HOME " " STAGE_STORE "/up -name '.carrel-*' | wc -l", "re");

	assert_non_null(p);
	assert_non_null(fgets(text, sizeof(text), p));
	(void)pclose(p);
	return atoi(text);
}

static bool is_there(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

/* Only what is asked for; a whole directory as a whole; a rename by its new end first. */
static void test_paths(void **state)
{
	(void)state;
	stage_clear();
	stage_own(STAGE_HOME "/dir");
	stage_own(STAGE_HOME "/old");
	place_file(STAGE_HOME "/dir/kept", "1");
	place_file(STAGE_HOME "/old/file", "1");
	stage_mount();
	place_file(STAGE_MERGED "/dir/a", "2");
	place_file(STAGE_MERGED "/dir/b", "2");
	assert_int_equal(unlink(STAGE_MERGED "/dir/kept"), 0);
	assert_int_equal(mkdir(STAGE_MERGED "/new", 0755), 0);
	place_file(STAGE_MERGED "/new/file", "2");
	assert_int_equal(rename(STAGE_MERGED "/old", STAGE_MERGED "/young"), 0);
	stage_unmount();
	own_all();
	commit_tells((const char *const[]){"dir/a", "new/file", "none", "old", NULL}, 2, "0 new\n0 old\n0 none\n");
	assert_true(is_there(STAGE_HOME "/dir/a"));
	assert_false(is_there(STAGE_STORE "/up/dir/a"));
	assert_false(is_there(STAGE_HOME "/dir/b"));
	assert_true(is_there(STAGE_HOME "/dir/kept"));
	assert_false(is_there(STAGE_HOME "/new"));
	assert_true(is_there(STAGE_HOME "/old/file"));
	commit_tells((const char *const[]){"young", "dir", NULL}, 0, "");
	assert_true(is_there(STAGE_HOME "/young/file"));
	assert_true(is_there(STAGE_HOME "/dir/b"));
	assert_false(is_there(STAGE_HOME "/dir/kept"));
	assert_true(is_there(STAGE_HOME "/old"));
	commit_tells(NULL, 0, "");
	assert_false(is_there(STAGE_HOME "/old"));
	assert_true(is_there(STAGE_HOME "/new/file"));
	is_empty(STAGE_STORE "/up");
}

/* Devices and what is not the user's stay, with the directory that is new with them; sockets are left out. */
static void test_kept(void **state)
{
	(void)state;
	stage_clear();
	place_file(STAGE_HOME "/socket", "was a file");
	own_all();
	stage_own(STAGE_STORE "/up/new");
	stage_own(STAGE_STORE "/up/fine");
	place_file(STAGE_STORE "/up/new/file", "1");
	place_file(STAGE_STORE "/up/secret", "1");
	assert_int_equal(chmod(STAGE_STORE "/up/secret", 06755), 0);
	assert_int_equal(mknod(STAGE_STORE "/up/socket", S_IFSOCK | 0600, 0), 0);
	own_all();
	assert_int_equal(chmod(STAGE_STORE "/up/secret", 06755), 0);
	assert_int_equal(mknod(STAGE_STORE "/up/device", S_IFCHR | 0666, makedev(1, 3)), 0);
	assert_int_equal(mknod(STAGE_STORE "/up/new/device", S_IFBLK | 0666, makedev(7, 0)), 0);
	place_file(STAGE_STORE "/up/roots", "1");
	assert_int_equal(chmod(STAGE_STORE "/up/roots", 0600), 0);
	commit_tells(NULL, 2, "0 device\n0 new/device\n0 roots\n1 socket\n");
	assert_true(is_there(STAGE_STORE "/up/device"));
	assert_true(is_there(STAGE_STORE "/up/new/file"));
	assert_true(is_there(STAGE_STORE "/up/roots"));
	assert_false(is_there(STAGE_STORE "/up/socket"));
	assert_false(is_there(STAGE_HOME "/device"));
	assert_false(is_there(STAGE_HOME "/new"));
	assert_false(is_there(STAGE_HOME "/socket"));
	assert_true(is_there(STAGE_HOME "/fine"));
	{
		struct stat st;

		assert_int_equal(stat(STAGE_HOME "/secret", &st), 0);
		assert_int_equal(st.st_mode & 07777, 0755);
	}
}

static void make_large(const char *path)
{
	assert_int_equal(close(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600)), 0);
	assert_int_equal(truncate(path, 65 << 20), 0);
}

/* Names of one file stay that, also when the first of them is taken out of the upper before the last is brought over. */
static void test_links_apart(void **state)
{
	(void)state;
	struct stat st;

	stage_clear();
	place_file(STAGE_STORE "/up/a", "one");
	assert_int_equal(link(STAGE_STORE "/up/a", STAGE_STORE "/up/z"), 0);
	make_large(STAGE_STORE "/up/m1");
	make_large(STAGE_STORE "/up/m2");
	make_large(STAGE_STORE "/up/m3");
	own_all();
	commit_tells(NULL, 0, "");
	assert_int_equal(stat(STAGE_HOME "/z", &st), 0);
	assert_int_equal(st.st_nlink, 2);
	assert_int_equal(stat(STAGE_HOME "/m3", &st), 0);
	assert_int_equal(st.st_nlink, 1);
	is_empty(STAGE_STORE "/up");
	is_empty(STAGE_STORE "/data");
}

/* Killed at any time with one of two names brought over: the next run leaves nothing. keeps: layers/commit R3 */
static void test_links_killed(void **state)
{
	(void)state;
	struct stat st;
	int rc = 0;

	for (long n = 1; rc >= 0; n++) {
		stage_clear();
		place_file(STAGE_STORE "/up/a", "one");
		assert_int_equal(link(STAGE_STORE "/up/a", STAGE_STORE "/up/b"), 0);
		own_all();
		struck = true;
		rc = strike(commit_struck, n, STRIKE_KILL);
		struck = false;
		commit_tells(NULL, 0, "");
		if (count_ours() > 0)
			fail_msg("killed at call %ld: a name of ours is left", n);
		assert_int_equal(stat(STAGE_HOME "/b", &st), 0);
		assert_int_equal(st.st_nlink, 2);
	}
}

/* Where a name would have to stay, none is made. */
static void test_append_only(void **state)
{
	(void)state;

	stage_clear();
	stage_own(STAGE_HOME "/log");
	stage_own(STAGE_STORE "/up/log");
	place_file(STAGE_STORE "/up/log/new", "1");
	own_all();
	if (system("chattr +a " STAGE_HOME "/log 2>/dev/null") != 0)
		skip();
	commit_tells(NULL, 2, "0 log/new\n");
	assert_int_equal(count_ours(), 0);
	assert_int_equal(system("chattr -a " STAGE_HOME "/log"), 0);
	commit_tells(NULL, 0, "");
	assert_true(is_there(STAGE_HOME "/log/new"));
}

/* A link that somebody put where a directory of the home was leads nowhere; nor is a mount in the home gone into. */
static void test_outside(void **state)
{
	(void)state;
	stage_clear();
	stage_own(STAGE_HOME "/mounted");
	stage_own(PLACE "/outside");
	assert_int_equal(symlink(PLACE "/outside", STAGE_HOME "/dir"), 0);
	stage_own(STAGE_STORE "/up/dir");
	stage_own(STAGE_STORE "/up/mounted");
	place_file(STAGE_STORE "/up/dir/file", "1");
	place_file(STAGE_STORE "/up/mounted/file", "1");
	own_all();
	assert_int_equal(mount("m", STAGE_HOME "/mounted", "tmpfs", 0, "mode=0777"), 0);
	commit_tells(NULL, 2, "0 mounted\n");
	assert_false(is_there(STAGE_HOME "/mounted/file"));
	assert_int_equal(umount2(STAGE_HOME "/mounted", MNT_DETACH), 0);
	assert_false(is_there(PLACE "/outside/file"));
	assert_true(is_there(STAGE_HOME "/dir/file"));
}

/* Names that begin like ours, and were made by somebody else, stay. keeps: layers/commit R3 */
static void test_names(void **state)
{
	(void)state;
	stage_clear();
	place_file(STAGE_HOME "/.carrel-0123456789abcdef-1", "mine");
	place_file(STAGE_HOME "/.carrel-fedcba9876543210-1", "left");
	place_file(STAGE_STORE "/data/committing", "fedcba9876543210 0755\n");
	assert_int_equal(chown(STAGE_STORE "/data/committing", STAGE_UID, STAGE_UID), 0);
	place_file(STAGE_STORE "/up/file", "1");
	own_all();
	commit_tells(NULL, 0, "");
	assert_true(is_there(STAGE_HOME "/.carrel-0123456789abcdef-1"));
	assert_false(is_there(STAGE_HOME "/.carrel-fedcba9876543210-1"));
	assert_true(is_there(STAGE_HOME "/file"));
	is_empty(STAGE_STORE "/data");
}

/* What a killed commit has left goes without another one, and what was changed is still there. */
static void test_clean(void **state)
{
	(void)state;
	bool any = false;

	for (long n = 10;; n += 17) {
		char *before, *after;
		int rc;

		stage_clear();
		stage_own(STAGE_HOME "/dir");
		place_file(STAGE_HOME "/dir/a", "1");
		own_all();
		stage_own(STAGE_STORE "/up/dir");
		stage_own(STAGE_STORE "/up/new");
		place_file(STAGE_STORE "/up/dir/a", "2");
		place_file(STAGE_STORE "/up/new/b", "2");
		assert_int_equal(link(STAGE_STORE "/up/dir/a", STAGE_STORE "/up/new/a"), 0);
		own_all();
		before = stage_look(PORTRAIT_CONTENT);
		struck = true;
		rc = strike(commit_struck, n, STRIKE_KILL);
		struck = false;
		any |= count_ours() > 0;
		cleans = true;
		assert_int_equal(commit_paths(NULL), 0);
		cleans = false;
		assert_int_equal(count_ours(), 0);
		is_empty(STAGE_STORE "/data");
		after = stage_look(PORTRAIT_CONTENT);
		stage_same("cleaned", (uint64_t)n, before, after);
		free(before);
		free(after);
		if (rc < 0)
			break;
	}
	assert_true(any);
}

/* The home's file system is full on the way. */
static void test_full(void **state)
{
	(void)state;
	char *before, *after;

	stage_clear();
	for (int i = 0; i < 40; i++) {
		char path[100];
		scoped_fd fd = -EBADF;

		(void)snprintf(path, sizeof(path), STAGE_STORE "/up/%d", i);
		place_file(path, "text");
		fd = open(path, O_WRONLY | O_CLOEXEC);
		for (off_t at = 0; at < 100000; at += 4)
			assert_int_equal(pwrite(fd, "more", 4, at), 4);
	}
	own_all();
	before = stage_look(PORTRAIT_ALL);
	assert_int_equal(mount(NULL, STAGE_HOME, NULL, MS_REMOUNT, "size=1m"), 0);
	commit_tells(NULL, 4, "");
	assert_int_equal(count_ours(), 0);
	after = stage_look(PORTRAIT_CONTENT);
	assert_non_null(strstr(after, "/39 "));
	free(after);
	assert_int_equal(mount(NULL, STAGE_HOME, NULL, MS_REMOUNT, "size=256m"), 0);
	commit_tells(NULL, 0, "");
	after = portrait_of(STAGE_HOME, PORTRAIT_ALL);
	stage_same("full", 0, before, after);
	free(before);
	free(after);
}

/* Another login exchanges a directory for a link out of the home all the time. */
static pid_t start_racer(void)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	stage_become();
	for (;;)
		if (renameat2(AT_FDCWD, STAGE_HOME "/dir", AT_FDCWD, STAGE_HOME "/link", RENAME_EXCHANGE) < 0 &&
		    errno != ENOENT)
			_exit(1);
}

static void test_race(void **state)
{
	(void)state;
	for (int round = 0; round < 30; round++) {
		pid_t racer;

		stage_clear();
		stage_own(STAGE_HOME "/dir");
		stage_own(STAGE_HOME "/dir/sub");
		stage_own(PLACE "/outside");
		stage_own(PLACE "/outside/sub");
		place_file(PLACE "/outside/victim", "1");
		place_file(PLACE "/outside/sub/victim", "1");
		assert_int_equal(symlink(PLACE "/outside", STAGE_HOME "/link"), 0);
		stage_own(STAGE_STORE "/up/dir");
		stage_own(STAGE_STORE "/up/dir/sub");
		for (int i = 0; i < 40; i++) {
			char path[100];

			(void)snprintf(path, sizeof(path), STAGE_STORE "/up/dir/%s%d", i % 2 ? "sub/" : "", i);
			place_file(path, "2");
		}
		assert_int_equal(mknod(STAGE_STORE "/up/dir/victim", S_IFCHR, 0), 0);
		assert_int_equal(mknod(STAGE_STORE "/up/dir/sub/victim", S_IFCHR, 0), 0);
		own_all();
		assert_int_equal(system("chown -R -h 54321:54321 " PLACE "/outside"), 0);
		racer = start_racer();
		(void)commit_paths(NULL);
		(void)commit_paths(NULL);
		assert_int_equal(kill(racer, SIGKILL), 0);
		assert_int_equal(waitpid(racer, NULL, 0), racer);
		assert_int_equal(system("test \"$(cd " PLACE "/outside && echo * sub/*)\" = 'sub victim sub/victim'"),
				 0);
	}
}

static void make_deep(const char *tree, const char *file)
{
	int fd = place_dir(tree);

	for (int n = 0; n < 4000; n++) {
		int next;

		assert_int_equal(mkdirat(fd, "d", 0755) || fchownat(fd, "d", STAGE_UID, STAGE_UID, 0), 0);
		next = openat(fd, "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		assert_true(next >= 0);
		(void)close(fd);
		fd = next;
	}
	assert_int_equal(mknodat(fd, file, S_IFREG | 0644, 0), 0);
	assert_int_equal(fchownat(fd, file, STAGE_UID, STAGE_UID, 0), 0);
	(void)close(fd);
}

/* 4,000 levels: new, and then merged with what is there. */
static void test_deep(void **state)
{
	(void)state;
	stage_clear();
	for (int i = 0; i < 2; i++) {
		make_deep(STAGE_STORE "/up", i ? "merged" : "new");
		commit_tells(NULL, 0, "");
		assert_true(is_there(STAGE_HOME "/d/d/d"));
		is_empty(STAGE_STORE "/up");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),       cmocka_unit_test(test_strike),
		cmocka_unit_test(test_paths),        cmocka_unit_test(test_kept),
		cmocka_unit_test(test_outside),      cmocka_unit_test(test_links_apart),
		cmocka_unit_test(test_links_killed), cmocka_unit_test(test_append_only),
		cmocka_unit_test(test_names),        cmocka_unit_test(test_deep),
		cmocka_unit_test(test_clean),        cmocka_unit_test(test_race),
		cmocka_unit_test(test_full),
	};

	return cmocka_run_group_tests(tests, place_make, NULL);
}
