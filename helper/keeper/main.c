// SPDX-License-Identifier: Apache-2.0
/*
 * carrel-keeper: the command line, how it gives up its power, and its two times: while the room lives, and after.
 *
 * Runs in: a process of its own on the host, started by carrel-helper as root; the user's before anything of theirs is
 * looked at.
 * R1: nothing of the user's is read before all power is gone.
 */
#include "helper/keeper/keeper.h"

#include <getopt.h>
#include <poll.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <syslog.h>
#include <time.h>

#include "apply/sandbox.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/parse.h"
#include "base/pidfd.h"
#include "base/text.h"
#include "helper/process/harden.h"
#include "wire/proto.h"
#include "wire/version.h"

#define FILES_MOST 32768 /* a tree of 4,000 levels needs a descriptor a level and layer */
#define NICENESS 10 /* nobody waits for it but who logs in again, and then it stops */
#define SNAPSHOTS_MOST 40
#ifdef __SANITIZE_ADDRESS__ /* which maps terabytes, and traces its process for leaks, where nothing is traced */
#define DATA_MOST RLIM_INFINITY
const char *__asan_default_options(void);
__attribute__((visibility("default"))) const char *__asan_default_options(void)
{
	return "detect_leaks=0";
}
#else
#define DATA_MOST (512UL * 1024 * 1024)
#endif

static const char *const end_words[] = {
	[KEEPER_KEEP] = "keep", [KEEPER_DISCARD] = "discard", [KEEPER_COMMIT] = "commit", [KEEPER_ASK] = "ask"};

static int parse_id(const char *text, uint32_t *ret)
{
	uint64_t number;
	int rc = crl_parse_uint(text, 0, UINT32_MAX - 1, &number);

	*ret = (uint32_t)number;
	return rc;
}

static int parse_groups(char *text, struct keeper *k)
{
	for (char *at = text, *end; at && *at; at = end) {
		end = strchr(at, ',');
		if (end)
			*end++ = '\0';
		if (k->groups == KEEPER_GROUPS_MAX || parse_id(at, &k->group[k->groups++]) < 0)
			return -EINVAL;
	}
	return 0;
}

static int parse_end(const char *word, struct keeper *k)
{
	for (size_t i = 0; i < CRL_ARRAY_LEN(end_words); i++) {
		if (strcmp(word, end_words[i]) != 0)
			continue;
		k->at_end = (enum keeper_at_end)i;
		return 0;
	}
	return -EINVAL;
}

static int parse_number(const char *text, size_t most, size_t *ret)
{
	uint64_t number;
	int rc = crl_parse_uint(text, 0, most, &number);

	*ret = (size_t)number;
	return rc;
}

static int parse_one(int opt, struct keeper *k)
{
	switch (opt) {
	case 'r':
		k->room = optarg;
		return 0;
	case 'n':
		k->user = optarg;
		return 0;
	case 'u':
		return parse_id(optarg, &k->uid);
	case 'g':
		return parse_id(optarg, &k->gid);
	case 'G':
		return parse_groups(optarg, k);
	case 'e':
		return parse_end(optarg, k);
	case 's':
		return parse_number(optarg, SNAPSHOTS_MOST, &k->snapshots);
	case 'l':
		return parse_number(optarg, CRL_LAYERS_MAX, &k->lowers);
	case 'h':
		k->lower_is_home = true;
		return 0;
	case 'd':
		k->listen = -EBADF;
		return 0;
	case 'D':
		k->debug = true;
		return 0;
	default:
		return -EINVAL;
	}
}

static int parse_options(int argc, char **argv, struct keeper *k, struct crl_err *err)
{
	static const struct option table[] = {
		{"room", required_argument, NULL, 'r'},
		{"user", required_argument, NULL, 'n'},
		{"uid", required_argument, NULL, 'u'},
		{"gid", required_argument, NULL, 'g'},
		{"groups", required_argument, NULL, 'G'},
		{"at-end", required_argument, NULL, 'e'},
		{"snapshots", required_argument, NULL, 's'},
		{"lowers", required_argument, NULL, 'l'},
		{"home", no_argument, NULL, 'h'},
		{"deaf", no_argument, NULL, 'd'},
		{"debug", no_argument, NULL, 'D'},
		{NULL, 0, NULL, 0},
	};

	opterr = 0;
	for (int opt; (opt = getopt_long(argc, argv, "", table, NULL)) != -1;)
		if (parse_one(opt, k) < 0)
			return crl_err_set(err, EINVAL, CRL_STAGE_HELPER, "unknown or wrong option %s",
					   argv[optind - 1]);
	if (optind < argc || !k->room || !k->user || k->uid == 0 || k->lowers == 0)
		return crl_err_set(err, EINVAL, CRL_STAGE_HELPER, "is started by carrel-helper, for a room");
	for (size_t i = 0; i < k->lowers; i++)
		k->lower[i] = KEEPER_FD_LOWER + (int)i;
	return 0;
}

/* What a wrong keeper could use up. The memory that it may have is taken back from it before anybody else's. */
static void bound(void)
{
	const struct rlimit files = {FILES_MOST, FILES_MOST}, data = {DATA_MOST, DATA_MOST};

	(void)setrlimit(RLIMIT_NOFILE, &files); /* less than that: deep trees are refused */
	(void)setrlimit(RLIMIT_DATA, &data);
	(void)setpriority(PRIO_PROCESS, 0, NICENESS);
	crl_ignore(crl_file_write(AT_FDCWD, "/proc/self/oom_score_adj", "500")); /* all is kept without it */
}

static int confine(struct keeper *k, struct crl_err *err)
{
	const struct crl_worker worker = {k->uid, k->gid, k->group, k->groups};
	struct crl_reach_place place[CRL_LAYERS_MAX + 1] = {
		{k->data, CRL_REACH_READ | CRL_REACH_WRITE | CRL_REACH_TREE}};
	struct crl_marks_server server = {.uid = k->uid, .gid = k->gid};
	struct stat st;
	pid_t pid;
	int rc;

	for (size_t i = 0; i < k->lowers; i++) {
		bool home = k->lower_is_home && i == k->lowers - 1;

		place[i + 1] = (struct crl_reach_place){k->lower[i],
							CRL_REACH_READ | (home ? CRL_REACH_WRITE | CRL_REACH_TREE : 0)};
	}
	if (fstat(k->data, &st) < 0 || !S_ISDIR(st.st_mode))
		return crl_err_set(err, ENOTDIR, CRL_STAGE_HOME, "the home's data is no directory");
	server.dev = st.st_dev;
	rc = crl_marks_start(&server, &k->marks.sock, &pid, err);
	return rc < 0 ? rc : crl_sandbox_worker(&worker, &(struct crl_reach){place, k->lowers + 1}, err);
}

/* How it is found by the name of its room. */
static void name_process(struct keeper *k)
{
	static char room[CRL_ID_MAX], user[CRL_VISIBLE_MAX(CRL_USER_MAX)];
	char name[64];

	(void)snprintf(room, sizeof(room), "%s", k->room);
	k->room = room; /* the command line is written over */
	k->user = crl_visible_field(user, sizeof(user), k->user);
	(void)snprintf(name, sizeof(name), CRL_KEEPER_PROGRAM ":%s", k->room);
	crl_rename_process(name);
}

/* Sleeps with no more memory than it needs; nothing wakes it but the room's end and its user. */
static void wait_for_something(struct keeper *k)
{
	int64_t now = crl_now_ms();
	bool quiet = now < k->quiet_ms;
	struct pollfd p[] = {{.fd = k->init, .events = POLLIN}, {.fd = quiet ? -1 : k->listen, .events = POLLIN}};
	struct timespec until = {.tv_sec = (k->quiet_ms - now) / 1000, .tv_nsec = (k->quiet_ms - now) % 1000 * 1000000};

	if (quiet)
		(void)ppoll(p, CRL_ARRAY_LEN(p), &until, NULL);
	else
		(void)crl_sandbox_sleep(__NR_ppoll, (long[]){(long)(uintptr_t)p, CRL_ARRAY_LEN(p), 0, 0});
	if (!crl_pidfd_is_dead(k->init) && p[1].revents)
		keeper_answer(k);
}

int main(int argc, char **argv)
{
	static struct keeper k = {.data = KEEPER_FD_DATA,
				  .use = KEEPER_FD_USE,
				  .init = KEEPER_FD_INIT,
				  .supervisor = KEEPER_FD_SUPERVISOR,
				  .alive = KEEPER_FD_ALIVE,
				  .listen = KEEPER_FD_LISTEN,
				  .marks = CRL_MARKS_OWN};
	struct crl_err err = {0};
	int rc;

	if (crl_version_told(argc, argv))
		return 0;
	rc = parse_options(argc, argv, &k, &err);
	if (rc == 0)
		rc = crl_harden(argc, argv, KEEPER_FD_LOWER + (int)k.lowers - 1, &err);
	if (rc < 0) {
		(void)fprintf(stderr, CRL_KEEPER_PROGRAM ": %s\n", err.text);
		return 111;
	}
	crl_remember_argv(argc, argv);
	crl_log_open(NULL, k.debug);
	tzset(); /* its file is read once */
	name_process(&k);
	bound();
	rc = confine(&k, &err); /* R1 */
	if (rc < 0) {
		crl_log(LOG_ERR, "room=%s user=%s uid=%u: no keeper of the home, all changes are kept: %s", k.room,
			k.user, k.uid, err.text);
		return 111;
	}
	keeper_begin(&k);
	while (!crl_pidfd_is_dead(k.init))
		wait_for_something(&k);
	keeper_finish(&k);
	return 0;
}
