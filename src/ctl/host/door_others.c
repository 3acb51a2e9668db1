// SPDX-License-Identifier: Apache-2.0
/* Web servers, automounter, file server and batch systems that run or follow what is in homes. See doors.h. */

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/scope.h"
#include "ctl/host/doors.h"

#define PAGES "programs in pages of homes (~/public_html) run outside of rooms, as the web server or as their user"
#define PAGES_MEND "no pages of homes, or none with CGI and PHP"

struct mods {
	bool userdir;
	bool runs;
};

static void look_at_mod(void *arg, const char *path, const char *name)
{
	static const char *const running[] = {"cgi", "suexec", "fcgid", "php", "wsgi", "proxy_fcgi", "perl", "ruby"};
	struct mods *m = arg;

	(void)path;
	m->userdir |= strncmp(name, "userdir.", 8) == 0 || strstr(name, "-userdir.");
	for (size_t i = 0; i < CRL_ARRAY_LEN(running); i++)
		m->runs |= strncmp(name, running[i], strlen(running[i])) == 0 ||
			   (strstr(name, "cgi") && strstr(name, ".conf"));
}

static bool read_httpd(void *arg, const char *line, int number)
{
	char word[32], value[64];

	if (ctl_door_word(line, 0, word, sizeof(word)) && strcasecmp(word, "UserDir") == 0 &&
	    ctl_door_word(line, 1, value, sizeof(value)) && strcasecmp(value, "disabled") != 0)
		ctl_door_say(arg, "/etc/httpd/conf.d/userdir.conf", number, PAGES_MEND, PAGES);
	return true;
}

static void look_at_web(const struct ctl_doors *d)
{
	struct mods apache = {0}, lighttpd = {0};
	struct ctl_doors self = *d;

	ctl_door_files(d, "/etc/apache2/mods-enabled", look_at_mod, &apache);
	if (apache.userdir && apache.runs && ctl_door_exists(d, "/usr/sbin/apache2") &&
	    ctl_door_is_served(d, "apache2"))
		ctl_door_say(d, "/etc/apache2/mods-enabled/userdir.conf", 0, "a2dismod userdir", PAGES);
	ctl_door_files(d, "/etc/lighttpd/conf-enabled", look_at_mod, &lighttpd);
	if (lighttpd.userdir && lighttpd.runs && ctl_door_exists(d, "/usr/sbin/lighttpd") &&
	    ctl_door_is_served(d, "lighttpd"))
		ctl_door_say(d, "/etc/lighttpd/conf-enabled", 0, PAGES_MEND, PAGES);
	if (ctl_door_exists(d, "/usr/sbin/httpd") && ctl_door_is_served(d, "httpd"))
		crl_ignore(ctl_door_lines(d, "/etc/httpd/conf.d/userdir.conf", read_httpd, &self));
}

struct master {
	const struct ctl_doors *d;
	const char *path;
};

/* "/mnt  /etc/auto.mnt" or "program:/etc/auto.mnt": a map that is executable is run by root. */
static bool read_master(void *arg, const char *line, int number)
{
	const struct master *m = arg;
	char map[PATH_MAX], full[PATH_MAX];
	const char *path;
	struct stat st;

	if (line[0] != '/' || !ctl_door_word(line, 1, map, sizeof(map)))
		return true;
	path = strchr(map, '/');
	if (!path)
		return true;
	ctl_door_path(m->d, path, full, sizeof(full));
	if (stat(full, &st) == 0 && S_ISREG(st.st_mode) && (st.st_uid != 0 || (st.st_mode & (S_IWGRP | S_IWOTH))))
		ctl_door_say(m->d, m->path, number, "chown root, chmod 644",
			     "autofs reads, or runs as root, the map %s, which others may write", path);
	return true;
}

static void look_at_master(void *arg, const char *path, const char *name)
{
	struct master m = {.d = arg, .path = path};

	(void)name;
	crl_ignore(ctl_door_lines(m.d, path, read_master, &m));
}

static bool read_samba(void *arg, const char *line, int number)
{
	const char *text = line + strspn(line, " \t"), *value = strchr(text, '=');

	if (text[0] == '#' || text[0] == ';' || !value ||
	    !(strcasestr(text, "preexec") || strcasestr(text, "postexec")))
		return true;
	if (strstr(value, "%H") || strstr(value, "/home/"))
		ctl_door_say(arg, "/etc/samba/smb.conf", number, "put it where only root can write",
			     "samba runs what is in a home outside of rooms");
	return true;
}

static void look_at_batch(const struct ctl_doors *d)
{
	static const struct {
		const char *programs, *served, *service;
	} batch[] = {
		{"/usr/sbin/slurmd", "slurmd", "slurm"},
		{"/usr/sbin/pbs_mom /opt/pbs/sbin/pbs_mom", "pbs_mom pbs", NULL},
		{"/usr/lib/gridengine/sge_execd /usr/sbin/sge_execd", "sge_execd gridengine-exec", NULL},
		{"/usr/sbin/condor_startd", "condor_startd condor", NULL},
	};

	for (size_t i = 0; i < CRL_ARRAY_LEN(batch); i++) {
		char program[PATH_MAX];

		if (ctl_door_finds(d, batch[i].programs, program) && ctl_door_is_served(d, batch[i].served) &&
		    !(batch[i].service && ctl_door_has_carrel(d, batch[i].service)))
			ctl_door_say(d, program, 0,
				     "keep isolated users off this node, or let the batch system confine its jobs",
				     "batch jobs run outside of rooms");
	}
}

void ctl_door_others(const struct ctl_doors *d)
{
	struct ctl_doors self = *d;

	look_at_web(d);
	if (ctl_door_exists(d, "/usr/sbin/automount") && ctl_door_is_served(d, "automount autofs")) {
		look_at_master(&self, "/etc/auto.master", "");
		ctl_door_files(d, "/etc/auto.master.d", look_at_master, &self);
	}
	if (ctl_door_exists(d, "/usr/sbin/smbd") && ctl_door_is_served(d, "smbd"))
		crl_ignore(ctl_door_lines(d, "/etc/samba/smb.conf", read_samba, &self));
	look_at_batch(d);
}
