// SPDX-License-Identifier: Apache-2.0
/*
 * See exec.h.
 *
 * Runs in: carrel-shell, as the user. Trusts: nothing of what it passes on, and looks into none of it: what a command
 * says decides nothing about the room. It is static, so the name service is not asked, but passwd is read.
 * R1: never carrel-shell itself, which would not end. R2: arguments and commands go on as they are.
 */
#include "shell/exec.h"

#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/scope.h"
#include "shell/profile.h"

#define SELF "carrel-shell"
#define PASSWD "/etc/passwd"
#define SFTP "internal-sftp"
#define SFTP_WORDS_MAX 16

/* Where distributions have sshd's. */
static const char *const sftp_servers[] = {
	"/usr/lib/openssh/sftp-server", "/usr/libexec/openssh/sftp-server", "/usr/lib/ssh/sftp-server",
	"/usr/libexec/sftp-server",     "/usr/libexec/ssh/sftp-server",
};

void crl_shell_words_done(struct crl_shell_words *w)
{
	free(w->argv);
	free(w->text);
	*w = (struct crl_shell_words){.argv = NULL};
}

static const char *last_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static bool is_self(const char *path)
{
	struct stat self, other;

	return strcmp(last_name(path), SELF) == 0 || (stat("/proc/self/exe", &self) == 0 && stat(path, &other) == 0 &&
						      self.st_dev == other.st_dev && self.st_ino == other.st_ino);
}

int crl_shell_of_passwd(FILE *passwd, uid_t uid, char ret[PATH_MAX])
{
	struct passwd *pw;

	while ((pw = fgetpwent(passwd))) {
		const char *shell = pw->pw_shell && pw->pw_shell[0] ? pw->pw_shell : "/bin/sh";

		if (pw->pw_uid != uid)
			continue;
		if (strlen(shell) >= PATH_MAX)
			return -ENAMETOOLONG;
		(void)snprintf(ret, PATH_MAX, "%s", shell);
		return 0;
	}
	return -ENOENT;
}

static int ask_host(uid_t uid, char ret[PATH_MAX])
{
	scoped_file *f = fopen(PASSWD, "re");
	const char *shell = getenv("SHELL");
	int rc = f ? crl_shell_of_passwd(f, uid, ret) : -ENOENT;

	if (rc != -ENOENT)
		return rc;
	if (!shell || shell[0] != '/' || strlen(shell) >= PATH_MAX)
		return -ENOENT;
	(void)snprintf(ret, PATH_MAX, "%s", shell);
	return 0;
}

int crl_shell_find(const char *policy, uid_t uid, char ret[PATH_MAX], struct crl_err *err)
{
	int rc = 0;

	if (policy[0])
		(void)snprintf(ret, PATH_MAX, "%s", policy);
	else
		rc = ask_host(uid, ret);
	if (rc == 0 && !is_self(ret)) /* R1 */
		return 0;
	return crl_err_set(err, ENOENT, CRL_STAGE_ADOPT,
			   "nothing says which shell is yours: this one is what passwd has, and the policy has no "
			   "shell.path");
}

/* Its arguments as sshd takes them apart. Returns -ENOENT where there is no sftp-server. */
static int sftp_words(const char *command, struct crl_shell_words *w)
{
	char *rest = NULL;
	size_t n = 0;

	for (size_t i = 0; i < CRL_ARRAY_LEN(sftp_servers) && !w->path[0]; i++)
		if (access(sftp_servers[i], X_OK) == 0)
			(void)snprintf(w->path, sizeof(w->path), "%s", sftp_servers[i]);
	if (!w->path[0])
		return -ENOENT;
	w->text = strdup(command);
	w->argv = calloc(SFTP_WORDS_MAX + 1, sizeof(*w->argv));
	if (!w->text || !w->argv)
		return -ENOMEM;
	for (char *word = strtok_r(w->text, " ", &rest); word && n < SFTP_WORDS_MAX; word = strtok_r(NULL, " ", &rest))
		w->argv[n++] = word;
	return 0;
}

static bool is_sftp(const char *command)
{
	size_t len = strlen(SFTP);

	return strncmp(command, SFTP, len) == 0 && (!command[len] || command[len] == ' ');
}

static int shell_words(const struct crl_shell_call *call, const char *shell, struct crl_shell_words *w)
{
	size_t n = 0;

	if ((size_t)snprintf(w->path, sizeof(w->path), "%s", shell) >= sizeof(w->path))
		return -ENAMETOOLONG;
	while (call->args[n])
		n++;
	w->argv = calloc(n + 4, sizeof(*w->argv));
	if (!w->argv || asprintf(&w->text, "%s%s", call->login ? "-" : "", last_name(shell)) < 0) {
		w->text = NULL;
		return -ENOMEM;
	}
	w->argv[0] = w->text;
	if (call->command) {
		w->argv[1] = crl_unconst("-c");
		w->argv[2] = crl_unconst(call->command); /* R2 */
	} else {
		memcpy(w->argv + 1, call->args, n * sizeof(*w->argv)); /* R2 */
	}
	return 0;
}

int crl_shell_words_make(const struct crl_shell_call *call, const char *shell, struct crl_shell_words *ret)
{
	int rc = -ENOENT;

	*ret = (struct crl_shell_words){.argv = NULL};
	if (call->command && is_sftp(call->command))
		rc = sftp_words(call->command, ret);
	if (rc == -ENOENT)
		rc = shell_words(call, shell, ret);
	if (rc < 0)
		crl_shell_words_done(ret);
	return rc;
}

int crl_shell_exec(const struct crl_shell_call *call, const char *shell, struct crl_shell_profiles *profiles,
		   struct crl_err *err)
{
	scoped(crl_shell_words) w = {.argv = NULL};
	int rc = crl_shell_words_make(call, shell, &w);

	if (rc < 0)
		return crl_err_set(err, -rc, CRL_STAGE_ADOPT, "cannot execute your shell");
	if (setenv("SHELL", shell, 1) < 0 || (call->forced && unsetenv("SSH_ORIGINAL_COMMAND") < 0))
		return crl_err_set(err, errno, CRL_STAGE_ADOPT, "cannot execute your shell");
	if (profiles) {
		crl_shell_profiles_choose(profiles, w.path);
		rc = crl_shell_profiles_load(profiles, err);
		if (rc < 0)
			return rc;
	}
	(void)execv(w.path, w.argv);
	return crl_err_set(err, errno, CRL_STAGE_ADOPT, "cannot execute %s: %s", w.path, strerrordesc_np(errno));
}
