// SPDX-License-Identifier: Apache-2.0
/* carrelctl image check: will a login work in that image? Looked at, and nothing of it run. */
#include "ctl/image/check.h"

#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/file.h"
#include "ctl/conf/sample.h"
#include "ctl/host/sshdconf.h"
#include "ctl/image/image.h"
#include "ctl/image/look.h"
#include "ctl/options.h"
#include "ctl/print/out.h"

#define SHELLS_MAX 32

void ctl_image_tell(struct ctl_image_checking *k, const char *what, bool good, const char *detail, const char *mend)
{
	ctl_cell(&k->table, "%s", what);
	ctl_cell(&k->table, "%s", good ? "ok" : "MISSING");
	ctl_cell(&k->table, "%s", detail);
	ctl_cell(&k->table, "%s", good ? "" : mend);
	k->lacks += !good;
}

/* A program, and on Debian the package that has it. */
static void check_program(struct ctl_image_checking *k, const char *what, const char *program, const char *package)
{
	char why[256], install[64], mend[96];
	bool good = ctl_look_runs(k->root, program, why, install);

	(void)snprintf(mend, sizeof(mend), "install %s", install[0] ? install : package);
	ctl_image_tell(k, what, good, good ? program : why, mend);
}

/* The packages that have shells are called as they are. */
static void check_shell(struct ctl_image_checking *k, const char *shell)
{
	const char *slash = strrchr(shell, '/'), *name = slash ? slash + 1 : shell;

	if (crl_words_has(&k->shells, shell) || k->shells.len >= SHELLS_MAX || crl_words_add(&k->shells, shell) < 0)
		return;
	crl_words_sort(&k->shells);
	check_program(k, "shell", shell, strcmp(name, "sh") == 0 ? "dash" : name);
}

static bool check_person(void *arg, const char *user)
{
	const struct passwd *pw = getpwnam(user);

	if (pw && pw->pw_shell && pw->pw_shell[0] == '/')
		check_shell(arg, pw->pw_shell);
	return true;
}

static enum ctl_exit check_shells(struct ctl_image_checking *k)
{
	const struct passwd *pw;

	if (!k->c->user) {
		ctl_each_person(check_person, k);
		return CTL_YES;
	}
	pw = getpwnam(k->c->user);
	if (!pw)
		return ctl_complain(k->c, CTL_NO, "no user %s", k->c->user);
	check_shell(k, pw->pw_shell && pw->pw_shell[0] ? pw->pw_shell : "/bin/sh");
	return CTL_YES;
}

/* What sshd starts for sftp and scp; what it does itself needs nothing. */
static void check_sftp(struct ctl_image_checking *k)
{
	struct ctl_sshd_value v;
	char program[256];
	const char *p = v.rest;

	if (ctl_sshd_config_find(SSHD_CONFIG, "Subsystem", &v) < 0)
		return;
	if (strcmp(v.text, "sftp") == 0 && ctl_sshd_next_word(&p, program, sizeof(program)) && program[0] == '/')
		check_program(k, "sftp", program, "openssh-sftp-server");
}

static void check_terminals(struct ctl_image_checking *k)
{
	static const char *const places[] = {"/etc/terminfo", "/lib/terminfo", "/usr/share/terminfo"};
	static const char *const terms[] = {"xterm",         "xterm-256color", "screen", "screen-256color",
					    "tmux-256color", "linux",          "vt100"};
	char missing[128] = "", path[96];

	for (size_t i = 0; i < CRL_ARRAY_LEN(terms); i++) {
		bool found = false;

		for (size_t j = 0; j < CRL_ARRAY_LEN(places) && !found; j++) {
			(void)snprintf(path, sizeof(path), "%s/%c/%s", places[j], terms[i][0], terms[i]);
			found = ctl_look_is_there(k->root, path);
			(void)snprintf(path, sizeof(path), "%s/%x/%s", places[j], (unsigned int)terms[i][0], terms[i]);
			found = found || ctl_look_is_there(k->root, path);
		}
		if (!found)
			(void)snprintf(missing + strlen(missing), sizeof(missing) - strlen(missing), "%s%s",
				       missing[0] ? " " : "", terms[i]);
	}
	ctl_image_tell(k, "terminals", !missing[0], missing[0] ? missing : "terminfo", "install ncurses-base");
}

/* Built into glibc since 2.34, and all that musl has. */
static bool is_built_in(const char *service)
{
	return strcmp(service, "files") == 0 || strcmp(service, "dns") == 0;
}

static void check_service(struct ctl_image_checking *k, const char *database, const char *service)
{
	char library[96], detail[224], mend[160];

	(void)snprintf(library, sizeof(library), "libnss_%.60s.so.2", service);
	(void)snprintf(detail, sizeof(detail), "%.30s: %.60s has no %s", database, service, library);
	(void)snprintf(mend, sizeof(mend), "install libnss-%.60s, or mend the image's nsswitch.conf", service);
	if (!is_built_in(service) && service[0] != '[' && !ctl_look_library(k->root, library))
		ctl_image_tell(k, "names", false, detail, mend);
}

/* Who the user is, and which host is meant: a service without its library answers nothing. */
static void check_names(struct ctl_image_checking *k)
{
	char text[4096], *lines = NULL;
	ssize_t n = ctl_look_read(k->root, "/etc/nsswitch.conf", text, sizeof(text));
	unsigned int before = k->lacks;

	for (char *line = n > 0 ? strtok_r(text, "\n", &lines) : NULL; line; line = strtok_r(NULL, "\n", &lines)) {
		char *words = NULL, *database;

		line[strcspn(line, "#")] = '\0';
		database = strtok_r(line, ": \t", &words);
		if (!database || !crl_word_is_in("passwd group hosts", database, " "))
			continue;
		for (const char *s; (s = strtok_r(NULL, " \t", &words));)
			check_service(k, database, s);
	}
	if (k->lacks == before)
		ctl_image_tell(k, "names", true,
			       n > 0 ? "as its nsswitch.conf says" : "files and dns: there is no nsswitch.conf", "");
}

/* "en_US.UTF-8" is a directory en_US.utf8, or is somewhere in the archive. */
static bool has_locale(const struct ctl_image_checking *k, const char *name)
{
	char path[128], text[64];
	size_t at = 0;

	if (strcmp(name, "C") == 0 || strcmp(name, "POSIX") == 0 || !ctl_look_is_there(k->root, "/usr/lib/locale"))
		return strcmp(name, "C") == 0 || strcmp(name, "POSIX") == 0;
	for (bool code = false; *name && at < sizeof(text) - 1; name++) {
		code |= *name == '.';
		if (code && *name == '-')
			continue;
		text[at++] = code && *name >= 'A' && *name <= 'Z' ? (char)(*name + 'a' - 'A') : *name;
	}
	text[at] = '\0';
	(void)snprintf(path, sizeof(path), "/usr/lib/locale/%s", text);
	return ctl_look_is_dir(k->root, path) || ctl_look_is_there(k->root, "/usr/lib/locale/locale-archive");
}

static void check_locale(struct ctl_image_checking *k)
{
	char text[1024], name[64] = "C.UTF-8", detail[96];
	const char *at =
		crl_file_read(AT_FDCWD, "/etc/default/locale", text, sizeof(text)) > 0 ? strstr(text, "LANG=") : NULL;

	if (at) {
		at += strlen("LANG=");
		at += *at == '"';
		(void)snprintf(name, sizeof(name), "%.*s", (int)strcspn(at, "\"\n \t"), at);
	}
	if (!ctl_look_library(k->root, "libc.so.6"))
		return; /* musl's is its own */
	(void)snprintf(detail, sizeof(detail), "%s, as the host has it", name);
	ctl_image_tell(k, "locale", has_locale(k, name), detail,
		       strncmp(name, "C.", 2) == 0 ? "install libc-bin" : "install locales, and make it");
}

static void check_accounts(struct ctl_image_checking *k)
{
	static const char *const files[] = {"/etc/passwd", "/etc/group"};

	for (size_t i = 0; i < CRL_ARRAY_LEN(files); i++)
		if (!ctl_look_is_there(k->root, files[i]))
			ctl_image_tell(k, "accounts", false, files[i], "install base-passwd, or make an empty file");
}

static enum ctl_exit check(struct ctl_image_checking *k, const char *text)
{
	const struct crl_image_user u = ctl_image_user(k->c);
	enum ctl_exit status = CTL_YES;
	scoped_fd root = -EBADF;
	struct crl_err err = {0};

	if (crl_image_resolve(u.store, text, &k->image, &err) < 0)
		return err.code == ENOENT ? ctl_complain(k->c, CTL_NO, "%s", err.text) : ctl_error(k->c, &err);
	if (crl_image_attach(&u, &k->image, &root, &err) < 0)
		return err.code == EKEYREJECTED ? ctl_complain(k->c, CTL_NO, "%s", err.text) : ctl_error(k->c, &err);
	k->root = root;
	status = check_shells(k);
	check_sftp(k);
	check_terminals(k);
	check_names(k);
	check_locale(k);
	check_accounts(k);
	ctl_image_check_closed(k);
	if (status == CTL_YES)
		status = ctl_image_check_places(k);
	return status;
}

static enum ctl_exit run_check(const struct ctl *c, int argc, char **argv)
{
	static const struct ctl_column column[] = {
		{"FOR", false}, {"ANSWER", false}, {"DETAIL", false}, {"WHAT_TO_DO", false}};
	struct ctl_image_checking k = {
		.c = c, .root = -EBADF, .table.column = column, .table.columns = CRL_ARRAY_LEN(column)};
	struct crl_err err = {0};
	enum ctl_exit status;

	(void)argc;
	status = check(&k, argv[0]);
	if (status == CTL_YES)
		ctl_table_print(c, &k.table);
	ctl_table_done(&k.table);
	crl_words_done(&k.shells);
	if (ctl_image_detach(c, &err) < 0)
		return ctl_error(c, &err);
	return status == CTL_YES && k.lacks > 0 ? CTL_NO : status;
}

const struct ctl_command ctl_image_check = {
	.name = "check",
	.usage = "IMAGE",
	.summary = "will a login work in that image, and what has to be installed in it",
	.options =
		(const struct ctl_option[]){
			{.name = "policy",
			 .value = "P",
			 .help = "with the places that policy P mounts onto",
			 CTL_TEXT(policy),
			 .offer = CTL_OFFER_POLICY},
			{.name = "user",
			 .value = "USER",
			 .help = "for USER, not for everybody on this host",
			 .take = ctl_take_user,
			 .offer = CTL_OFFER_USER},
			{.name = NULL},
		},
	.examples = (const char *const[]){"carrelctl image check desk --policy student", NULL},
	.least = 1,
	.most = 1,
	.json = true,
	.makes_rooms = true,
	.run = run_check,
};
