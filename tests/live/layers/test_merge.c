// SPDX-License-Identifier: Apache-2.0
/*
 * layers/merge.c against the kernel's overlay: it shows the same with one layer in the place of two. Needs root.
 */
#include "layers/merge.h"

#include "tests/live/layers/stage.h"
#include "tests/live/layers/strike.h"

static bool struck;

/* Looks at an overlay of these layers, the first of which is the upper. Names of PLACE/store; the home is below. */
static char *look(const char *upper, const char *middle, enum portrait_kind kind)
{
	char options[400];
	char *text;

	(void)snprintf(options, sizeof(options),
		       "index=off,redirect_dir=on,metacopy=off,xino=off,lowerdir=%s%s%s" STAGE_HOME
		       ",upperdir=%s/%s,workdir=" STAGE_STORE "/work",
		       *middle ? STAGE_STORE "/" : "", middle, *middle ? ":" : "", STAGE_STORE, upper);
	assert_int_equal(mount("merged", STAGE_MERGED, "overlay", 0, options), 0);
	text = portrait_of(STAGE_MERGED, kind);
	stage_unmount();
	assert_non_null(text);
	return text;
}

static void play(const char *upper, const char *middle, uint64_t seed)
{
	char options[400], path[100];

	(void)snprintf(path, sizeof(path), STAGE_STORE "/%s", upper);
	stage_own(path);
	(void)snprintf(options, sizeof(options),
		       "index=off,redirect_dir=on,metacopy=off,xino=off,lowerdir=%s%s%s" STAGE_HOME
		       ",upperdir=%s/%s,workdir=" STAGE_STORE "/work",
		       *middle ? STAGE_STORE "/" : "", middle, *middle ? ":" : "", STAGE_STORE, upper);
	assert_int_equal(mount("merged", STAGE_MERGED, "overlay", 0, options), 0);
	stage_play(STAGE_MERGED, seed, 40);
	stage_unmount();
}

static const char *young, *old, *into;

/* In a child. */
static int merge(void)
{
	struct crl_layers layers;
	struct crl_merge m = {.layers = &layers};
	scoped_fd store = open(STAGE_STORE, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct crl_err err = {0};

	stage_open(&layers);
	layers.fd[2] = layers.fd[1];
	layers.fd[0] = openat(store, young, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	layers.fd[1] = openat(store, old, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	layers.len = 3;
	layers.top = 2;
	m.into = openat(store, into, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	stage_become();
	if (struck)
		strike_begin();
	if (crl_merge_run(&m, &err) == 0)
		return 0;
	if (getenv("VERBOSE"))
		(void)fprintf(stderr, "merge: %s: %s\n", err.text, strerror(err.code));
	return 4;
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

static void run_merge(const char *a, const char *b, const char *c, uint64_t seed)
{
	char path[100];

	young = a;
	old = b;
	into = c;
	(void)snprintf(path, sizeof(path), STAGE_STORE "/%s", c);
	stage_own(path);
	if (in_child(merge) != 0)
		fail_msg("seed %ju: cannot merge %s and %s", (uintmax_t)seed, a, b);
}

static void make_scene(uint64_t seed)
{
	stage_clear();
	stage_play(STAGE_HOME, seed, 60);
	play("first", "", seed + 1000000);
	play("second", "first", seed + 2000000);
}

/* keeps: layers/merge R1 */
static void test_merge(void **state)
{
	(void)state;
	uint64_t rounds = getenv("ROUNDS") ? strtoull(getenv("ROUNDS"), NULL, 10) : 60, seed = 1;

	if (getenv("SEED"))
		seed = rounds = strtoull(getenv("SEED"), NULL, 10);
	for (; seed <= rounds; seed++) {
		char *before, *after;

		make_scene(seed);
		play("third", "second:" STAGE_STORE "/first", seed + 3000000);
		before = look("third", "second:" STAGE_STORE "/first", PORTRAIT_ALL);
		run_merge("second", "first", "one", seed);
		after = look("third", "one", PORTRAIT_ALL);
		stage_same("below another", seed, before, after);
		free(after);
		run_merge("third", "one", "two", seed);
		after = look("two", "", PORTRAIT_ALL);
		stage_same("all", seed, before, after);
		free(after);
		free(before);
	}
}

/* Whatever fails, the layers are as they were. */
static void test_strike(void **state)
{
	(void)state;
	static const int faults[] = {STRIKE_KILL, EIO, EACCES};
	char *before, *after;

	make_scene(45);
	before = look("second", "first", PORTRAIT_ALL);
	young = "second";
	old = "first";
	into = "one";
	for (size_t k = 0; k < CRL_ARRAY_LEN(faults); k++)
		for (long n = 1 + (long)k;; n += 29) {
			int rc;

			ops_remove(STAGE_STORE "/one");
			stage_own(STAGE_STORE "/one");
			struck = true;
			rc = strike(merge, n, faults[k]);
			struck = false;
			after = look("second", "first", PORTRAIT_ALL);
			stage_same("after a fault", (uint64_t)n, before, after);
			free(after);
			if (rc >= 0)
				continue;
			after = look("one", "", PORTRAIT_ALL);
			stage_same("without a fault", 0, before, after);
			free(after);
			break;
		}
	free(before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_merge),
		cmocka_unit_test(test_strike),
	};

	return cmocka_run_group_tests(tests, place_make, NULL);
}
