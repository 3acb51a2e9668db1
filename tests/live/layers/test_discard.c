// SPDX-License-Identifier: Apache-2.0
/* layers/discard.c against the kernel's overlay: what is discarded shows what is below again. Needs root. */
#include "layers/discard.h"

#include "tests/live/layers/stage.h"
#include "tests/live/layers/strike.h"

static const char *asked[64];
static bool struck;

static void tell(void *arg, enum crl_discard_news news, const char *path, const char *why)
{
	(void)arg;
	if (getenv("VERBOSE"))
		(void)fprintf(stderr, "told %d: %s %s\n", news, path, why ? why : "");
}

/* In a child. */
static int discard(void)
{
	struct crl_layers layers;
	struct crl_discard d = {.layers = &layers, .path = asked, .tell = tell};

	stage_open(&layers);
	d.trash = open(STAGE_STORE "/trash", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	stage_become();
	if (struck)
		strike_begin();
	return crl_discard_run(&d, NULL) < 0 ? 4 : d.kept ? 2 : 0;
}

static int run_discard(void)
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(discard());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void make_scene(uint64_t seed)
{
	stage_clear();
	stage_play(STAGE_HOME, seed, 60);
	stage_mount();
	stage_play(STAGE_MERGED, seed + 1000000, 60);
	stage_unmount();
}

/* All names of the upper's root. */
static size_t ask_all(void)
{
	static char names[63][256];
	DIR *d = opendir(STAGE_STORE "/up");
	size_t n = 0;

	assert_non_null(d);
	for (struct dirent *e; (e = readdir(d)) && n < 63;)
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0) {
			(void)snprintf(names[n], sizeof(names[n]), "%s", e->d_name);
			asked[n] = names[n];
			n++;
		}
	asked[n] = NULL;
	(void)closedir(d);
	return n;
}

/* But for the root itself, whose attributes nobody asked for. */
static void shows_home(const char *what, uint64_t seed)
{
	char *home = portrait_of(STAGE_HOME, PORTRAIT_ALL), *shown = stage_look(PORTRAIT_ALL);

	assert_non_null(home);
	stage_same(what, seed, strchr(home, '\n'), strchr(shown, '\n'));
	free(home);
	free(shown);
}

static void test_all(void **state)
{
	(void)state;
	uint64_t rounds = getenv("ROUNDS") ? strtoull(getenv("ROUNDS"), NULL, 10) : 60;

	for (uint64_t seed = 1; seed <= rounds; seed++) {
		make_scene(seed);
		if (ask_all() == 0)
			continue;
		if (run_discard() != 0)
			fail_msg("seed %ju", (uintmax_t)seed);
		shows_home("discarded", seed);
	}
}

/* One name: it is what the home has, and what was renamed into or out of it is back. */
static void test_one(void **state)
{
	(void)state;
	uint64_t rounds = getenv("ROUNDS") ? strtoull(getenv("ROUNDS"), NULL, 10) : 60;

	for (uint64_t seed = getenv("SEED") ? rounds = strtoull(getenv("SEED"), NULL, 10) : 1; seed <= rounds; seed++) {
		char below[300], above[300];
		char *home, *shown;
		size_t n;

		make_scene(seed);
		n = ask_all();
		if (n == 0)
			continue;
		asked[0] = asked[seed % n];
		asked[1] = NULL;
		if (run_discard() != 0)
			fail_msg("seed %ju", (uintmax_t)seed);
		(void)snprintf(below, sizeof(below), "%s/%s", STAGE_HOME, asked[0]);
		(void)snprintf(above, sizeof(above), "%s/%s", STAGE_MERGED, asked[0]);
		home = portrait_of(below, PORTRAIT_ALL);
		stage_mount();
		shown = portrait_of(above, PORTRAIT_ALL);
		stage_unmount();
		if (!home != !shown)
			fail_msg("seed %ju: %s", (uintmax_t)seed, asked[0]);
		if (home)
			stage_same(asked[0], seed, home, shown);
		free(home);
		free(shown);
	}
}

/* keeps: layers/discard R1 */
static void test_renamed(void **state)
{
	(void)state;
	for (int end = 0; end < 2; end++) {
		struct stat st;

		stage_clear();
		stage_own(STAGE_HOME "/old");
		place_file(STAGE_HOME "/old/file", "text");
		stage_mount();
		assert_int_equal(rename(STAGE_MERGED "/old", STAGE_MERGED "/new"), 0);
		stage_unmount();
		assert_int_equal(chown(STAGE_STORE "/up/new", STAGE_UID, STAGE_UID), 0);
		asked[0] = end ? "new" : "old";
		asked[1] = NULL;
		assert_int_equal(run_discard(), 0);
		shows_home("renamed", 0);
		assert_int_not_equal(lstat(STAGE_STORE "/up/new", &st), 0);
		assert_int_equal(run_discard(), 2); /* unchanged */
	}
}

static void test_strike(void **state)
{
	(void)state;
	static const int faults[] = {STRIKE_KILL, EIO, EACCES, EINTR};
	static const uint64_t seeds[] = {45, 186};
	long every = getenv("FAULT_EVERY") ? atol(getenv("FAULT_EVERY")) : 31;

	for (size_t i = 0; i < CRL_ARRAY_LEN(seeds); i++)
		for (size_t k = 0; k < CRL_ARRAY_LEN(faults); k++)
			for (long n = 1 + (long)k;; n += every) {
				char what[64];
				int rc;

				make_scene(seeds[i]);
				assert_true(ask_all() > 0);
				struck = true;
				rc = strike(discard, n, faults[k]);
				struck = false;
				if (rc < 0)
					break;
				(void)snprintf(what, sizeof(what), "fault %d at call %ld", faults[k], n);
				if (ask_all() > 0 && run_discard() != 0)
					fail_msg("%s: the next run", what);
				shows_home(what, seeds[i]);
			}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all),
		cmocka_unit_test(test_one),
		cmocka_unit_test(test_renamed),
		cmocka_unit_test(test_strike),
	};

	return cmocka_run_group_tests(tests, place_make, NULL);
}
