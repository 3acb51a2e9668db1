// SPDX-License-Identifier: Apache-2.0
/* Sets of rooms that show the same: who shares one, whom an event concerns, and which new room needs no look. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <fcntl.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "helper/steward/sets.h"

#define HEAD "version=1\nroom=abcdefgh\nuid=1000\ninit=7 70\nsupervisor=6 60\nns=5\n"
#define PASSWD "show=offer\t0\t0\t/etc/passwd\t/etc/passwd\t\n"
#define NOW 100
#define LATER 200

static struct watch_sets sets = {.inotify = -EBADF, .host = -EBADF};

static struct crl_showing showing(const char *entries)
{
	struct crl_showing s;
	char *text;

	assert_true(asprintf(&text, HEAD "%send=1\n", entries) > 0);
	assert_int_equal(crl_shown_parse(text, &s), 0);
	assert_true(s.entries > 0);
	return s;
}

static int namespace(void)
{
	return open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
}

static struct watch_set *join(const char *entries, int from)
{
	struct crl_showing s = showing(entries);
	struct watch_set *set = crl_sets_join(&sets, &s, from);

	assert_non_null(set);
	assert_int_equal(s.entries, 0);
	crl_shown_done(&s);
	return set;
}

static void look(struct watch_set *set, const struct way *way, size_t ways, bool whole, bool sure, int64_t now_ms)
{
	const struct ways_seen seen = {.way = way, .ways = ways, .whole = whole, .sure = sure};

	crl_set_begin(set);
	crl_set_seen(&sets, set, &seen, now_ms);
}

static uint32_t hash(const char *name)
{
	return crl_hash(name, strlen(name));
}

static enum concern event(int wd, const char *name)
{
	const struct happening h = {wd, name, name ? hash(name) : 0};

	return crl_sets_concern(&sets, &h, NOW, LATER);
}

static void test_rooms_that_show_the_same_share_a_set(void **state)
{
	struct watch_set *a = join(PASSWD, namespace());

	(void)state;
	assert_ptr_equal(join(PASSWD, namespace()), a);
	assert_int_equal(a->rooms, 2);
	assert_int_equal(a->entries, 1);
	assert_string_equal(a->entry[0].source, "/etc/passwd");
	assert_false(crl_sets_leave(&sets, a));
	assert_true(crl_sets_leave(&sets, a));
	assert_int_equal(sets.len, 0);
}

/* One field each, and the order. */
static void test_what_differs_in_anything_does_not(void **state)
{
	static const char *const text[] = {
		PASSWD,
		"show=bind\t0\t0\t/etc/passwd\t/etc/passwd\t\n",
		"show=offer\t1\t0\t/etc/passwd\t/etc/passwd\t\n",
		"show=offer\t0\t1\t/etc/passwd\t/etc/passwd\t\n",
		"show=offer\t0\t0\t/etc/group\t/etc/passwd\t\n",
		"show=offer\t0\t0\t/etc/passwd\t/etc/group\t\n",
		"show=offer\t0\t0\t/etc/passwd\t/etc/passwd\tdesk\n",
		(PASSWD "show=hide\t0\t0\t\t/root\t\n"),
		("show=hide\t0\t0\t\t/root\t\n" PASSWD),
	};
	struct watch_set *set[CRL_ARRAY_LEN(text)];

	(void)state;
	for (size_t i = 0; i < CRL_ARRAY_LEN(text); i++)
		set[i] = join(text[i], namespace());
	assert_int_equal(sets.len, CRL_ARRAY_LEN(text));
	for (size_t i = 0; i < CRL_ARRAY_LEN(text); i++)
		assert_true(crl_sets_leave(&sets, set[i]));
}

static void test_nor_what_was_made_elsewhere(void **state)
{
	struct watch_set *set[] = {
		join(PASSWD, namespace()),
		join(PASSWD, open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC)), /* another number is all that counts */
		join(PASSWD, -EBADF),
		join(PASSWD, -EBADF),
	};

	(void)state;
	assert_int_equal(sets.len, 4);
	for (size_t i = 0; i < 4; i++)
		assert_true(crl_sets_leave(&sets, set[i]));
}

static void test_events_find_their_sets(void **state)
{
	const struct way etc = {.wd = 1, .hash = hash("passwd")}, tmp = {.wd = 2, .hash = hash("x"), .once = 1};
	struct watch_set *a = join(PASSWD, namespace()), *b = join("show=hide\t0\t0\t\t/tmp/x\t\n", namespace());

	(void)state;
	look(a, &etc, 1, true, true, 10);
	look(b, &tmp, 1, true, true, 10);
	assert_int_equal(event(1, "group"), CONCERNS_NOBODY);
	assert_int_equal(event(3, "passwd"), CONCERNS_NOBODY);
	assert_int_equal(a->concerned_ms + b->concerned_ms, 0);
	assert_true(crl_set_is_true_for(a, 11));
	assert_int_equal(event(1, "passwd"), CONCERNS_ROOTS);
	assert_int_equal(a->concerned_ms, NOW);
	assert_false(a->by_others);
	assert_false(crl_set_is_true_for(a, 11));
	assert_true(crl_set_is_true_for(b, 11));
	assert_int_equal(event(2, "of whatever name"), CONCERNS_OTHERS);
	assert_int_equal(b->concerned_ms, LATER);
	assert_true(b->by_others); /* keeps: helper/steward/follow R3 */
	look(a, &etc, 1, true, true, 20);
	assert_int_equal(event(1, NULL), CONCERNS_ROOTS); /* to the directory itself */
	assert_true(crl_sets_leave(&sets, a));
	assert_true(crl_sets_leave(&sets, b));
}

/* keeps: helper/steward/follow R3 */
static void test_whose_a_watch_of_a_look_is(void **state)
{
	const struct way seen[] = {
		{.wd = 1, .hash = 7}, {.wd = 4, .hash = 8, .once = 1}, {.wd = 5, .hash = 8, .once = 1}};

	(void)state;
	assert_int_equal(event(5, "before the look has told it"), CONCERNS_NOBODY);
	assert_true(crl_ways_have_others(seen, 3, 5));
	assert_true(crl_ways_have_others(seen, 3, 4));
	assert_false(crl_ways_have_others(seen, 3, 1));
	assert_false(crl_ways_have_others(seen, 3, 2));
	assert_false(crl_ways_have_others(seen, 0, 5));
}

static void test_who_needs_no_look(void **state)
{
	const struct way etc = {.wd = 1, .hash = hash("passwd")};
	struct watch_set *set = join(PASSWD, namespace());

	(void)state;
	assert_false(crl_set_is_true_for(set, 1000)); /* never looked at */
	look(set, &etc, 1, true, true, 50);
	assert_false(crl_set_is_true_for(set, 0));
	assert_false(crl_set_is_true_for(set, 49));
	assert_false(crl_set_is_true_for(set, 50)); /* rounded down: it may have begun in the same millisecond */
	assert_true(crl_set_is_true_for(set, 51));
	look(set, &etc, 1, true, true, 60); /* it has been quiet all the time */
	assert_true(crl_set_is_true_for(set, 51));

	/* A room that was made before an event is looked at, one that is made after it as well until somebody was, and
	 * one that is made after that is not. */
	event(1, "passwd");
	assert_false(crl_set_is_true_for(set, 51));
	assert_false(crl_set_is_true_for(set, 75));
	look(set, &etc, 1, true, true, 80);
	assert_false(crl_set_is_true_for(set, 51));
	assert_false(crl_set_is_true_for(set, 75));
	assert_true(crl_set_is_true_for(set, 81));
	assert_true(crl_sets_leave(&sets, set));
}

static void test_doubts(void **state)
{
	const struct way etc = {.wd = 1, .hash = hash("passwd")};
	const struct ways_seen seen = {.way = &etc, .ways = 1, .whole = true, .sure = true};
	struct watch_set *set = join(PASSWD, namespace());

	(void)state;
	look(set, &etc, 1, false, true, 10); /* not all */
	assert_false(crl_set_is_true_for(set, 20));
	look(set, &etc, 1, true, false, 10); /* not watched, or something happened that nobody was known for */
	assert_false(crl_set_is_true_for(set, 20));
	crl_set_begin(set);
	event(1, "passwd"); /* while it was looked at */
	crl_set_seen(&sets, set, &seen, 10);
	assert_false(crl_set_is_true_for(set, 20));
	look(set, &etc, 1, true, true, 10);
	assert_true(crl_set_is_true_for(set, 20));
	crl_sets_stir(&sets); /* mounts, an overflow */
	assert_false(crl_set_is_true_for(set, 20));
	look(set, &etc, 1, true, true, 30);
	look(set, &etc, 1, false, true, 40); /* one that takes too long */
	assert_false(crl_set_is_true_for(set, 50));
	look(set, &etc, 1, true, true, 50);
	crl_sets_forget(&sets, 2);
	assert_true(crl_set_is_true_for(set, 60));
	crl_sets_forget(&sets, 1);
	assert_false(crl_set_is_true_for(set, 60));
	assert_int_equal(set->ways, 0);
	assert_true(crl_sets_leave(&sets, set));
}

/* The places of a set that a look has found, links and all: @led  paths with their ends */
static void look_places(struct watch_set *set, const char *led, size_t led_len)
{
	const struct ways_seen seen = {.whole = led, .sure = true, .led = led, .led_len = led_len};

	crl_set_begin(set);
	crl_set_seen(&sets, set, &seen, 10);
	assert_true(!led || crl_set_is_true_for(set, 11));
}

/* Is the set concerned by that mount? */
static bool mounted(struct watch_set *set, const char *point)
{
	bool concerned;

	set->concerned_ms = 0;
	set->quiet_ms = 10;
	crl_sets_mounted(&sets, point, NOW);
	concerned = set->concerned_ms == NOW;
	assert_int_equal(crl_set_is_true_for(set, 11), !concerned);
	return concerned;
}

#define ENTRY(kind, tree, source, target) "show=" kind "\t0\t" tree "\t" source "\t" target "\t\n"

static void test_mounts_concern_who_shows_what_is_there(void **state)
{
	static const char led[] = "/mnt/disk/data";
	struct watch_set *set;

	(void)state;
	sets.host = namespace();
	set = join(ENTRY("bind", "3", "/data", "/run/user/data") ENTRY("bind", "0", "/srv/a", "/opt/b")
			   ENTRY("hide", "0", "", "/etc/secret") ENTRY("socket", "0", "", "/var/x/sock")
				   ENTRY("hosts", "0", "", "/etc/hosts"),
		   namespace());
	assert_true(mounted(set, "/nowhere")); /* never looked at */
	look_places(set, led, sizeof(led));
	assert_true(mounted(set, "/data"));
	assert_true(mounted(set, "/data/beneath"));
	assert_true(mounted(set, "/srv"));
	assert_true(mounted(set, "/opt")); /* what is there on the host goes with it */
	assert_true(mounted(set, "/etc"));
	assert_true(mounted(set, "/etc/secret/x"));
	assert_true(mounted(set, "/etc/hostname"));
	assert_true(mounted(set, "/var/x"));
	assert_true(mounted(set, "/mnt")); /* by way of a link */
	assert_true(mounted(set, "/mnt/disk/data/more"));
	assert_true(mounted(set, "/"));
	assert_false(mounted(set, "/run/user/1000"));
	assert_false(mounted(set, "/run/user")); /* the room's own */
	assert_false(mounted(set, "/mnt/disk/database"));
	assert_false(mounted(set, "/dat"));
	assert_false(mounted(set, "/etc/passwd"));
	look_places(set, NULL, 0); /* one that was ended, or lost its way */
	assert_true(mounted(set, "/run/user/1000"));
	look_places(set, "", 0); /* there is no link */
	assert_false(mounted(set, "/mnt/disk/data"));
	assert_true(crl_sets_leave(&sets, set));
	drop_fd(&sets.host);
}

static void test_of_another_hosts_mounts_nothing_is_known(void **state)
{
	struct watch_set *set;

	(void)state;
	sets.host = open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC); /* her number is all that counts */
	set = join(PASSWD, namespace());
	look_places(set, "", 0);
	assert_true(mounted(set, "/nowhere"));
	assert_true(crl_sets_leave(&sets, set));
	drop_fd(&sets.host);
	sets.host = namespace();
	set = join(PASSWD, -EBADF);
	look_places(set, "", 0);
	assert_true(mounted(set, "/nowhere"));
	assert_true(crl_sets_leave(&sets, set));
	drop_fd(&sets.host);
}

static void test_a_look_that_was_ended_forgets_nothing(void **state)
{
	const struct way all[] = {{.wd = 1, .hash = 7}, {.wd = 2, .hash = 8}},
			 some[] = {{.wd = 3, .hash = 9}, {.wd = 1, .hash = 7}};
	struct watch_set *set = join(PASSWD, namespace());

	(void)state;
	look(set, all, 2, true, true, 10);
	look(set, some, 2, false, true, 20);
	assert_int_equal(set->ways, 3);
	look(set, NULL, 0, false, true, 20); /* its room is gone */
	assert_int_equal(set->ways, 3);
	look(set, some, 2, true, true, 30);
	assert_int_equal(set->ways, 2);
	look(set, NULL, 0, true, true, 30);
	assert_int_equal(set->ways, 0);
	assert_true(crl_sets_leave(&sets, set));
}

/* Removing one that is there works once. */
static bool is_watched(int wd)
{
	return inotify_rm_watch(sets.inotify, wd) == 0;
}

static void test_watches_go_with_the_last_set_that_needs_them(void **state)
{
	struct watch_set *a = join(PASSWD, namespace()), *b = join("show=hide\t0\t0\t\t/root\t\n", namespace());
	int mine, both, old;

	(void)state;
	sets.inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	assert_true(sets.inotify >= 0);
	mine = inotify_add_watch(sets.inotify, "/etc", IN_CREATE);
	both = inotify_add_watch(sets.inotify, "/", IN_CREATE);
	old = inotify_add_watch(sets.inotify, "/usr", IN_CREATE);
	look(a, (const struct way[]){{.wd = old}, {.wd = mine}, {.wd = mine, .hash = 1}, {.wd = both}}, 4, true, true,
	     10);
	look(b, &(const struct way){.wd = both}, 1, true, true, 10);
	look(a, (const struct way[]){{.wd = mine}, {.wd = mine, .hash = 1}, {.wd = both}}, 3, true, true, 10);
	assert_false(is_watched(old)); /* no way of anybody's leads there now */
	assert_true(crl_sets_leave(&sets, a));
	assert_false(is_watched(mine));
	assert_true(is_watched(both));
	assert_true(crl_sets_leave(&sets, b));
	drop_fd(&sets.inotify);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rooms_that_show_the_same_share_a_set),
		cmocka_unit_test(test_what_differs_in_anything_does_not),
		cmocka_unit_test(test_nor_what_was_made_elsewhere),
		cmocka_unit_test(test_events_find_their_sets),
		cmocka_unit_test(test_whose_a_watch_of_a_look_is),
		cmocka_unit_test(test_who_needs_no_look),
		cmocka_unit_test(test_doubts),
		cmocka_unit_test(test_mounts_concern_who_shows_what_is_there),
		cmocka_unit_test(test_of_another_hosts_mounts_nothing_is_known),
		cmocka_unit_test(test_a_look_that_was_ended_forgets_nothing),
		cmocka_unit_test(test_watches_go_with_the_last_set_that_needs_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
