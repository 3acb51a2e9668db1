// SPDX-License-Identifier: Apache-2.0
/*
 * What a login needs in order to work, tried in its room.
 *
 * Runs in: a process of the user inside the room.
 */
#include "ctl/rehearse/probe_work.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/nskind.h"
#include "base/scope.h"
#include "ctl/rehearse/probe.h"
#include "ctl/rehearse/probe_devices.h"
#include "ctl/rehearse/probe_dns.h"
#include "ctl/rehearse/probe_last.h"
#include "ctl/rehearse/probe_network.h"
#include "ctl/rehearse/rehearsal.h"
#include "plan/net/gate.h"
#include "policy/policy.h"
#include "wire/login.h"
#include "wire/proto.h"
#include "wire/stage.h"

#define OUT_MAX 1024

static const char *first_line(char *text)
{
	text[strcspn(text, "\n")] = '\0';
	return text;
}

/* The user's own start files run, as they would at a login. */
static enum ctl_answer try_shell(const struct ctl_scene *s, char *detail)
{
	const char *shell = s->way[0] ? s->way : s->who->shell, *slash = strrchr(shell, '/');
	static char out[65536]; /* start files may greet at length */
	char name[64], say[] = "-c", command[] = "echo carrel-rehearsal";
	char *argv[] = {name, say, command, NULL};
	int status;

	(void)snprintf(name, sizeof(name), "-%.60s", slash ? slash + 1 : shell);
	status = ctl_probe_run(s, &(struct ctl_program_run){.path = shell, .argv = argv}, out, sizeof(out));
	if (status == 0 && strstr(out, "carrel-rehearsal"))
		return ctl_probe_say(CTL_PROBE_YES, detail, "%s", shell);
	if (status == 127 && access(shell, X_OK) < 0)
		return ctl_probe_say(CTL_PROBE_NO, detail, "%s is not in the room", shell);
	return ctl_probe_say(CTL_PROBE_NO, detail, "%s left with %d: %.110s", slash ? slash + 1 : shell, status,
			     first_line(out));
}

/* A file that never has a name, where the file system can do that. */
static int write_in(const char *dir)
{
	char path[CRL_HOME_MAX + 32];
	int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	int rc;

	if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL)) {
		(void)snprintf(path, sizeof(path), "%s/.carrel-rehearsal-XXXXXX", dir);
		fd = mkostemp(path, O_CLOEXEC);
		if (fd >= 0)
			(void)unlink(path);
	}
	if (fd < 0)
		return -errno;
	rc = write(fd, "x", 1) == 1 ? 0 : -errno;
	(void)close(fd);
	return rc;
}

static enum ctl_answer try_home(const struct ctl_scene *s, char *detail)
{
	const char *home = s->who->login.home;
	struct stat st;
	int rc;

	if (stat(home, &st) < 0)
		return ctl_probe_say(CTL_PROBE_NO, detail, "%.100s: %s", home, strerrordesc_np(errno));
	if (!S_ISDIR(st.st_mode))
		return ctl_probe_say(CTL_PROBE_NO, detail, "%.100s is no directory", home);
	if (st.st_uid == 0)
		return ctl_probe_say(CTL_PROBE_YES, detail,
				     "%.100s is there and root's own, as ChrootDirectory wants it", home);
	if (st.st_uid != s->who->login.uid)
		return ctl_probe_say(CTL_PROBE_NO, detail, "%.100s belongs to uid %u", home, st.st_uid);
	rc = write_in(home);
	if (rc < 0)
		return ctl_probe_say(CTL_PROBE_NO, detail, "%.100s cannot be written to: %s", home,
				     strerrordesc_np(-rc));
	return ctl_probe_say(CTL_PROBE_YES, detail, "%.100s is there and can be written to", home);
}

static enum ctl_answer try_scratch(const struct ctl_scene *s, char *detail)
{
	static const char *const dirs[] = {"/tmp", "/var/tmp", "/dev/shm"};

	(void)s;
	for (size_t i = 0; i < CRL_ARRAY_LEN(dirs); i++) {
		int rc = write_in(dirs[i]);

		if (rc < 0)
			return ctl_probe_say(CTL_PROBE_NO, detail, "%s cannot be written to: %s", dirs[i],
					     strerrordesc_np(-rc));
	}
	return ctl_probe_say(CTL_PROBE_YES, detail, "/tmp, /var/tmp and /dev/shm can be written to");
}

static enum ctl_answer try_names(const struct ctl_scene *s, char *detail)
{
	char id[] = "id", option[] = "-un", out[OUT_MAX];
	char *argv[] = {id, option, NULL};
	int status = ctl_probe_run(s, &(struct ctl_program_run){.path = id, .argv = argv}, out, sizeof(out));

	if (status == 127)
		return ctl_probe_say(CTL_PROBE_NOT_HERE, detail, "no id(1) in the room");
	if (status == 0 && strcmp(first_line(out), s->who->login.user) == 0)
		return ctl_probe_say(CTL_PROBE_YES, detail, "uid %u is %.100s", s->who->login.uid, out);
	return ctl_probe_say(CTL_PROBE_NO, detail, "uid %u is not %.60s there: %.60s", s->who->login.uid,
			     s->who->login.user, out);
}

static enum ctl_answer try_tty(const struct ctl_scene *s, char *detail)
{
	scoped_fd master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), slave = -EBADF;
	char name[64], back[64];

	(void)s;
	if (master < 0 || grantpt(master) < 0 || unlockpt(master) < 0 || ptsname_r(master, name, sizeof(name)) != 0)
		return ctl_probe_say(CTL_PROBE_NO, detail, "no terminal: %s", strerrordesc_np(errno));
	slave = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave < 0 || ttyname_r(slave, back, sizeof(back)) != 0)
		return ctl_probe_say(CTL_PROBE_NO, detail, "%s cannot be opened: %s", name, strerrordesc_np(errno));
	return ctl_probe_say(CTL_PROBE_YES, detail, "%s", back);
}

/* SSH_FXP_INIT, version 3; the answer is SSH_FXP_VERSION (draft-ietf-secsh-filexfer-02). */
static enum ctl_answer try_sftp(const struct ctl_scene *s, char *detail)
{
	static const char *const places[] = {"/usr/lib/openssh/sftp-server", "/usr/libexec/openssh/sftp-server",
					     "/usr/lib/ssh/sftp-server", "/usr/libexec/sftp-server"};
	static const unsigned char hello[] = {0, 0, 0, 5, 1, 0, 0, 0, 3};
	char name[] = "sftp-server", out[OUT_MAX];
	struct ctl_program_run run = {.argv = (char *[]){name, NULL}, .in = hello, .in_len = sizeof(hello)};

	for (size_t i = 0; i < CRL_ARRAY_LEN(places); i++) {
		int status;

		if (access(places[i], X_OK) < 0)
			continue;
		run.path = places[i];
		status = ctl_probe_run(s, &run, out, sizeof(out));
		if (out[4] == 2)
			return ctl_probe_say(CTL_PROBE_YES, detail, "%s answers", places[i]);
		return ctl_probe_say(CTL_PROBE_NO, detail, "%s left with %d", places[i], status);
	}
	return ctl_probe_say(CTL_PROBE_NOT_HERE, detail, "no sftp-server in the room (internal-sftp needs none)");
}

/* A socket of the process that opened the session, as sshd's is for what it forwards. */
static int socket_of_opener(const struct ctl_scene *s)
{
	char own[sizeof(s->opener)];
	int fd;

	(void)prctl(PR_GET_NAME, own);
	(void)prctl(PR_SET_NAME, s->opener);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	(void)prctl(PR_SET_NAME, own);
	return fd;
}

/* What ssh -L to a server of the user's own needs. */
static enum ctl_answer try_forward(const struct ctl_scene *s, char *detail)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	scoped_fd server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	scoped_fd client = socket_of_opener(s);
	socklen_t size = sizeof(a);

	if (server >= 0 && client < 0)
		return ctl_probe_say(CTL_PROBE_NO, detail, "sshd forwards no ports: %s", strerrordesc_np(errno));
	if (server < 0 || client < 0)
		return ctl_probe_say(CTL_PROBE_NO, detail, "no internet socket: %s", strerrordesc_np(errno));
	if (bind(server, (const struct sockaddr *)&a, sizeof(a)) < 0 || listen(server, 1) < 0 ||
	    getsockname(server, (struct sockaddr *)&a, &size) < 0 ||
	    connect(client, (const struct sockaddr *)&a, sizeof(a)) < 0)
		return ctl_probe_say(CTL_PROBE_NO, detail, "loopback: %s", strerrordesc_np(errno));
	return ctl_probe_say(CTL_PROBE_YES, detail, "a server on 127.0.0.1 can be reached inside");
}

static enum ctl_answer try_tmux(const struct ctl_scene *s, char *detail)
{
	char name[] = "tmux", l[] = "-L", sock[] = "carrel-rehearsal", f[] = "-f", null[] = "/dev/null",
	     new[] = "new-session", d[] = "-d", sleeper[] = "sleep 20", next[] = ";", list[] = "list-sessions",
	     end[] = "kill-server", out[OUT_MAX];
	char *argv[] = {name, l, sock, f, null, new, d, sleeper, next, list, next, end, NULL};
	int status = ctl_probe_run(s, &(struct ctl_program_run){.path = name, .argv = argv}, out, sizeof(out));

	if (status == 127)
		return ctl_probe_say(CTL_PROBE_NOT_HERE, detail, "no tmux in the room");
	if (status == 0 && strstr(out, "windows"))
		return ctl_probe_say(CTL_PROBE_YES, detail, "a session starts and ends");
	return ctl_probe_say(CTL_PROBE_NO, detail, "tmux left with %d: %.90s", status, first_line(out));
}

static enum ctl_answer try_localhost(const struct ctl_scene *s, char *detail)
{
	char name[] = "getent", what[] = "hosts", host[] = "localhost", out[OUT_MAX];
	char *argv[] = {name, what, host, NULL};
	int status = ctl_probe_run(s, &(struct ctl_program_run){.path = name, .argv = argv}, out, sizeof(out));

	if (status == 127)
		return ctl_probe_say(CTL_PROBE_NOT_HERE, detail, "no getent(1) in the room");
	return ctl_probe_say(status == 0 ? CTL_PROBE_YES : CTL_PROBE_NO, detail,
			     status == 0 ? "localhost has an address" : "localhost has no address");
}

static enum ctl_answer try_restrictions(const struct ctl_scene *s, char *detail)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct sets[2] = {{0}};
	const struct crl_adopt *a = s->adopt;
	bool filter = prctl(PR_GET_SECCOMP) == 2;
	int caps = 0;

	for (unsigned long cap = 0; cap < 64 && prctl(PR_CAPBSET_READ, cap) >= 0; cap++) {
		bool has = prctl(PR_CAPBSET_READ, cap) == 1;

		caps += has;
		if (has && a->trim_caps && !(a->cap_bounding & (UINT64_C(1) << cap)))
			return ctl_probe_say(CTL_PROBE_NO, detail, "capability %lu is still in the bounding set", cap);
	}
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != a->no_new_privs)
		return ctl_probe_say(CTL_PROBE_NO, detail, "no_new_privs is not as the policy says");
	if (syscall(SYS_capget, &header, sets) < 0 || sets[0].permitted || sets[1].permitted)
		return ctl_probe_say(CTL_PROBE_NO, detail, "the user has capabilities");
	if (s->has_filter && !filter)
		return ctl_probe_say(CTL_PROBE_NO, detail, "the policy's filter is not in force");
	return ctl_probe_say(CTL_PROBE_YES, detail, "%d capabilities could come back, no_new_privs %s, filter %s", caps,
			     a->no_new_privs ? "on" : "off", filter ? "on" : "off");
}

/* All of them, by the launcher, with what it hands on to a command: itself, which says what that has. */
static enum ctl_answer try_ambient(const struct ctl_scene *s, char *detail)
{
	char *argv[] = {crl_unconst(CRL_LAST_CAPS), crl_unconst(CRL_LAST_CAPS), NULL};
	const struct ctl_program_run run = {.path = CRL_LAST_CAPS, .argv = argv};
	uint64_t has;
	char out[64];

	if (s->adopt->no_new_privs)
		return ctl_probe_say(CTL_PROBE_NO, detail, "this host cannot give them (features.ambient)");
	if (ctl_probe_run(s, &run, out, sizeof(out)) != 0)
		return ctl_probe_say(CTL_PROBE_NO, detail, CRL_LAST_CAPS " gives none");
	if (sscanf(out, "CapAmb: %" SCNx64, &has) != 1 || has == 0 || has & ~s->adopt->cap_inheritable)
		return ctl_probe_say(CTL_PROBE_NO, detail, "not what the policy says");
	return ctl_probe_say(CTL_PROBE_YES, detail, "%016" PRIx64 " by " CRL_LAST_CAPS, has);
}

static enum ctl_answer try_hostname(const struct ctl_scene *s, char *detail)
{
	struct utsname u;

	(void)s;
	if (uname(&u) < 0 || u.nodename[0] == '\0')
		return ctl_probe_say(CTL_PROBE_NO, detail, "none");
	return ctl_probe_say(CTL_PROBE_YES, detail, "%.100s", u.nodename);
}

static bool has_shell(const struct crl_policy *p, const struct ctl_person *who)
{
	(void)p;
	return !strstr(who->shell, "nologin") && !strstr(who->shell, "/false");
}

static bool has_ambient(const struct crl_policy *p)
{
	return p->cap_ambient;
}

static bool has_internet_sockets(const struct crl_policy *p, const struct ctl_person *who)
{
	(void)who;
	return !p->seccomp.base[0] || crl_strv_has(&p->seccomp.families, "inet");
}

/* May sshd, and a program, ask another of the login's on 127.0.0.1, at any port? */
static bool has_loopback(const struct crl_policy *p, const struct ctl_person *who)
{
	const struct crl_nat_target t = {.host = true,
					 .family = AF_INET,
					 .address = {127, 0, 0, 1},
					 .protocol = IPPROTO_TCP,
					 .port = UINT16_MAX};
	scoped(crl_gate) gate = {.holds_reach = false};

	return has_internet_sockets(p, who) &&
	       (!crl_policy_has_gate(p) || (crl_gate_make(p, &gate) == 0 && crl_gate_may_reach(&gate, &t, NULL) &&
					    crl_gate_may_listen(&gate, &t) && !gate.holds_forwards));
}

static bool has_network(const struct crl_policy *p, const struct ctl_person *who)
{
	return has_internet_sockets(p, who) &&
	       (p->net_mode != CRL_NET_NONE || !(p->namespaces & CRL_NS_BIT(CRL_NS_NET)));
}

static bool gives_sudo(const struct crl_policy *p)
{
	return crl_policy_owns_users(p) && p->user_sudo;
}

const struct ctl_work ctl_works[CTL_WORKS] = {
	{"shell", try_shell, has_shell, NULL},
	{"home", try_home, NULL, NULL},
	{"scratch", try_scratch, NULL, NULL},
	{"user name", try_names, NULL, NULL},
	{"host name", try_hostname, NULL, NULL},
	{"localhost", try_localhost, NULL, NULL},
	{"terminal", try_tty, NULL, NULL},
	{"tmux", try_tmux, has_shell, NULL},
	{"sftp", try_sftp, NULL, NULL},
	{"forward", try_forward, has_loopback, NULL},
	{CTL_WORK_DNS, ctl_try_dns, has_network, NULL},
	{"denied", ctl_try_denied, NULL, ctl_denies_network},
	{"allowed", ctl_try_allowed, NULL, ctl_allows_network},
	{"listen", ctl_try_listen, NULL, ctl_holds_listen},
	{"restrictions", try_restrictions, NULL, NULL},
	{"last stage", ctl_try_last_stage, NULL, crl_policy_has_last_stage},
	{"sudo", ctl_try_sudo, NULL, gives_sudo},
	{"capabilities", try_ambient, NULL, has_ambient},
	{"devices", ctl_try_devices, ctl_gives_devices, ctl_names_devices},
};
