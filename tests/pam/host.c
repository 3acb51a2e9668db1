// SPDX-License-Identifier: Apache-2.0
/*
 * The PAM application of the module's tests.
 *
 * Runs in: tests only, as root.
 */
#include "tests/pam/host.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <security/pam_ext.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/scope.h"
#include "tests/pam/snapshot.h"

#define CHECK(cond) \
	do { \
		if (!(cond)) { \
			fprintf(stderr, "%s:%d: %s: %m\n", __FILE__, __LINE__, #cond); \
			abort(); \
		} \
	} while (0)

static char dir[64];
static char build_dir[256];
static char stub[300];
static struct outcome *shared;
static volatile sig_atomic_t sigchld_seen;

static void put(char *buf, size_t size, const char *prefix, const char *text)
{
	size_t at = strlen(buf);

	(void)snprintf(buf + at, size - at, "%s%s\n", prefix, text);
}

/* libpam's syslog() ends here: the lines are part of the contract. */
static CRL_PRINTF(2, 0) void log_line(int priority, const char *fmt, va_list ap)
{
	char line[8192], prefix[16];

	(void)vsnprintf(line, sizeof(line), fmt, ap);
	(void)snprintf(prefix, sizeof(prefix), "<%d>", priority & 7);
	if (shared)
		put(shared->log, sizeof(shared->log), prefix, line);
}

__attribute__((visibility("default"))) void __syslog_chk(int priority, int flag, const char *fmt, ...) CRL_PRINTF(3, 4);
void __syslog_chk(int priority, int flag, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)flag;
	log_line(priority, fmt, ap);
	va_end(ap);
}

static int converse(int n, const struct pam_message **msg, struct pam_response **resp, void *arg)
{
	struct outcome *out = arg;

	for (int i = 0; i < n; i++)
		put(out->said, sizeof(out->said), "", msg[i]->msg);
	*resp = calloc((size_t)n, sizeof(**resp));
	return *resp ? PAM_SUCCESS : PAM_BUF_ERR;
}

static void write_file(const char *name, const char *text)
{
	char path[128];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "we");
	CHECK(f && fputs(text, f) >= 0 && fclose(f) == 0);
}

static void put_in_place(const char *name, const char *over)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	CHECK(mount(path, over, NULL, MS_BIND, NULL) == 0);
}

static void write_groups(void)
{
	char path[128];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/group", dir);
	f = fopen(path, "we");
	CHECK(f);
	fputs("root:x:0:\npamuser:x:12345:\nstubgroup:x:12350:pamuser\nglass:x:12360:glassuser\nglassuser:x:12346:\n",
	      f);
	fputs("carrel-break-glass:x:12361:wardenuser\n", f);
	for (int i = 0; i < 1100; i++)
		fprintf(f, "many%d:x:%d:manyuser\n", i, 20000 + i);
	CHECK(fclose(f) == 0);
}

void host_setup(const char *build)
{
	char passwd[1024], home[128];

	(void)snprintf(build_dir, sizeof(build_dir), "%s", build);
	(void)snprintf(stub, sizeof(stub), "%s/tests/pam/stub", build);
	strcpy(dir, "/tmp/carrel-pam-XXXXXX");
	CHECK(mkdtemp(dir) && chmod(dir, 0755) == 0);
	CHECK(mount("none", dir, "tmpfs", 0, "mode=0755") == 0);
	(void)snprintf(home, sizeof(home), "%s/home", dir);
	CHECK(mkdir(home, 0755) == 0);
	(void)snprintf(passwd, sizeof(passwd),
		       "root:x:0:0::/root:/bin/sh\n"
		       "pamuser:x:12345:12345::%s:/bin/sh\nglassuser:x:12346:12346::%s:/bin/sh\n"
		       "wardenuser:x:12347:12345::%s:/bin/sh\nmanyuser:x:12348:12345::%s:/bin/sh\n"
		       "dothome:x:12349:12345::/home/../etc:/bin/sh\n",
		       home, home, home, home);
	write_file("passwd", passwd);
	write_groups();
	write_file("nsswitch.conf", "passwd: files\ngroup: files\n");
	put_in_place("passwd", "/etc/passwd");
	put_in_place("group", "/etc/group");
	put_in_place("nsswitch.conf", "/etc/nsswitch.conf");
	(void)snprintf(home, sizeof(home), "%s/services", dir);
	CHECK(mkdir(home, 0755) == 0);
}

void host_teardown(void)
{
	CHECK(umount2(dir, MNT_DETACH) == 0 && rmdir(dir) == 0);
}

const char *host_dir(void)
{
	return dir;
}

/* Written for each run: "@" of the stack becomes the module with its paths. */
static void write_service(const struct scenario *s)
{
	const char *stack = s->stack ? s->stack : "session requisite @\n";
	char module[1024], text[8192] = "";
	size_t at = 0;

	(void)snprintf(module, sizeof(module), "%s/pam_carrel.so config=/stub/%s helper=%s state=%s/state timeout=1 %s",
		       build_dir, s->mode, stub, dir, s->args ? s->args : "");
	for (; *stack && at < sizeof(text) - sizeof(module); stack++)
		if (*stack == '@')
			at += (size_t)sprintf(text + at, "%s", module);
		else
			text[at++] = *stack;
	write_file("services/carreltest", text);
	write_file("services/other", "session required pam_deny.so\n"); /* libpam complains when there is none */
}

static void on_sigchld(int sig)
{
	(void)sig;
	sigchld_seen++;
}

static void on_usr1(int sig)
{
	(void)sig;
}

/* An application that would notice: handlers, ignored and blocked signals, a cwd of its own, open files. */
static void become_application(void)
{
	struct sigaction chld = {.sa_handler = on_sigchld}, usr1 = {.sa_handler = on_usr1, .sa_flags = SA_RESTART};
	struct sigaction ignore = {.sa_handler = SIG_IGN};
	sigset_t blocked;

	CHECK(setsid() > 0);
	(void)sigaction(SIGCHLD, &chld, NULL);
	(void)sigaction(SIGUSR1, &usr1, NULL);
	(void)sigaction(SIGPIPE, &ignore, NULL);
	(void)sigaction(SIGQUIT, &ignore, NULL);
	(void)sigemptyset(&blocked);
	(void)sigaddset(&blocked, SIGUSR2);
	(void)sigprocmask(SIG_SETMASK, &blocked, NULL);
	(void)umask(0137);
	CHECK(chdir(dir) == 0);
	CHECK(open("/etc/passwd", O_RDONLY) >= 0);
}

static long now_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void end_snapshot(struct snapshot *before, struct outcome *out)
{
	snapshot_compare(before, out->changed, sizeof(out->changed));
	if (sigchld_seen)
		put(out->changed, sizeof(out->changed), "", "SIGCHLD");
}

pam_handle_t *host_start(struct outcome *out, const char *user)
{
	const struct pam_conv conv = {.conv = converse, .appdata_ptr = out};
	pam_handle_t *pamh;
	char services[128];

	(void)snprintf(services, sizeof(services), "%s/services", dir);
	CHECK(pam_start_confdir("carreltest", user, &conv, services, &pamh) == PAM_SUCCESS);
	return pamh;
}

/* After an honest close a process is no longer what it was in limits that have no way back. */
static void application(const struct scenario *s, struct outcome *out)
{
	struct snapshot *before;
	pam_handle_t *pamh;
	long start;

	become_application();
	pamh = host_start(out, s->user ? s->user : "pamuser");
	CHECK(pam_set_item(pamh, PAM_TTY, s->tty ? s->tty : "/dev/pts/77") == PAM_SUCCESS);
	if (s->rhost)
		CHECK(pam_set_item(pamh, PAM_RHOST, s->rhost) == PAM_SUCCESS);
	CHECK(pam_putenv(pamh, "XDG_RUNTIME_DIR=/elsewhere") == PAM_SUCCESS);
	CHECK(pam_putenv(pamh, "DBUS_SESSION_BUS_ADDRESS=unix:path=/x") == PAM_SUCCESS);
	if (s->prepare)
		s->prepare();
	before = snapshot_take();
	start = now_ms();
	out->open = pam_open_session(pamh, s->flags);
	if (out->open == PAM_SUCCESS) {
		if (s->inside)
			s->inside(pamh, out);
		out->close = pam_close_session(pamh, 0);
	}
	out->took_ms = now_ms() - start;
	end_snapshot(before, out);
	if (!getcwd(out->cwd, sizeof(out->cwd)))
		out->cwd[0] = '\0';
	if (out->open == PAM_SUCCESS && s->after)
		s->after(pamh, out);
	(void)pam_end(pamh, out->open);
}

void host_run(const struct scenario *s, struct outcome *ret)
{
	pid_t pid;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(shared != MAP_FAILED);
	shared->open = shared->close = -1;
	write_service(s);
	pid = fork();
	CHECK(pid >= 0);
	if (pid == 0) {
		application(s, shared);
		_exit(0);
	}
	CHECK(waitpid(pid, &shared->status, 0) == pid);
	*ret = *shared;
	(void)munmap(shared, sizeof(*shared));
	shared = NULL;
}

static int count_stubs(void)
{
	DIR *proc = opendir("/proc");
	const struct dirent *entry;
	int n = 0;

	CHECK(proc);
	while ((entry = readdir(proc))) {
		char path[300], exe[512];
		ssize_t len;

		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		(void)snprintf(path, sizeof(path), "/proc/%s/exe", entry->d_name);
		len = readlink(path, exe, sizeof(exe) - 1);
		exe[len < 0 ? 0 : len] = '\0';
		n += !strcmp(exe, stub);
	}
	closedir(proc);
	return n;
}

int host_stubs_left(void)
{
	const struct timespec tick = {.tv_nsec = 20000000};
	int n = count_stubs();

	for (int i = 0; n && i < 500; i++) {
		(void)nanosleep(&tick, NULL);
		n = count_stubs();
	}
	return n;
}
