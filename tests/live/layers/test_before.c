// SPDX-License-Identifier: Apache-2.0
/*
 * layers/before.c, merge.c and commit.c together, against the kernel's overlay: a home with several frozen layers that
 * snapshots show is committed, and they show the same as before, as does the present: in the end, and whenever any of the
 * steps ends early. ROUNDS=N for more random rounds, SEED=N for one; FAULT_EVERY=N for more calls that fail. Needs root.
 */
#include "layers/before.h"

#include "layers/commit.h"
#include "layers/merge.h"
#include "tests/live/layers/stage.h"
#include "tests/live/layers/strike.h"

/* Three layers, youngest first; the last two are snapshots'. */
#define ALL "up:" STAGE_STORE "/l2:" STAGE_STORE "/l1"
#define YOUNG STAGE_STORE "/l2:" STAGE_STORE "/l1"
#define OLD STAGE_STORE "/l1"
#define BELOW ":" STAGE_STORE "/below"
#define BELOW_AGAIN ":" STAGE_STORE "/again" BELOW

static bool struck; /* the next work is one whose calls fail */
static const char *const *paths;

static void mount_layers(const char *lower, const char *upper)
{
	char options[800];

	(void)snprintf(options, sizeof(options),
		       "index=off,redirect_dir=on,metacopy=off,xino=off,lowerdir=%s%s" STAGE_HOME, lower,
		       *lower ? ":" : "");
	if (upper)
		(void)snprintf(options + strlen(options), sizeof(options) - strlen(options),
			       ",upperdir=%s,workdir=" STAGE_STORE "/work", upper);
	assert_int_equal(mount("merged", STAGE_MERGED, "overlay", 0, options), 0);
}

/* What these layers show over the home. To be freed. */
static char *look(const char *lower, enum portrait_kind kind)
{
	char *text;

	mount_layers(lower, NULL);
	text = portrait_of(STAGE_MERGED, kind);
	stage_unmount();
	assert_non_null(text);
	return text;
}

static void play(const char *lower, const char *upper, uint64_t seed, int moves)
{
	mount_layers(lower, upper);
	stage_play(STAGE_MERGED, seed, moves);
	stage_unmount();
}

static void make_scene(uint64_t seed)
{
	static const char *const dirs[] = {STAGE_STORE "/l1", STAGE_STORE "/l2", STAGE_STORE "/all",
					   STAGE_STORE "/below", STAGE_STORE "/again"};

	stage_clear();
	for (size_t i = 0; i < CRL_ARRAY_LEN(dirs); i++)
		stage_own(dirs[i]);
	stage_play(STAGE_HOME, seed, 60);
	play("", STAGE_STORE "/l1", seed + 1000000, 30);
	play(OLD, STAGE_STORE "/l2", seed + 2000000, 30);
	play(YOUNG, STAGE_STORE "/up", seed + 3000000, 30);
}

static int open_dir(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		_exit(119);
	return fd;
}

/* In a child, which is the user when this returns. */
static void begin(struct crl_layers *layers, const char *const *dir, size_t top)
{
	stage_open(layers);
	layers->fd[top] = layers->fd[1];
	for (size_t i = 0; i < top; i++)
		layers->fd[i] = open_dir(dir[i]);
	layers->top = top;
	layers->len = top + 1;
}

static int merge_all(void)
{
	const char *const dir[] = {STAGE_STORE "/up", STAGE_STORE "/l2", STAGE_STORE "/l1"};
	struct crl_layers layers;
	struct crl_merge m = {.layers = &layers};

	begin(&layers, dir, 3);
	m.into = open_dir(STAGE_STORE "/all");
	stage_become();
	return crl_merge_run(&m, NULL) < 0 ? 4 : 0;
}

static const char *before_dir = STAGE_STORE "/below";

static int keep_before(void)
{
	const char *const dir[] = {STAGE_STORE "/all"};
	struct crl_layers layers;
	struct crl_before b = {.layers = &layers, .path = paths};
	struct crl_err err = {0};

	begin(&layers, dir, 1);
	b.into = open_dir(before_dir);
	stage_become();
	if (struck)
		strike_begin();
	if (crl_before_run(&b, &err) == 0)
		return 0;
	if (getenv("VERBOSE"))
		(void)fprintf(stderr, "before: %s: %s\n", err.text, strerror(err.code));
	return err.code == EOPNOTSUPP ? 5 : err.code == EACCES ? 6 : 4;
}

static void tell(void *arg, enum crl_commit_news news, const char *path, const char *why)
{
	(void)arg;
	if (getenv("VERBOSE"))
		(void)fprintf(stderr, "told %d: %s %s\n", news, path, why);
}

static int commit(void)
{
	const char *const dir[] = {STAGE_STORE "/all"};
	struct crl_layers layers;
	struct crl_commit c = {.layers = &layers, .path = paths, .tell = tell};

	begin(&layers, dir, 1);
	c.data = open_dir(STAGE_STORE "/data");
	c.trash = open_dir(STAGE_STORE "/trash");
	stage_become();
	if (struck)
		strike_begin();
	if (crl_commit_run(&c, NULL) < 0)
		return 4;
	return c.kept ? 2 : 0;
}

static int in_child(int (*work)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(work());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* What both snapshots and the present show. */
struct shown {
	char *young, *old, *now;
};

static struct shown look_at_all(const char *below, const char *present)
{
	struct shown s;
	char lower[300];

	(void)snprintf(lower, sizeof(lower), YOUNG "%s", below);
	s.young = look(lower, PORTRAIT_CONTENT);
	(void)snprintf(lower, sizeof(lower), OLD "%s", below);
	s.old = look(lower, PORTRAIT_CONTENT);
	s.now = look(present, PORTRAIT_CONTENT);
	return s;
}

static void free_shown(struct shown *s)
{
	free(s->young);
	free(s->old);
	free(s->now);
}

static void are_same(const char *what, uint64_t seed, const struct shown *was, const char *below, const char *present)
{
	struct shown is = look_at_all(below, present);
	char text[100];

	(void)snprintf(text, sizeof(text), "%s: the old snapshot", what);
	stage_same(text, seed, was->old, is.old);
	(void)snprintf(text, sizeof(text), "%s: the young snapshot", what);
	stage_same(text, seed, was->young, is.young);
	(void)snprintf(text, sizeof(text), "%s: the present", what);
	stage_same(text, seed, was->now, is.now);
	free_shown(&is);
}

/* keeps: layers/before R1 */
static void one_round(uint64_t seed)
{
	struct shown was;
	char *home;

	make_scene(seed);
	was = look_at_all("", STAGE_STORE "/" ALL);
	assert_int_equal(in_child(merge_all), 0);
	assert_int_equal(in_child(keep_before), 0);
	are_same("before", seed, &was, BELOW, STAGE_STORE "/all");
	assert_int_equal(in_child(commit), 0);
	are_same("committed", seed, &was, BELOW, STAGE_STORE "/all");
	home = portrait_of(STAGE_HOME, PORTRAIT_CONTENT);
	stage_same("home", seed, was.now, home);
	free_shown(&was);
	free(home);
}

static void test_random(void **state)
{
	(void)state;
	uint64_t rounds = getenv("ROUNDS") ? strtoull(getenv("ROUNDS"), NULL, 10) : 80, seed = 1;

	if (getenv("SEED"))
		seed = rounds = strtoull(getenv("SEED"), NULL, 10);
	for (; seed <= rounds; seed++)
		one_round(seed);
}

/* A commit of which a call fails; another one, with a layer of its own below those that were there. */
static bool strike_commit(uint64_t seed, long n, int fault)
{
	struct shown was;
	char what[64], *home;
	int rc;

	make_scene(seed);
	was = look_at_all("", STAGE_STORE "/" ALL);
	assert_int_equal(in_child(merge_all), 0);
	assert_int_equal(in_child(keep_before), 0);
	struck = true;
	rc = strike(commit, n, fault);
	struck = false;
	(void)snprintf(what, sizeof(what), "fault %d at call %ld (%d)", fault, n, rc);
	are_same(what, seed, &was, BELOW, STAGE_STORE "/all");
	before_dir = STAGE_STORE "/again";
	if (rc >= 0 && (in_child(keep_before) != 0 || in_child(commit) != 0))
		fail_msg("%s, seed %ju: the next run", what, (uintmax_t)seed);
	before_dir = STAGE_STORE "/below";
	/* What was kept last is below what was kept first. */
	are_same(what, seed, &was, BELOW ":" STAGE_STORE "/again", STAGE_STORE "/all");
	home = portrait_of(STAGE_HOME, PORTRAIT_CONTENT);
	stage_same("home", seed, was.now, home);
	if (system("test -z \"$(find " STAGE_HOME " -name '.carrel-*')\"") != 0)
		fail_msg("%s, seed %ju: something is left in the home", what, (uintmax_t)seed);
	free_shown(&was);
	free(home);
	return rc >= 0;
}

static void test_strike_commit(void **state)
{
	static const int faults[] = {STRIKE_KILL, EIO, ENOSPC, EINTR};
	const char *text = getenv("FAULT_EVERY");
	long every = text ? atol(text) : 17;

	(void)state;
	for (uint64_t seed = 7; seed < 9; seed++)
		for (size_t k = 0; k < CRL_ARRAY_LEN(faults); k++)
			for (long n = 1 + (long)(seed + k); strike_commit(seed, n, faults[k]); n += every)
				;
}

/* Whatever fails before the layer is whole, nothing else was changed. */
static void test_strike_before(void **state)
{
	static const int faults[] = {STRIKE_KILL, EIO, ENOSPC};
	const char *text = getenv("FAULT_EVERY");
	long every = text ? atol(text) : 61;
	struct shown was;

	(void)state;
	make_scene(45);
	was = look_at_all("", STAGE_STORE "/" ALL);
	assert_int_equal(in_child(merge_all), 0);
	for (size_t k = 0; k < CRL_ARRAY_LEN(faults); k++)
		for (long n = 1 + (long)k;; n += every) {
			int rc;

			ops_remove(STAGE_STORE "/below");
			stage_own(STAGE_STORE "/below");
			struck = true;
			rc = strike(keep_before, n, faults[k]);
			struck = false;
			are_same("after a fault", (uint64_t)n, &was, rc < 0 ? BELOW : "", STAGE_STORE "/all");
			if (rc < 0)
				break;
		}
	free_shown(&was);
}

/* Only some paths: what is elsewhere is not kept, and not needed. */
static void test_paths(void **state)
{
	static const char *const some[] = {"a", "b/c", "d", NULL};
	struct stat st;
	uint64_t seed;

	(void)state;
	for (seed = 1; seed <= 40; seed++) {
		struct shown was;

		make_scene(seed);
		was = look_at_all("", STAGE_STORE "/" ALL);
		assert_int_equal(in_child(merge_all), 0);
		paths = some;
		assert_int_equal(in_child(keep_before), 0);
		assert_true(lstat(STAGE_STORE "/below/e", &st) < 0 && lstat(STAGE_STORE "/below/f", &st) < 0);
		assert_true(in_child(commit) != 4);
		paths = NULL;
		are_same("some paths", seed, &was, BELOW, STAGE_STORE "/all");
		free_shown(&was);
	}
}

/* What cannot be kept is told, and in time. */
static void test_cannot(void **state)
{
	(void)state;
	stage_clear();
	stage_own(STAGE_STORE "/all");
	stage_own(STAGE_STORE "/below");
	assert_int_equal(mknod(STAGE_HOME "/device", S_IFCHR | 0666, makedev(1, 3)), 0);
	assert_int_equal(mknod(STAGE_STORE "/all/device", S_IFCHR, 0), 0);
	assert_int_equal(in_child(keep_before), 5);
	assert_int_equal(unlink(STAGE_HOME "/device"), 0);
	place_file(STAGE_HOME "/device", "root's");
	assert_int_equal(chmod(STAGE_HOME "/device", 0600), 0);
	assert_int_equal(in_child(keep_before), 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),        cmocka_unit_test(test_strike_commit),
		cmocka_unit_test(test_strike_before), cmocka_unit_test(test_paths),
		cmocka_unit_test(test_cannot),
	};

	return cmocka_run_group_tests(tests, place_make, NULL);
}
