// SPDX-License-Identifier: Apache-2.0
/*
 * The record of what stopped a login, and the line made of it.
 *
 * Runs in: tests only.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/scope.h"
#include "base/utf8.h"
#include "state/why/why.h"

static char dir[64];
static int state_fd = -EBADF;

static struct crl_why_whose who(uint32_t uid, const char *user)
{
	return (struct crl_why_whose){uid, user};
}

#define ANA who(7, "ana")
#define ANA_DIGEST "e6f79c19051ffb05"
#define ANAS "7-" ANA_DIGEST /* the name of her file */

static int setup(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/carrel-why-XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	state_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return state_fd < 0 ? -1 : 0;
}

static int teardown(void **state)
{
	char command[128];

	(void)state;
	close(state_fd);
	(void)snprintf(command, sizeof(command), "rm -r %s", dir);
	return system(command);
}

static struct crl_why_event event(enum crl_why_cause cause, uint64_t count, uint64_t limit)
{
	return (struct crl_why_event){.since = 1764079320,
				      .cause = cause,
				      .count = count,
				      .limit = limit,
				      .id = "abc234",
				      .policy = "student"};
}

static void put(const char *name, const char *text, mode_t mode)
{
	int at = openat(state_fd, "why", O_RDONLY | O_DIRECTORY | O_CLOEXEC), fd;

	assert_true(at >= 0);
	(void)unlinkat(at, name, 0);
	fd = openat(at, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
	close(at);
}

static void what_is_added_is_read(void **state)
{
	struct crl_why_event e[] = {event(CRL_WHY_MEMORY, 3, 536870912), event(CRL_WHY_KILLED, 1, CRL_COUNT_UNKNOWN)};
	struct crl_why w;

	(void)state;
	assert_int_equal(crl_why_read(state_fd, ANA, &w), -ENOENT);
	assert_int_equal(crl_why_add(state_fd, ANA, e, 2), 0);
	assert_int_equal(crl_why_read(state_fd, ANA, &w), 0);
	assert_int_equal(w.len, 2);
	assert_int_equal(w.event[0].cause, CRL_WHY_MEMORY);
	assert_int_equal(w.event[0].count, 3);
	assert_int_equal(w.event[0].limit, 536870912);
	assert_int_equal(w.event[0].since, 1764079320);
	assert_true(w.event[0].when_ms / 1000 >= time(NULL) - 60);
	assert_string_equal(w.event[1].id, "abc234");
	assert_string_equal(w.event[1].policy, "student");
	assert_true(w.event[1].limit == CRL_COUNT_UNKNOWN);
	assert_false(w.event[1].told);
	crl_why_tell(state_fd, ANA, w.event[0].when_ms - 1, true);
	assert_int_equal(crl_why_read(state_fd, ANA, &w), 0);
	assert_false(w.event[0].told);
	crl_why_tell(state_fd, ANA, INT64_MAX, true);
	assert_int_equal(crl_why_read(state_fd, ANA, &w), 0);
	assert_true(w.event[0].told && w.event[1].told);
	assert_int_equal(crl_why_read(state_fd, who(8, "ana"), &w), -ENOENT);
}

/* Whoever gets the uid next hears nothing, changes nothing and loses nothing of it. */
static void a_reused_uid_is_somebody_else(void **state)
{
	struct crl_why_event old = event(CRL_WHY_MEMORY, 3, 1), new = event(CRL_WHY_TASKS, 1, 1);
	struct crl_why w;

	(void)state;
	assert_int_equal(crl_why_add(state_fd, ANA, &old, 1), 0);
	assert_int_equal(crl_why_read(state_fd, who(7, "eve"), &w), -ENOENT);
	assert_int_equal(w.len, 0);
	crl_why_tell(state_fd, who(7, "eve"), INT64_MAX, true);
	assert_int_equal(crl_why_add(state_fd, who(7, "eve"), &new, 1), 0);
	assert_int_equal(crl_why_read(state_fd, who(7, "eve"), &w), 0);
	assert_int_equal(w.len, 1);
	assert_string_equal(w.user, "eve");
	assert_int_equal(w.event[0].cause, CRL_WHY_TASKS);
	assert_int_equal(crl_why_read(state_fd, ANA, &w), 0);
	assert_int_equal(w.len, 1);
	assert_false(w.event[0].told);
	/* The name's digest guards nothing: a file of that name with another user in it is not his. */
	put(ANAS, "carrel-why 2 1 mallory\n1000 0 killed 1 - 1 abc student\n", 0600);
	assert_int_equal(crl_why_read(state_fd, ANA, &w), -EBADMSG);
	assert_int_equal(w.len, 0);
	/* Names of any bytes are one word of the header. */
	assert_int_equal(crl_why_add(state_fd, who(7, "a b=\n"), &new, 1), 0);
	assert_int_equal(crl_why_read(state_fd, who(7, "a b=\n"), &w), 0);
	assert_string_equal(w.user, "a\\x20b\\x3d\\x0a");
}

/* What sshd may have shown is told again, and not for ever. */
static void what_may_have_been_shown(void **state)
{
	struct crl_why_event e = event(CRL_WHY_HOME, 1, 1);
	struct crl_why w;

	(void)state;
	assert_int_equal(crl_why_add(state_fd, ANA, &e, 1), 0);
	for (uint64_t i = 0; i < CRL_WHY_OFFERS; i++) {
		assert_int_equal(crl_why_read(state_fd, ANA, &w), 0);
		assert_int_equal(w.event[0].offers, i);
		assert_false(w.event[0].told);
		crl_why_tell(state_fd, ANA, INT64_MAX, false);
	}
	assert_int_equal(crl_why_read(state_fd, ANA, &w), 0);
	assert_true(w.event[0].told);
	assert_int_equal(crl_why_add(state_fd, ANA, &e, 1), 0); /* what is new has its own count */
	crl_why_tell(state_fd, ANA, INT64_MAX, false);
	assert_int_equal(crl_why_read(state_fd, ANA, &w), 0);
	assert_true(w.event[0].told && !w.event[1].told && w.event[1].offers == 1);
	crl_why_tell(state_fd, ANA, INT64_MAX, true); /* su and login show it themselves */
	assert_int_equal(crl_why_read(state_fd, ANA, &w), 0);
	assert_true(w.event[1].told);
}

static void what_came_after_is_not_told(void **state)
{
	struct crl_why_event e = event(CRL_WHY_HOME, 1, 1);
	struct crl_why w;

	(void)state;
	assert_int_equal(crl_why_add(state_fd, ANA, &e, 1), 0);
	put(ANAS, "carrel-why 2 2 ana\n1000 0 killed 1 - 1 abc student\n2000 0 killed 1 - 1 abc student\n", 0600);
	crl_why_tell(state_fd, ANA, 1999, true);
	assert_int_equal(crl_why_read(state_fd, ANA, &w), 0);
	assert_true(w.event[0].told);
	assert_false(w.event[1].told);
	crl_why_tell(state_fd, ANA, 2000, true);
	assert_int_equal(crl_why_read(state_fd, ANA, &w), 0);
	assert_true(w.event[1].told);
}

static void the_oldest_give_way(void **state)
{
	struct crl_why w;

	(void)state;
	for (uint64_t i = 1; i <= CRL_WHY_EVENTS_MAX + 5; i++) {
		struct crl_why_event e = event(CRL_WHY_TASKS, i, UINT64_MAX - 1);

		e.since = INT64_MAX;
		memset(e.policy, 'p', sizeof(e.policy) - 1);
		assert_int_equal(crl_why_add(state_fd, who(UINT32_MAX - 1, "ana"), &e, 1), 0);
	}
	assert_int_equal(crl_why_read(state_fd, who(UINT32_MAX - 1, "ana"), &w), 0);
	assert_int_equal(w.len, CRL_WHY_EVENTS_MAX);
	assert_int_equal(w.event[0].count, 6);
	assert_int_equal(w.event[CRL_WHY_EVENTS_MAX - 1].count, CRL_WHY_EVENTS_MAX + 5);
}

#define GOOD \
	"carrel-why 2 2 ana\n1764079321000 0 memory 3 536870912 1764079320 abc234 student\n" \
	"1764079322000 1 killed 1 - 1764079320 abc234 student\n"

static int parse(const char *text, size_t len, struct crl_why *ret)
{
	char buf[CRL_WHY_SIZE_MAX];

	memcpy(buf, text, len);
	buf[len] = '\0';
	return crl_why_parse(buf, len, ret);
}

static void a_record_cut_anywhere_is_none(void **state)
{
	struct crl_why w;

	(void)state;
	assert_int_equal(parse(GOOD, strlen(GOOD), &w), 0);
	assert_int_equal(w.len, 2);
	for (size_t len = 0; len < strlen(GOOD); len++) {
		assert_int_equal(parse(GOOD, len, &w), -EBADMSG);
		assert_int_equal(w.len, 0);
	}
	assert_int_equal(parse("carrel-why 2 0 ana\n", 19, &w), 0);
}

static void a_record_that_is_off_is_none(void **state)
{
	static const char *const bad[] = {
		"",
		"\n",
		"carrel-why 1 0\n",
		"carrel-why 1 0 ana\n",
		"carrel-why 2 0\n",
		"carrel-why 2 0 \n",
		"carrel-why 2 0 a b\n",
		"carrel-why 2 0 a=b\n",
		"carrel-why 2 0 a\"b\n",
		"carrel-why 2 0 a\033b\n",
		"carrel-why 3 0 ana\n",
		"carrel-why 2 17 ana\n",
		"carrel-why 2 -1 ana\n",
		"carrel-why 2 0 ana\nx\n",
		"carrel-why 2 1 ana\n1 0 memory 3 5 7 abc student\n\n",
		"carrel-why 2 1 ana\n1 4 memory 3 5 7 abc student\n",
		"carrel-why 2 1 ana\n-1 0 memory 3 5 7 abc student\n",
		"carrel-why 2 1 ana\n1 0 quota 3 5 7 abc student\n",
		"carrel-why 2 1 ana\n1 0 memory x 5 7 abc student\n",
		"carrel-why 2 1 ana\n1 0 memory 3 18446744073709551616 7 abc student\n",
		"carrel-why 2 1 ana\n1 0 memory 3 5 9223372036854775808 abc student\n",
		"carrel-why 2 1 ana\n1 0 memory 3 5 7 ABC student\n",
		"carrel-why 2 1 ana\n1 0 memory 3 5 7 abcdefghijklmnop student\n",
		"carrel-why 2 1 ana\n1 0 memory 3 5 7  student\n",
		"carrel-why 2 1 ana\n1 0 memory 3 5 7 abc a\033[2J\n",
		"carrel-why 2 1 ana\n1 0 memory 3 5 7 abc student more\n",
		"carrel-why 2 1 ana\n1 0 memory 3 5 7 abc\n",
		"carrel-why 2 1 ana\n 1 0 memory 3 5 7 abc student\n",
	};
	struct crl_why w;

	(void)state;
	for (size_t i = 0; i < CRL_ARRAY_LEN(bad); i++)
		if (parse(bad[i], strlen(bad[i]), &w) != -EBADMSG || w.len != 0)
			fail_msg("taken: %s", bad[i]);
	assert_int_equal(parse("carrel-why 2 0 ana\n\0", 20, &w), -EBADMSG);
}

/* keeps: state/why/why R1 */
static void a_file_that_is_not_ours_is_not_read(void **state)
{
	struct crl_why_event e = event(CRL_WHY_HOME, 1, 1);
	char path[96], big[CRL_WHY_SIZE_MAX + 2];
	struct crl_why w;

	(void)state;
	assert_int_equal(crl_why_add(state_fd, ANA, &e, 1), 0);
	put(ANAS, GOOD, 0600);
	assert_int_equal(crl_why_read(state_fd, ANA, &w), 0);
	put(ANAS, GOOD, 0644);
	assert_int_equal(crl_why_read(state_fd, ANA, &w), -EBADMSG);
	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	put(ANAS, big, 0600);
	assert_int_equal(crl_why_read(state_fd, ANA, &w), -EBADMSG);
	(void)snprintf(path, sizeof(path), "%s/why/" ANAS, dir);
	put("8-" ANA_DIGEST, GOOD, 0600);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("8-" ANA_DIGEST, path), 0);
	assert_int_equal(crl_why_read(state_fd, ANA, &w), -EBADMSG);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(crl_why_read(state_fd, ANA, &w), -EBADMSG);
	assert_int_equal(crl_why_add(state_fd, ANA, &e, 1), 0); /* begun anew in its place */
	assert_int_equal(crl_why_read(state_fd, ANA, &w), 0);
	assert_int_equal(w.len, 1);
}

/* Whoever holds the lock may be stopped for ever: that must hold up no logout. */
/* keeps: state/why/why R2 */
static void a_held_lock_is_not_waited_for_without_end(void **state)
{
	struct crl_why_event e = event(CRL_WHY_HOME, 1, 1);
	struct crl_why w;
	int fd;

	(void)state;
	assert_int_equal(crl_why_add(state_fd, ANA, &e, 1), 0);
	fd = openat(state_fd, "why", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	(void)alarm(60);
	assert_int_equal(crl_why_add(state_fd, ANA, &e, 1), 0);
	(void)alarm(0);
	assert_int_equal(crl_why_read(state_fd, ANA, &w), 0);
	assert_int_equal(w.len, 2);
	close(fd);
}

static void count_users(void *arg, uint32_t uid, const char *file, const struct crl_why *why, int rc)
{
	assert_int_equal(rc, 0);
	assert_string_equal(why->user, "ana");
	assert_non_null(strstr(file, "-" ANA_DIGEST));
	*(uint64_t *)arg += uid;
}

static void old_records_are_swept(void **state)
{
	struct timespec old[2] = {{.tv_sec = time(NULL) - (CRL_WHY_KEPT_DAYS + 1) * 86400},
				  {.tv_sec = time(NULL) - 31 * 86400}};
	struct crl_why_event e = event(CRL_WHY_HOME, 1, 1);
	uint64_t sum = 0;
	int fd;

	(void)state;
	assert_int_equal(crl_why_users(state_fd, count_users, &sum), 0);
	assert_int_equal(sum, 0);
	for (uint32_t uid = 1; uid <= 4; uid *= 2)
		assert_int_equal(crl_why_add(state_fd, who(uid, "ana"), &e, 1), 0);
	put("4-" ANA_DIGEST ".99", "half", 0600);
	put("01-" ANA_DIGEST, "no uid", 0600);
	assert_int_equal(crl_why_users(state_fd, count_users, &sum), 0);
	assert_int_equal(sum, 7);
	fd = openat(state_fd, "why", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(utimensat(fd, "2-" ANA_DIGEST, old, 0), 0);
	old[1].tv_sec = time(NULL) - 3600;
	assert_int_equal(utimensat(fd, "4-" ANA_DIGEST, old, 0), 0);
	assert_int_equal(utimensat(fd, "4-" ANA_DIGEST ".99", old, 0), 0);
	crl_why_sweep(state_fd);
	sum = 0;
	assert_int_equal(crl_why_users(state_fd, count_users, &sum), 0);
	assert_int_equal(sum, 5);
	assert_int_equal(faccessat(fd, "4-" ANA_DIGEST ".99", F_OK, 0), -1);
	assert_int_equal(faccessat(fd, "01-" ANA_DIGEST, F_OK, 0), 0);
	close(fd);
}

static void tells(const struct crl_why *w, int64_t now, const char *want)
{
	char buf[CRL_NOTICE_MAX];

	crl_why_notice(w, &(struct crl_told_at){now, CRL_LANGUAGE_EN, ""}, buf);
	assert_string_equal(buf, want);
}

static void the_user_is_told_in_one_line(void **state)
{
	struct crl_why w = {.len = 1, .event = {event(CRL_WHY_MEMORY, 3, 536870912)}};
	const int64_t same_day = 1764080000;

	(void)state;
	setenv("TZ", "UTC", 1);
	tzset();
	tells(&w, same_day, "carrel: your login of 14:02 had 3 processes ended for memory (limit 512M)");
	tells(&w, same_day + 86400,
	      "carrel: your login of 2025-11-25 14:02 had 3 processes ended for memory (limit 512M)");
	w.event[0].count = 1;
	w.event[0].limit = CRL_COUNT_UNKNOWN;
	tells(&w, same_day, "carrel: your login of 14:02 had a process ended for memory");
	w.event[w.len++] = event(CRL_WHY_HOME, 1, 64 << 20);
	tells(&w, same_day,
	      "carrel: your login of 14:02 had a process ended for memory, had its home full (limit 64M)");
	w.event[0].told = true;
	tells(&w, same_day, "carrel: your login of 14:02 had its home full (limit 64M)");
	w.event[w.len++] = event(CRL_WHY_CPU, 100, 500); /* slowed, not stopped */
	tells(&w, same_day, "carrel: your login of 14:02 had its home full (limit 64M)");
	w.event[w.len] = event(CRL_WHY_TASKS, 5, 64);
	strcpy(w.event[w.len].id, "newer");
	w.event[w.len++].since += 3600;
	tells(&w, same_day,
	      "carrel: your login of 15:02 could not start processes 5 times, there were too many (limit 64)");
	w.event[w.len] = event(CRL_WHY_LINGER, 2, 1800);
	strcpy(w.event[w.len++].id, "last");
	tells(&w, same_day,
	      "carrel: your login of 14:02 had 2 processes ended when their time after logout was over (limit 30m)");
	for (size_t i = 0; i < w.len; i++)
		w.event[i].told = true;
	tells(&w, same_day, "");
	w.len = 0;
	tells(&w, same_day, "");
}

static void changes_in_the_home_are_told_as_well(void **state)
{
	struct crl_why w = {.len = 1, .event = {event(CRL_WHY_CHANGES, 12, CRL_COUNT_UNKNOWN)}};
	const int64_t same_day = 1764080000;

	(void)state;
	setenv("TZ", "UTC", 1);
	tzset();
	tells(&w, same_day, "carrel: your home has 12 changes kept beside it, see: carrel home diff");
	w.event[0].count = 1;
	tells(&w, same_day, "carrel: your home has 1 change kept beside it, see: carrel home diff");
	w.event[w.len] = event(CRL_WHY_MEMORY, 3, 536870912);
	strcpy(w.event[w.len++].id, "newer");
	tells(&w, same_day,
	      "carrel: your login of 14:02 had 3 processes ended for memory (limit 512M); your home has 1 change kept "
	      "beside it, see: carrel home diff");
	w.event[0].told = true;
	tells(&w, same_day, "carrel: your login of 14:02 had 3 processes ended for memory (limit 512M)");
	w.event[0].told = false;
	w.event[1].told = true;
	tells(&w, same_day, "carrel: your home has 1 change kept beside it, see: carrel home diff");
}

/* As a text and back, and as clauses: what only slows somebody is none. */
static void what_is_shown_in_the_room(void **state)
{
	struct crl_why w = {.user = "ana", .len = CRL_WHY_EVENTS_MAX}, back;
	char text[CRL_WHY_SIZE_MAX + 1], clause[CRL_NOTICE_MAX];
	int n;

	(void)state;
	for (size_t i = 0; i < w.len; i++)
		w.event[i] = event((enum crl_why_cause)(i % CRL_WHY_COUNT), UINT64_MAX, UINT64_MAX - 1);
	n = crl_why_print(&w, text);
	assert_true(n > 0);
	assert_int_equal(crl_why_parse(text, (size_t)n, &back), 0);
	assert_int_equal(back.len, w.len);
	assert_int_equal(back.event[3].count, UINT64_MAX);
	crl_why_describe(&(struct crl_why_event){.cause = CRL_WHY_TASKS, .count = 3, .limit = 64}, CRL_LANGUAGE_EN,
			 clause, sizeof(clause));
	assert_string_equal(clause, "could not start processes 3 times, there were too many (limit 64)");
	crl_why_describe(&(struct crl_why_event){.cause = CRL_WHY_CPU, .count = 3, .limit = 64}, CRL_LANGUAGE_EN,
			 clause, sizeof(clause));
	assert_string_equal(clause, "");
}

/* Behind what was stopped, whole or not at all; changes alone are nobody's fault. */
static void whom_to_ask_is_told_behind_it(void **state)
{
	struct crl_why w = {.len = 1, .event = {event(CRL_WHY_MEMORY, 3, 536870912)}};
	struct crl_told_at told = {1764080000, CRL_LANGUAGE_EN, "Questions: help@example.org"};
	char buf[CRL_NOTICE_MAX], long_one[CRL_NOTICE_MAX];

	(void)state;
	setenv("TZ", "UTC", 1);
	tzset();
	crl_why_notice(&w, &told, buf);
	assert_string_equal(buf,
			    "carrel: your login of 14:02 had 3 processes ended for memory (limit 512M). Questions: "
			    "help@example.org");
	memset(long_one, 'x', sizeof(long_one));
	told.contact = long_one;
	for (size_t len = CRL_NOTICE_MAX - 1; len > 0; len--) {
		long_one[len] = '\0';
		crl_why_notice(&w, &told, buf);
		assert_non_null(memchr(buf, '\0', sizeof(buf)));
		assert_true(!strstr(buf, ". x") || strlen(strstr(buf, ". x")) == len + 2);
	}
	told.contact = NULL;
	crl_why_notice(&w, &told, buf);
	assert_null(strstr(buf, ". "));
	told.contact = "Questions: help@example.org";
	w.event[0] = event(CRL_WHY_CHANGES, 12, CRL_COUNT_UNKNOWN);
	crl_why_notice(&w, &told, buf);
	assert_null(strstr(buf, "Questions"));
}

/* However often: none of them keeps out what stopped somebody. */
static void the_last_changes_count(void **state)
{
	struct crl_why_event e = event(CRL_WHY_MEMORY, 1, CRL_COUNT_UNKNOWN);
	struct crl_why w;

	(void)state;
	assert_int_equal(crl_why_add(state_fd, ANA, &e, 1), 0);
	for (uint64_t i = 0; i < CRL_WHY_EVENTS_MAX; i++) {
		e = event(CRL_WHY_CHANGES, i, CRL_COUNT_UNKNOWN);
		assert_int_equal(crl_why_add(state_fd, ANA, &e, 1), 0);
	}
	assert_int_equal(crl_why_read(state_fd, ANA, &w), 0);
	assert_int_equal(w.len, 2);
	assert_int_equal(w.event[0].cause, CRL_WHY_MEMORY);
	assert_int_equal(w.event[1].count, CRL_WHY_EVENTS_MAX - 1);
}

static void the_line_is_never_too_long(void **state)
{
	struct crl_why w = {.len = CRL_WHY_EVENTS_MAX};
	char buf[CRL_NOTICE_MAX];

	(void)state;
	for (size_t i = 0; i < w.len; i++) {
		w.event[i] = event((enum crl_why_cause)(i % CRL_WHY_COUNT), UINT64_MAX, UINT64_MAX - 1);
		w.event[i].since = i % 2 ? INT64_MAX : 0;
	}
	for (enum crl_language l = 0; l < CRL_LANGUAGE_COUNT; l++) {
		memset(buf, 'x', sizeof(buf));
		crl_why_notice(&w, &(struct crl_told_at){0, l, "Hilfe: 4321"}, buf);
		assert_non_null(memchr(buf, '\0', sizeof(buf)));
		assert_true(crl_utf8_is_plain(buf));
	}
	assert_null(strstr(buf, ", ,"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_added_is_read, setup, teardown),
		cmocka_unit_test_setup_teardown(a_reused_uid_is_somebody_else, setup, teardown),
		cmocka_unit_test_setup_teardown(a_reused_uid_is_somebody_else, setup, teardown),
		cmocka_unit_test_setup_teardown(what_may_have_been_shown, setup, teardown),
		cmocka_unit_test_setup_teardown(what_came_after_is_not_told, setup, teardown),
		cmocka_unit_test_setup_teardown(the_oldest_give_way, setup, teardown),
		cmocka_unit_test(a_record_cut_anywhere_is_none),
		cmocka_unit_test(a_record_that_is_off_is_none),
		cmocka_unit_test_setup_teardown(a_file_that_is_not_ours_is_not_read, setup, teardown),
		cmocka_unit_test_setup_teardown(a_held_lock_is_not_waited_for_without_end, setup, teardown),
		cmocka_unit_test_setup_teardown(old_records_are_swept, setup, teardown),
		cmocka_unit_test(the_user_is_told_in_one_line),
		cmocka_unit_test(changes_in_the_home_are_told_as_well),
		cmocka_unit_test(whom_to_ask_is_told_behind_it),
		cmocka_unit_test(what_is_shown_in_the_room),
		cmocka_unit_test_setup_teardown(the_last_changes_count, setup, teardown),
		cmocka_unit_test(the_line_is_never_too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
