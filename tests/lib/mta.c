// SPDX-License-Identifier: Apache-2.0
/*
 * A mailer for tests: says who and where it is, what it was given and what it reads, in a file of SPOOL, which its
 * set-group-ID bit lets it write. The recipient "wait" makes it wait for its end, and tell which signal that was;
 * "stay" leaves a process in the background.
 *
 * Usage: sendmail [ARGUMENTS]
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SPOOL "/srv/carrel/mail"

static void say_file(FILE *out, const char *path, const char *keys)
{
	FILE *f = fopen(path, "re");
	char line[4096];

	while (f && fgets(line, sizeof(line), f)) {
		char key[64] = "";

		(void)sscanf(line, "%63[^:]", key);
		if (!keys || strstr(keys, key))
			(void)fputs(line, out);
	}
	if (f)
		(void)fclose(f);
}

static void say_descriptors(FILE *out)
{
	DIR *d = opendir("/proc/self/fd");

	(void)fputs("fds:", out);
	for (const struct dirent *e = d ? readdir(d) : NULL; e; e = readdir(d))
		if (e->d_name[0] != '.' && atoi(e->d_name) != dirfd(d) && atoi(e->d_name) != fileno(out))
			(void)fprintf(out, " %s", e->d_name);
	(void)fputc('\n', out);
	if (d)
		(void)closedir(d);
}

static void say_surroundings(FILE *out)
{
	static const char *const ns[] = {"mnt", "pid", "net", "user", "ipc", "uts"};
	char text[4096];
	gid_t group[256];
	int n = getgroups(256, group);
	ssize_t len;
	mode_t mask = umask(0);

	(void)umask(mask);
	(void)fprintf(out, "ids: %u %u %u %u\ngroups:", getuid(), geteuid(), getgid(), getegid());
	for (int i = 0; i < n; i++)
		(void)fprintf(out, " %u", group[i]);
	(void)fprintf(out, "\numask: %03o\ncwd: %s\nsession: %d\nloginuid: ", (unsigned int)mask,
		      getcwd(text, sizeof(text)) ? text : "?", getsid(0) == getpid());
	say_file(out, "/proc/self/loginuid", NULL);
	(void)fputc('\n', out);
	for (size_t i = 0; i < sizeof(ns) / sizeof(ns[0]); i++) {
		char path[64];

		(void)snprintf(path, sizeof(path), "/proc/self/ns/%s", ns[i]);
		len = readlink(path, text, sizeof(text) - 1);
		(void)fprintf(out, "ns %s: %.*s\n", ns[i], len > 0 ? (int)len : 0, text);
	}
	say_file(out, "/proc/self/status", "NoNewPrivs Seccomp CapInh CapPrm CapEff CapAmb SigBlk SigIgn");
	say_file(out, "/proc/self/oom_score_adj", NULL);
	say_file(out, "/proc/self/cgroup", NULL);
}

static volatile sig_atomic_t caught;

static void on_signal(int sig)
{
	caught = sig;
}

static int wait_for_end(FILE *out)
{
	const struct sigaction sa = {.sa_handler = on_signal};

	(void)sigaction(SIGHUP, &sa, NULL);
	(void)sigaction(SIGINT, &sa, NULL);
	(void)fprintf(out, "pid: %d\nwaits\n", getpid());
	(void)fflush(out);
	while (!caught)
		(void)pause();
	(void)fprintf(out, "signal: %d\n", (int)caught);
	return fclose(out) == 0 ? 128 + caught : 1;
}

/* As a mailer does that delivers in the background, and hears of nobody's end. */
static int stay(FILE *out)
{
	pid_t pid = fork();
	int fd;

	if (pid != 0)
		return pid < 0;
	(void)setsid();
	(void)signal(SIGHUP, SIG_IGN);
	(void)fprintf(out, "stays: %d\n", getpid());
	(void)fclose(out);
	for (fd = 0; fd < 3; fd++)
		(void)close(fd);
	for (;;)
		(void)pause();
}

/* All that comes in goes out again. */
static int echo(void)
{
	static char buf[65536];
	ssize_t n;

	while ((n = read(0, buf, sizeof(buf))) > 0)
		for (ssize_t at = 0, put; at < n; at += put) {
			put = write(1, buf + at, (size_t)(n - at));
			if (put < 0)
				return 1;
		}
	return n < 0;
}

/* Reads nothing, and says what it writes into. */
static int deaf(void)
{
	struct stat st;

	if (fstat(1, &st) < 0)
		return 1;
	return write(1, S_ISSOCK(st.st_mode) ? "deaf sock\n" : "deaf pipe\n", 10) == 10 ? 0 : 1;
}

int main(int argc, char **argv)
{
	char path[sizeof(SPOOL) + 40], buf[4096];
	FILE *out;
	int fd;

	(void)snprintf(path, sizeof(path), SPOOL "/%d.XXXXXX", getpid());
	fd = mkostemp(path, O_CLOEXEC);
	out = fd < 0 ? NULL : fdopen(fd, "w");
	if (!out || fchmod(fd, 0660) < 0) {
		(void)fprintf(stderr, "%s: %s: %s\n", argv[0], path, strerror(errno));
		return 75;
	}
	(void)fputs("args:", out);
	for (int i = 0; i < argc; i++)
		(void)fprintf(out, " %s", argv[i]);
	(void)fputc('\n', out);
	say_descriptors(out);
	say_surroundings(out);
	for (char **e = environ; *e; e++)
		(void)fprintf(out, "env: %s\n", *e);
	if (argc > 1 && strcmp(argv[argc - 1], "wait") == 0)
		return wait_for_end(out);
	if (argc > 1 && strcmp(argv[argc - 1], "stay") == 0)
		return stay(out);
	if (argc > 1 && strcmp(argv[argc - 1], "echo") == 0)
		return echo();
	if (argc > 1 && strcmp(argv[argc - 1], "deaf") == 0)
		return deaf();
	for (ssize_t n; (n = read(0, buf, sizeof(buf))) > 0;)
		(void)fwrite(buf, 1, (size_t)n, out);
	(void)fputs("end\n", out);
	return fclose(out) == 0 ? 0 : 75;
}
