// SPDX-License-Identifier: Apache-2.0
/*
 * What carrelctl reads in a PAM stack, against what libpam does with it: stacks made of odd pieces, always the same ones.
 *
 * Runs in: tests only; needs no root. Usage: test_stack BUILD [STACKS]
 */
#include <fcntl.h>
#include <security/pam_appl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "ctl/host/pamstack.h"

#define STACKS 3000

static char dir[64], mark[400], carrel[400];
static unsigned long stacks = STACKS;
static uint32_t state_of_chance;

__attribute__((visibility("default"))) void __syslog_chk(int priority, int flag, const char *fmt, ...) CRL_PRINTF(3, 4);
void __syslog_chk(int priority, int flag, const char *fmt, ...)
{
	(void)priority, (void)flag, (void)fmt; /* what libpam says of odd lines is not of interest */
}

static uint32_t chance(uint32_t n)
{
	state_of_chance = state_of_chance * 1664525u + 1013904223u;
	return (state_of_chance >> 8) % n;
}

static int answer_nothing(int n, const struct pam_message **m, struct pam_response **r, void *arg)
{
	(void)n, (void)m, (void)r, (void)arg;
	return PAM_CONV_ERR;
}

static void put_file(const char *name, const char *text)
{
	char path[128];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "we");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

/* What libpam asks, in its order. False when it refuses the file as a whole. */
static bool ask_libpam(const char *text, char *seen, size_t size)
{
	const struct pam_conv conv = {.conv = answer_nothing};
	pam_handle_t *pamh = NULL;
	const char *found;

	put_file("stack", text);
	seen[0] = '\0';
	if (pam_start_confdir("stack", "root", &conv, dir, &pamh) != PAM_SUCCESS)
		return false;
	(void)pam_open_session(pamh, PAM_SILENT);
	found = pam_getenv(pamh, "SEEN");
	(void)snprintf(seen, size, "%s", found ? found : "");
	(void)pam_end(pamh, PAM_SUCCESS);
	return true;
}

struct reading {
	char seen[8192];
	bool strange;
};

static void read_line(void *arg, const struct ctl_pam_line *l)
{
	struct reading *r = arg;
	char word[PAM_WORD_BYTES] = "-";
	const char *p = l->arguments + strspn(l->arguments, " \t\n");

	r->strange |= l->kind == PAM_LINE_STRANGE;
	if (*p == '[')
		(void)snprintf(word, sizeof(word), "%.*s", (int)strcspn(p + 1, "]"), p + 1);
	else if (*p)
		(void)snprintf(word, sizeof(word), "%.*s", (int)strcspn(p, " \t\n"), p);
	if (l->kind == PAM_LINE_INCLUDE)
		(void)strcat(r->seen, "inc,");
	else if (l->kind == PAM_LINE_SESSION && strcmp(l->module, mark) == 0)
		(void)strcat(strcat(r->seen, word), ",");
}

static const char *one_of(const char *const *list, size_t len)
{
	return list[chance((uint32_t)len)];
}
#define ONE_OF(...) \
	one_of((const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

static const char *gap(void)
{
	return chance(6) ? " "
			 : ONE_OF("\t", "  ", " \\\n", "\\\n ", " \\ \n\t", "\\\t\n", " \\\n# x\n ", " \\\n\n",
				  " \\\\\n", "\r ", "", "\\");
}

static void make_stack(char *text)
{
	*text = '\0';
	for (uint32_t lines = chance(6); lines > 0; lines--) {
		char *at = text + strlen(text);

		if (chance(5) == 0) {
			/* Before 1.6 libpam looks for what has no path in /etc/pam.d, wherever the stack is. */
			if (chance(2))
				(void)strcat(text, ONE_OF("# a comment\n", "# it goes on \\\n", "#\\\n", "\n", " \t\n",
							  "\\\n", " \\ \n", "x\n", "@include\n"));
			else
				(void)sprintf(at, "%s %s/brought%s",
					      ONE_OF("@include", "session include", "session substack", "auth include"),
					      dir, ONE_OF("\n", " # \\\n", "\t \n", "\\\n"));
			continue;
		}
		(void)sprintf(
			at, "%s%s%s%s%s%s%s%u%s",
			chance(8) ? "session" : ONE_OF("auth", "-session", "SESSION", "[session]", "sess"), gap(),
			ONE_OF("optional", "required", "[default=ignore]", "[success=ok default=bad]", "OPTIONAL"),
			gap(), mark, gap(), ONE_OF("a", "b", "[c d]", "e#", "[f", "g]"), chance(100),
			chance(5) ? "\n" : ONE_OF("# x\n", " # x \\\n", "\\\n", " \\ \n", "", "\t\n", "\r\n", "\\"));
	}
}

static bool has_once(const char *seen, const char *word, bool first)
{
	const char *at = strstr(seen, word);

	if (!at || strstr(at + 1, word))
		return false;
	return first ? at == seen : !at[strlen(word)];
}

static void show(const char *what, const char *text, const char *seen, const char *ours)
{
	fprintf(stderr, "%s:\n---\n%s\n---\nlibpam: %s\nours:   %s\n", what, text, seen, ours);
}

/* What enable makes is what libpam then does, and disable takes it out. */
static bool there_and_back(const char *text)
{
	const struct ctl_pam_wish wish = {.module = carrel, .arguments = ""};
	scoped_free char *with = NULL, *without = NULL;
	char seen[8192], before[8192];
	bool good;

	if (ctl_pam_stack_enable(text, &wish, &with, NULL) < 0)
		return true;
	good = ask_libpam(with, seen, sizeof(seen)) && has_once(seen, "close,", true) && has_once(seen, "open,", false);
	if (!good)
		show("enable", with, seen, "close first, open last");
	if (ctl_pam_stack_disable(with, &without) != 2 || !ask_libpam(without, seen, sizeof(seen)) ||
	    !ask_libpam(text, before, sizeof(before)) || strcmp(seen, before) != 0) {
		show("disable", without ? without : "(none)", seen, before);
		good = false;
	}
	return good;
}

static void test_as_libpam_does(void **state)
{
	unsigned long strange = 0, compared = 0, wrong = 0;

	(void)state;
	for (unsigned long i = 0; i < stacks && wrong < 5; i++) {
		char text[8192], seen[8192];
		struct reading r = {.strange = false};
		bool taken;

		state_of_chance = (uint32_t)i * 2654435761u + 1;
		make_stack(text);
		ctl_pam_stack_each(text, read_line, &r);
		if (r.strange) {
			strange++;
			continue;
		}
		taken = ask_libpam(text, seen, sizeof(seen));
		if (!taken || strcmp(seen, r.seen) != 0) {
			show(taken ? "another order" : "refused by libpam", text, seen, r.seen);
			wrong++;
		}
		compared++;
		wrong += !there_and_back(text);
	}
	print_message("%lu stacks, %lu of them with a line that is not understood\n", compared + strange, strange);
	assert_int_equal(wrong, 0);
	assert_true(compared > stacks / 4);
}

/* A file that libpam refuses as a whole is never enabled; nor is one in which versions of libpam differ. */
static void test_never_enabled(void **state)
{
	static const char *const text[] = {
		"session required pam_x.so \\",
		"session required pam_x.so \\\n",
		"session required pam_x.so\nsession optional pam_y.so\\ \n",
		"session required \\\n# a comment\n pam_x.so\n",
		"session required \\\n\n pam_x.so\n",
	};
	const struct ctl_pam_wish wish = {.module = carrel, .arguments = ""};

	(void)state;
	for (size_t i = 0; i < CRL_ARRAY_LEN(text); i++) {
		char *out = NULL;

		assert_int_equal(ctl_pam_stack_enable(text[i], &wish, &out, NULL), -EINVAL);
		assert_null(out);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_as_libpam_does),
		cmocka_unit_test(test_never_enabled),
	};
	char path[500];
	int failed;

	if (argc < 2)
		return 2;
	if (argc > 2)
		stacks = strtoul(argv[2], NULL, 10);
	(void)snprintf(dir, sizeof(dir), "/tmp/carrel-stack-XXXXXX");
	if (!mkdtemp(dir))
		return 3;
	(void)snprintf(mark, sizeof(mark), "%s/tests/pam/pam_mark.so", argv[1]);
	(void)snprintf(carrel, sizeof(carrel), "%s/tests/pam/mark/pam_carrel.so", argv[1]);
	(void)snprintf(path, sizeof(path), "session optional %s inc\n", mark);
	put_file("brought", path);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	for (size_t i = 0; i < 2; i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", dir, i ? "brought" : "stack");
		(void)unlink(path);
	}
	(void)rmdir(dir);
	return failed;
}
