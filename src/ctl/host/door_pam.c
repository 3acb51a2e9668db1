// SPDX-License-Identifier: Apache-2.0
/* PAM services without carrel's lines, and modules that read a home before the room is there. See doors.h. */

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/scope.h"
#include "ctl/host/doors.h"
#include "ctl/host/pamview.h"
#include "ctl/host/services.h"
#include "wire/login.h"

#define DEPTH_MOST 8 /* of includes */
#define NO_ROOM "keep isolated users out of it by pam_access(8), or carrelctl enable, if its sessions work in rooms"

/* By these, jobs and packages run programs as accounts of the system. */
#define NO_HOME(service) "carrelctl enable " service ", with a rule for accounts of the system: RULES in carrel.conf(5)"

/*
 * Services that give a user a process or their files, and how to know that they are in use. sudo is none: whoever may
 * use it is root already. systemd-user neither: manager.c looks at it.
 */
static const struct {
	const char *service;
	const char *programs; /* one of them is installed */
	const char *served; /* and one of these runs or is enabled; NULL = it is run by hand */
	const char *what;
	const char *mend; /* NULL = carrelctl enable SERVICE */
} services[] = {
	{"sshd", "/usr/sbin/sshd", "sshd ssh", "logins by ssh", NULL},
	{"login", "/bin/login /usr/bin/login", "agetty getty mgetty mingetty in.telnetd", "logins on the console",
	 NULL},
	{"su", "/bin/su /usr/bin/su", NULL, "those who become another user", NO_HOME("su")},
	{"su-l", "/bin/su /usr/bin/su", NULL, "those who become another user by su -", NO_HOME("su-l")},
	{"cron", "/usr/sbin/cron", "cron", "crontabs", NO_HOME("cron")},
	{"crond", "/usr/sbin/crond", "crond cronie", "crontabs", NO_HOME("crond")},
	{"fcron", "/usr/sbin/fcron", "fcron", "fcrontabs", NULL},
	{"atd", "/usr/sbin/atd", "atd", "jobs of at and batch", NULL},
	{"cockpit", "/usr/lib/cockpit/cockpit-session /usr/libexec/cockpit-session", "cockpit cockpit-ws",
	 "cockpit's shells", NO_ROOM},
	{"gdm-password", "/usr/sbin/gdm3 /usr/sbin/gdm", "gdm3 gdm", "graphical sessions (~/.xsession, autostart)",
	 NO_ROOM},
	{"gdm-autologin", "/usr/sbin/gdm3 /usr/sbin/gdm", "gdm3 gdm", "graphical sessions (~/.xsession, autostart)",
	 NO_ROOM},
	{"lightdm", "/usr/sbin/lightdm", "lightdm", "graphical sessions (~/.xsession, autostart)", NO_ROOM},
	{"sddm", "/usr/bin/sddm", "sddm", "graphical sessions (~/.xsession, autostart)", NO_ROOM},
	{"xdm", "/usr/bin/xdm", "xdm", "graphical sessions (~/.xsession)", NO_ROOM},
	{"lxdm", "/usr/sbin/lxdm", "lxdm lxdm-binary", "graphical sessions (~/.xsession, autostart)", NO_ROOM},
	{"slim", "/usr/bin/slim", "slim", "graphical sessions (~/.xinitrc)", NO_ROOM},
	{"greetd", "/usr/sbin/greetd /usr/bin/greetd", "greetd", "sessions of greetd", NO_ROOM},
	{"xrdp-sesman", "/usr/sbin/xrdp-sesman", "xrdp-sesman xrdp", "remote desktops (~/startwm.sh, ~/.xsession)",
	 NO_ROOM},
	{"tigervnc", "/usr/libexec/vncsession /usr/sbin/vncsession", "vncsession", "remote desktops (~/.vnc)", NO_ROOM},
	{"rlogin", "/usr/sbin/in.rlogind", "in.rlogind rlogin inetd xinetd", "logins by rlogin", NULL},
	{"rsh", "/usr/sbin/in.rshd", "in.rshd rsh inetd xinetd", "commands by rsh", NULL},
	{"rstudio", "/usr/lib/rstudio-server/bin/rserver", "rserver rstudio-server", "R and its shells", NO_ROOM},
	{"vsftpd", "/usr/sbin/vsftpd", "vsftpd", "files by ftp, of the whole host", NO_ROOM},
	{"proftpd", "/usr/sbin/proftpd", "proftpd", "files by ftp, of the whole host", NO_ROOM},
	{"pure-ftpd", "/usr/sbin/pure-ftpd", "pure-ftpd", "files by ftp, of the whole host", NO_ROOM},
};

/* PAMServiceName of sshd_config(5). */
static const char *name_of(size_t i)
{
	return strcmp(services[i].service, "sshd") == 0 ? ctl_service_of_sshd() : services[i].service;
}

/*
 * @ret_line  its first line of type session, 0 = none
 * @other     NULL or the path of another service; @ret_takes  whether it has lines of that one, too
 */
static bool has_carrel(const struct ctl_doors *d, const char *service, int *ret_line, const char *other,
		       bool *ret_takes)
{
	const struct ctl_pam_view v = {.dir = d->pam_dir};
	struct ctl_pam_sessions all;
	bool opens = false, takes = false;

	*ret_line = 0;
	if (ctl_pam_view_sessions(&v, service, &all) < 0)
		return false;
	for (size_t i = 0; i < all.len; i++) {
		opens |= all.step[i].line.opens;
		takes |= other && strcmp(all.step[i].path, other) == 0;
	}
	if (all.len > 0)
		*ret_line = all.step[0].via;
	if (ret_takes)
		*ret_takes = takes;
	ctl_pam_sessions_done(&all);
	return opens;
}

bool ctl_door_has_carrel(const struct ctl_doors *d, const char *service)
{
	int line;

	return has_carrel(d, service, &line, NULL, NULL);
}

/* Is that service a way in beside carrel? @ret  its program, PATH_MAX bytes; @ret_line  its first session line */
static bool is_open(const struct ctl_doors *d, size_t i, char *ret, int *ret_line)
{
	return ctl_door_finds(d, services[i].programs, ret) && !has_carrel(d, name_of(i), ret_line, NULL, NULL) &&
	       *ret_line && (!services[i].served || ctl_door_is_served(d, services[i].served));
}

/* Does it take its lines from another service that is open? Then that one is told, and what mends it mends both. */
static bool is_others(const struct ctl_doors *d, size_t i)
{
	const struct ctl_pam_view v = {.dir = d->pam_dir};

	for (size_t k = 0; k < CRL_ARRAY_LEN(services); k++) {
		char program[PATH_MAX], path[PATH_MAX];
		bool takes = false;
		int line;

		ctl_pam_view_path(&v, name_of(k), path, sizeof(path));
		if (k != i)
			(void)has_carrel(d, name_of(i), &line, path, &takes);
		if (takes && is_open(d, k, program, &line))
			return true;
	}
	return false;
}

void ctl_door_pam_services(const struct ctl_doors *d)
{
	const struct ctl_pam_view v = {.dir = d->pam_dir};

	for (size_t i = 0; i < CRL_ARRAY_LEN(services); i++) {
		char program[PATH_MAX], path[PATH_MAX], enable[CRL_SERVICE_MAX + 32];
		int line;

		if (!is_open(d, i, program, &line) || is_others(d, i))
			continue;
		ctl_pam_view_path(&v, name_of(i), path, sizeof(path));
		(void)snprintf(enable, sizeof(enable), "carrelctl enable %s", name_of(i));
		ctl_door_say(d, path, line, services[i].mend ? services[i].mend : enable,
			     "a door without carrel: %s (%s) are not in rooms", services[i].what, program);
	}
}

/* Modules that, asked before carrel, read what the user wrote or start a program as that user. */
static const struct {
	const char *module;
	const char *argument; /* only with it; NULL = always */
	const char *text;
	const char *mend;
} modules[] = {
	{"pam_env.so", "user_readenv=1",
	 "pam_env reads ~/.pam_environment before there is a room: a FIFO there holds the login in root's process "
	 "for ever, and what modules behind it start gets the user's variables",
	 CTL_DOOR_NO_READENV},
	{"pam_ssh.so", NULL, "pam_ssh reads ~/.ssh and starts an agent outside of the room", "take the line out"},
	{"pam_gnome_keyring.so", "auto_start", "pam_gnome_keyring starts a daemon as the user outside of the room",
	 "take auto_start out"},
	{"pam_kwallet5.so", NULL, "pam_kwallet starts a daemon as the user outside of the room", "take the line out"},
	{"pam_kwallet.so", NULL, "pam_kwallet starts a daemon as the user outside of the room", "take the line out"},
	{"pam_dotfile.so", NULL, "pam_dotfile reads a file of the home", "take the line out"},
	{"pam_xauth.so", NULL, "pam_xauth runs xauth as the user outside of the room, on a file in their home",
	 "take the line out"},
};

struct stack_walk {
	const struct ctl_doors *d;
	const char *file; /* of pam_dir */
	int depth;
};

static void walk_stack(const struct ctl_doors *d, const char *file, int depth);

/* A program or script in somebody's home, which they may change. */
static void look_for_home(const struct stack_walk *w, const char *path, const char *line, int number)
{
	char word[PATH_MAX], home[CRL_HOME_MAX] = "";

	for (int i = 3; ctl_door_word(line, i, word, sizeof(word)); i++)
		if (strncmp(word, "/home/", 6) == 0) {
			char user[CRL_USER_MAX];

			(void)snprintf(user, sizeof(user), "%.*s", (int)strcspn(word + 6, "/"), word + 6);
			if (w->d->is_isolated(w->d->arg, user, 0, home))
				ctl_door_say(w->d, path, number, "put it where only root can write",
					     "this line runs, as root, what is in the home of %s", user);
		}
}

static void look_at_module(const struct stack_walk *w, const char *line, int number)
{
	char path[PATH_MAX], module[256], word[256];
	const char *slash, *name;
	int at = 2;

	while (ctl_door_word(line, at, module, sizeof(module)) && !strstr(module, ".so"))
		at++; /* a control in brackets has blanks */
	slash = strrchr(module, '/');
	name = slash ? slash + 1 : module;
	(void)snprintf(path, sizeof(path), "%s/%s", w->d->pam_dir, w->file);
	for (size_t i = 0; i < CRL_ARRAY_LEN(modules); i++) {
		bool found = !modules[i].argument;

		if (strcmp(name, modules[i].module) != 0)
			continue;
		for (int k = at + 1; !found && ctl_door_word(line, k, word, sizeof(word)); k++)
			found = strcmp(word, modules[i].argument) == 0;
		if (found)
			ctl_door_say(w->d, path, number, modules[i].mend, "%s", modules[i].text);
	}
	if (strcmp(name, "pam_exec.so") == 0 || strcmp(name, "pam_python.so") == 0 ||
	    strcmp(name, "pam_script.so") == 0)
		look_for_home(w, path, line, number);
}

/* Every type counts: what auth reads is read before the room as well. */
static bool look_at_line(void *arg, const char *raw, int number)
{
	const struct stack_walk *w = arg;
	char line[1024], type[32], control[256], file[256];

	(void)snprintf(line, sizeof(line), "%.*s", (int)strcspn(raw, "#"), raw);
	if (!ctl_door_word(line, 0, type, sizeof(type)))
		return true;
	if (strcasecmp(type, "@include") == 0) {
		if (ctl_door_word(line, 1, file, sizeof(file)))
			walk_stack(w->d, file, w->depth + 1);
	} else if (ctl_door_word(line, 1, control, sizeof(control)) &&
		   (strcasecmp(control, "include") == 0 || strcasecmp(control, "substack") == 0)) {
		if (ctl_door_word(line, 2, file, sizeof(file)))
			walk_stack(w->d, file, w->depth + 1);
	} else {
		look_at_module(w, line, number);
	}
	return true;
}

static void walk_stack(const struct ctl_doors *d, const char *file, int depth)
{
	struct stack_walk w = {.d = d, .file = file, .depth = depth};
	struct ctl_doors host = *d;

	host.root = d->pam_dir;
	if (depth < DEPTH_MOST && !strchr(file, '/')) {
		char path[300];

		(void)snprintf(path, sizeof(path), "/%.250s", file);
		crl_ignore(ctl_door_lines(&host, path, look_at_line, &w));
	}
}

void ctl_door_pam_stack(const struct ctl_doors *d, const char *service)
{
	walk_stack(d, service, 0);
}

static void look_at_service(void *arg, const char *path, const char *name)
{
	const struct ctl_doors *d = arg;

	(void)path;
	if (ctl_door_has_carrel(d, name))
		walk_stack(d, name, 0);
}

static bool look_for_luserconf(void *arg, const char *line, int number)
{
	const char *at = strstr(line, "<luserconf"), *comment = strstr(line, "<!--");

	if (at && (!comment || comment > at))
		ctl_door_say(arg, "/etc/security/pam_mount.conf.xml", number, "take luserconf out",
			     "pam_mount reads a file of the home, and mounts outside of the room what it says");
	return true;
}

void ctl_door_pam_modules(const struct ctl_doors *d)
{
	struct ctl_doors host = *d;
	struct ctl_doors self = *d;

	host.root = d->pam_dir;
	ctl_door_files(&host, "", look_at_service, &self);
	crl_ignore(ctl_door_lines(d, "/etc/security/pam_mount.conf.xml", look_for_luserconf, &self));
}
