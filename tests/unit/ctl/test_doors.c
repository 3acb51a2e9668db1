// SPDX-License-Identifier: Apache-2.0
/*
 * Doors without carrel, on hosts made of files: each is told with its place, and none that is not there. In all of them ana
 * (uid 1000) is isolated, bob (uid 1001) is not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ctl/host/doors.h"
#include "tests/unit/scratch.h"

static char told[8192], mends[8192];

static void tell(void *arg, const char *file, int line, const char *mend, const char *text)
{
	size_t len = strlen(told);

	(void)arg;
	assert_true(mend[0] != '\0');
	(void)snprintf(told + len, sizeof(told) - len, "%s:%d %s\n", file, line, text);
	len = strlen(mends);
	(void)snprintf(mends + len, sizeof(mends) - len, "%s\n", mend);
}

static bool is_isolated(void *arg, const char *user, uint32_t uid, char ret_home[CRL_HOME_MAX])
{
	(void)arg;
	(void)strcpy(ret_home, "/srv/ana");
	return user ? strcmp(user, "ana") == 0 : uid == 1000;
}

/* A new host each time. */
static char root[64], pam_dir[96];

static void host(void)
{
	static int n;
	char command[256];

	(void)snprintf(root, sizeof(root), "%s/h%d", scratch, n++);
	(void)snprintf(pam_dir, sizeof(pam_dir), "%s/etc/pam.d", root);
	(void)snprintf(command, sizeof(command), "mkdir -p %s/proc %s", root, pam_dir);
	assert_int_equal(system(command), 0);
}

static void put(const char *path, const char *text)
{
	char full[256], command[300];
	FILE *f;

	(void)snprintf(full, sizeof(full), "%s%s", root, path);
	(void)snprintf(command, sizeof(command), "mkdir -p \"$(dirname '%s')\"", full);
	assert_int_equal(system(command), 0);
	f = fopen(full, "we");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static void own(const char *path, uid_t uid)
{
	char full[256];

	(void)snprintf(full, sizeof(full), "%s%s", root, path);
	assert_int_equal(lchown(full, uid, uid), 0);
}

static const char *look(void (*scan)(const struct ctl_doors *d))
{
	const struct ctl_doors d = {.root = root, .pam_dir = pam_dir, .is_isolated = is_isolated, .tell = tell};

	told[0] = mends[0] = '\0';
	scan(&d);
	return told;
}

static void tells(void (*scan)(const struct ctl_doors *d), const char *place, const char *text)
{
	const char *at = strstr(look(scan), place);

	if (!at || !strstr(at, text))
		fail_msg("\"%s … %s\" is not in:\n%s", place, text, told);
}

static void says_not(const char *text)
{
	if (strstr(look(ctl_door_pam_services), text))
		fail_msg("\"%s\" is in:\n%s", text, told);
}

static void is_quiet(void (*scan)(const struct ctl_doors *d))
{
	if (look(scan)[0])
		fail_msg("%s", told);
}

#define BARE "auth required pam_unix.so\nsession required pam_unix.so\n"
#define WIRED \
	"session optional pam_carrel.so close\nsession required pam_unix.so\nsession requisite pam_carrel.so open\n"

static void test_services(void **state)
{
	(void)state;
	host();
	is_quiet(ctl_door_pam_services);
	put("/etc/pam.d/cron", BARE);
	is_quiet(ctl_door_pam_services); /* no such program */
	put("/usr/sbin/cron", "");
	is_quiet(ctl_door_pam_services); /* it neither runs nor will */
	put("/proc/12/comm", "cronx\n");
	is_quiet(ctl_door_pam_services);
	put("/proc/13/comm", "cron\n");
	tells(ctl_door_pam_services, "/etc/pam.d/cron:2 ", "a door without carrel: crontabs (/usr/sbin/cron)");
	own("/proc/13/comm", 1000);
	is_quiet(ctl_door_pam_services); /* whatever a user calls his process */
	put("/etc/systemd/system/multi-user.target.wants/cron.service", "");
	tells(ctl_door_pam_services, "/etc/pam.d/cron:2 ", "crontabs");
	put("/etc/pam.d/cron", WIRED);
	is_quiet(ctl_door_pam_services);
	put("/etc/pam.d/cron", "auth required pam_unix.so\n@include crond\n");
	is_quiet(ctl_door_pam_services);
	put("/etc/pam.d/crond", WIRED); /* carrel comes along */
	is_quiet(ctl_door_pam_services);
	put("/etc/pam.d/crond", BARE);
	tells(ctl_door_pam_services, "/etc/pam.d/cron:2 ", "crontabs");
}

/* The kernel cuts a process's name; System V scripts; programs that are no daemons. */
static void test_ways_to_be_there(void **state)
{
	(void)state;
	host();
	put("/etc/pam.d/rstudio", BARE);
	put("/usr/lib/rstudio-server/bin/rserver", "");
	put("/etc/rc3.d/S01rstudio-server", "");
	tells(ctl_door_pam_services, "/etc/pam.d/rstudio:2 ", "R and its shells");
	put("/etc/pam.d/su", BARE);
	put("/bin/su", "");
	tells(ctl_door_pam_services, "/etc/pam.d/su:2 ", "those who become another user");
	assert_non_null(strstr(
		mends, "carrelctl enable su, with a rule for accounts of the system: RULES in carrel.conf(5)\n"));
	put("/etc/pam.d/su-l", "auth include su\nsession optional pam_keyinit.so\nsession include su\n");
	says_not("another user by su -"); /* what mends su mends it */
	put("/etc/pam.d/su-l", BARE);
	tells(ctl_door_pam_services, "/etc/pam.d/su-l:2 ", "those who become another user by su -");
	put("/etc/pam.d/su", WIRED);
	tells(ctl_door_pam_services, "/etc/pam.d/su-l:2 ", "another user by su -");
	put("/usr/sbin/pure-ftpd", "");
	put("/etc/pam.d/pure-ftpd", BARE);
	put("/etc/systemd/system/sockets.target.wants/pure-ftpd.socket", "");
	tells(ctl_door_pam_services, "/etc/pam.d/pure-ftpd:2 ", "files by ftp");
	put("/etc/pam.d/sudo", BARE);
	put("/usr/bin/sudo", "");
	assert_null(strstr(look(ctl_door_pam_services), "sudo"));
}

static void test_modules(void **state)
{
	(void)state;
	host();
	put("/etc/pam.d/sshd", "session required pam_env.so user_readenv=1\n");
	is_quiet(ctl_door_pam_modules); /* nobody of this service is isolated */
	put("/etc/pam.d/sshd", "# pam_ssh.so\nsession required pam_env.so user_readenv=0\n@include common\n" WIRED);
	is_quiet(ctl_door_pam_modules);
	put("/etc/pam.d/common",
	    "session [success=ok default=ignore] pam_env.so envfile=/x user_readenv=1\n"
	    "-session optional pam_gnome_keyring.so auto_start\nauth optional pam_gnome_keyring.so\n");
	tells(ctl_door_pam_modules, "/etc/pam.d/common:1 ", "pam_env reads ~/.pam_environment");
	tells(ctl_door_pam_modules, "/etc/pam.d/common:2 ", "pam_gnome_keyring starts");
	assert_null(strstr(told, "common:3"));
	put("/etc/pam.d/common", "session include deep\n");
	put("/etc/pam.d/deep", "session substack common\nsession optional /lib/security/pam_ssh.so\n");
	tells(ctl_door_pam_modules, "/etc/pam.d/deep:2 ", "pam_ssh"); /* and it ends */
	put("/etc/pam.d/common",
	    "session optional pam_exec.so seteuid /home/ana/x\nsession optional pam_exec.so /home/bob/x\n");
	tells(ctl_door_pam_modules, "/etc/pam.d/common:1 ", "in the home of ana");
	assert_null(strstr(told, "bob"));
	put("/etc/security/pam_mount.conf.xml",
	    "<pam_mount>\n<!-- <luserconf name=\"x\" /> -->\n<luserconf name=\".pam_mount.conf.xml\" />\n");
	tells(ctl_door_pam_modules, "/etc/security/pam_mount.conf.xml:3 ", "pam_mount");
	assert_null(strstr(told, ".xml:2"));
}

static void test_crontabs(void **state)
{
	(void)state;
	host();
	put("/var/spool/cron/crontabs/ana", "* * * * * /srv/ana/job\n");
	put("/var/spool/cron/crontabs/bob", "* * * * * x\n");
	put("/etc/crontab",
	    "SHELL=/bin/sh\n# * * * * * ana /srv/ana/x\n17 * * * * root run-parts /etc\n*/5 *\t* * * ana /srv/ana/x\n");
	put("/etc/cron.d/site", "@daily ana ~/bin/x\n@daily ana /usr/bin/x\n@daily bob ~/bin/x\n");
	is_quiet(ctl_door_jobs);
	put("/usr/sbin/cron", "");
	put("/proc/1/comm", "cron\n");
	tells(ctl_door_jobs, "/var/spool/cron/crontabs/ana:0 ", "the crontab of ana runs outside of rooms");
	tells(ctl_door_jobs, "/etc/crontab:4 ", "of ana");
	tells(ctl_door_jobs, "/etc/cron.d/site:1 ", "of ana");
	assert_null(strstr(told, "bob"));
	assert_null(strstr(told, "site:2"));
	assert_null(strstr(told, "crontab:2"));
	put("/etc/pam.d/cron", WIRED);
	is_quiet(ctl_door_jobs);
}

static void test_other_jobs(void **state)
{
	(void)state;
	host();
	put("/usr/sbin/atd", "");
	put("/proc/2/comm", "atd\n");
	put("/var/spool/cron/atjobs/a000010", "");
	put("/var/spool/cron/atjobs/a000011", "");
	put("/var/spool/cron/atjobs/.SEQ", "");
	own("/var/spool/cron/atjobs/a000010", 1000);
	own("/var/spool/cron/atjobs/a000011", 1001);
	own("/var/spool/cron/atjobs/.SEQ", 1000);
	assert_string_equal(look(ctl_door_jobs),
			    "/var/spool/cron/atjobs/a000010:0 a job of at of uid 1000 runs outside of rooms\n");
	put("/etc/pam.d/atd", WIRED);
	is_quiet(ctl_door_jobs);
	put("/usr/sbin/incrond", "");
	put("/var/spool/incron/ana", "");
	is_quiet(ctl_door_jobs);
	put("/proc/3/comm", "incrond\n");
	tells(ctl_door_jobs, "/var/spool/incron/ana:0 ", "the incrontab of ana");
}

static void test_units(void **state)
{
	(void)state;
	host();
	put("/etc/systemd/system/app.service",
	    "[Service]\nExecStartPre=/bin/true\nExecStart=/srv/ana/app --x\nUser=ana\n");
	tells(ctl_door_jobs, "/etc/systemd/system/app.service:3 ", "this service in the home of ana");
	put("/etc/systemd/system/app.service", "[Service]\nUser=1000\nExecStart=/bin/sh -c ~/app\n");
	tells(ctl_door_jobs, "/etc/systemd/system/app.service:3 ", "this service in the home of 1000");
	put("/etc/systemd/system/app.service", "[Service]\nUser=ana\nExecStart=/usr/bin/app /srv/anas/x\n");
	is_quiet(ctl_door_jobs);
	put("/etc/systemd/system/app.service", "[Service]\nUser=bob\nExecStart=/srv/ana/app\n");
	is_quiet(ctl_door_jobs);
}

static void test_exim(void **state)
{
	(void)state;
	host();
	put("/var/lib/exim4/config.autogenerated", "begin routers\nuserforward:\n  driver = redirect\n  file = "
						   "$home/.forward\n  pipe_transport = address_pipe\n"
						   "procmail:\n  transport = procmail_pipe\n\nbegin transports\n");
	is_quiet(ctl_door_mail);
	put("/usr/sbin/exim4", "");
	tells(ctl_door_mail, "/var/lib/exim4/config.autogenerated:4 ", "in ~/.forward");
	assert_null(strstr(told, "procmail"));
	put("/usr/bin/procmail", "");
	tells(ctl_door_mail, "/var/lib/exim4/config.autogenerated:7 ", "in ~/.procmailrc");
	put("/etc/exim4/exim4.conf",
	    "userforward:\n  file = $home/.forward\n  forbid_pipe\n  forbid_filter_run\nlocal_user:\n");
	is_quiet(ctl_door_mail);
	put("/etc/exim4/exim4.conf", "userforward:\n  file = $home/.forward\n  forbid_pipe = false\n");
	tells(ctl_door_mail, "/etc/exim4/exim4.conf:2 ", "in ~/.forward");
}

static void test_other_mail(void **state)
{
	(void)state;
	host();
	put("/etc/postfix/main.cf", "myhostname = x\n");
	put("/usr/sbin/postfix", "");
	is_quiet(ctl_door_mail);
	put("/etc/systemd/system/multi-user.target.wants/postfix.service", "");
	tells(ctl_door_mail, "/etc/postfix/main.cf:0 ", "in ~/.forward");
	put("/etc/postfix/main.cf",
	    "# x\nallow_mail_to_commands = alias\nmailbox_command = /usr/bin/procmail -a \"$EXTENSION\"\n");
	assert_string_equal(look(ctl_door_mail), "/etc/postfix/main.cf:3 programs that users name in ~/.procmailrc run "
						 "outside of rooms when mail comes\n");
	put("/etc/postfix/main.cf", "forward_path =\nmailbox_command =\n");
	is_quiet(ctl_door_mail);
	put("/etc/postfix/main.cf", "local_transport = error:no local mail\n");
	is_quiet(ctl_door_mail);
	put("/usr/sbin/sendmail", "");
	put("/etc/mail/sendmail.cf", "O ForwardPath=$z/.forward.$w:$z/.forward\n");
	tells(ctl_door_mail, "/etc/mail/sendmail.cf:1 ", "in ~/.forward");
	put("/etc/mail/sendmail.cf", "O ForwardPath=\n");
	put("/etc/aliases", "# x: |/home/ana/x\nrobot: \"|/home/ana/bin/robot\"\nother: \"|/home/bob/x\"\nana: root\n");
	tells(ctl_door_mail, "/etc/aliases:2 ", "in the home of ana");
	assert_null(strstr(told, "aliases:1"));
	assert_null(strstr(told, "aliases:3"));
	put("/usr/sbin/dovecot", "");
	put("/etc/dovecot/conf.d/90.conf",
	    "plugin {\n  sieve_pipe_bin_dir = /usr/lib/sieve\n  sieve_filter_bin_dir = %h/bin\n}\n");
	tells(ctl_door_mail, "/etc/dovecot/conf.d/90.conf:3 ", "sieve");
	assert_null(strstr(told, "90.conf:2"));
}

static void test_others(void **state)
{
	(void)state;
	host();
	put("/usr/sbin/apache2", "");
	put("/proc/1/comm", "apache2\n");
	put("/etc/apache2/mods-enabled/userdir.conf", "");
	is_quiet(ctl_door_others);
	put("/etc/apache2/mods-enabled/php8.2.load", "");
	tells(ctl_door_others, "/etc/apache2/mods-enabled/userdir.conf:0 ", "public_html");
	host();
	put("/usr/sbin/httpd", "");
	put("/proc/1/comm", "httpd\n");
	put("/etc/httpd/conf.d/userdir.conf", "UserDir disabled\n#UserDir public_html\n");
	is_quiet(ctl_door_others);
	put("/etc/httpd/conf.d/userdir.conf", "<IfModule x>\n  UserDir public_html\n");
	tells(ctl_door_others, "/etc/httpd/conf.d/userdir.conf:2 ", "public_html");
	host();
	put("/usr/sbin/automount", "");
	put("/proc/1/comm", "automount\n");
	put("/srv/ana/map", "");
	put("/etc/auto.mnt", "");
	put("/etc/auto.master", "# x\n/mnt /etc/auto.mnt\n/data program:/srv/ana/map\n+auto.master\n");
	is_quiet(ctl_door_others);
	own("/srv/ana/map", 1000);
	tells(ctl_door_others, "/etc/auto.master:3 ", "the map /srv/ana/map");
	host();
	put("/usr/sbin/slurmd", "");
	put("/proc/1/comm", "slurmd\n");
	tells(ctl_door_others, "/usr/sbin/slurmd:0 ", "batch jobs");
	put("/etc/pam.d/slurm", WIRED);
	is_quiet(ctl_door_others);
	put("/usr/sbin/smbd", "");
	put("/proc/2/comm", "smbd\n");
	put("/etc/samba/smb.conf", "[homes]\n; preexec = %H/x\n  root preexec = /usr/bin/mk %u\n  preexec = %H/x\n");
	tells(ctl_door_others, "/etc/samba/smb.conf:4 ", "samba");
	assert_null(strstr(told, "conf:3"));
}

/* They ask PAM, and there is no session. */
static void test_servers(void **state)
{
	(void)state;
	host();
	put("/etc/pam.d/vsftpd", WIRED);
	is_quiet(ctl_door_servers);
	put("/etc/vsftpd.conf", "listen=YES\n#session_support=YES\npam_service_name=vsftpd\n");
	tells(ctl_door_servers, "/etc/vsftpd.conf:0 ", "vsftpd opens no PAM session");
	put("/etc/vsftpd.conf", "session_support=YES\npam_service_name=vsftpd\nsession_support=NO\n");
	tells(ctl_door_servers, "/etc/vsftpd.conf:3 ", "vsftpd opens no PAM session");
	put("/etc/vsftpd.conf", "session_support=YES\r\npam_service_name=vsftpd\r\n");
	is_quiet(ctl_door_servers);
	put("/etc/vsftpd.conf", "pam_service_name=ftp\n"); /* which has not carrel, and is door_pam.c's to tell */
	is_quiet(ctl_door_servers);
	host();
	put("/etc/samba/smb.conf", "[global]\n  obey pam restrictions = no ; x\n");
	is_quiet(ctl_door_servers);
	put("/etc/pam.d/samba", WIRED);
	tells(ctl_door_servers, "/etc/samba/smb.conf:2 ", "smbd opens no PAM session");
	put("/etc/samba/smb.conf", "[global]\n  Obey PAM restrictions = Yes\n");
	is_quiet(ctl_door_servers); /* that it breaks is the service's finding */
	host();
	put("/usr/local/bin/jupyterhub", "");
	is_quiet(ctl_door_servers);
	put("/proc/7/comm", "jupyterhub\n");
	tells(ctl_door_servers, "/usr/local/bin/jupyterhub:0 ", "JupyterHub starts users' servers outside of rooms");
}

/* Whatever stands there instead of a file. */
static void test_odd_files(void **state)
{
	char path[256];

	(void)state;
	host();
	put("/usr/sbin/cron", "");
	put("/proc/1/comm", "cron\n");
	(void)snprintf(path, sizeof(path), "%s/etc/crontab", root);
	assert_int_equal(mkfifo(path, 0600), 0);
	put("/etc/cron.d/long", "");
	(void)snprintf(path, sizeof(path), "yes 'x x x x x x x x x' | head -c 3000000 >%s/etc/cron.d/long", root);
	assert_int_equal(system(path), 0);
	put("/etc/cron.d/odd", "\n\n@\n@daily\n* * * * *\n* * * * * ana\n=\n");
	is_quiet(ctl_door_jobs);
}

static int root_only(void **state)
{
	return geteuid() == 0 ? scratch_make(state) : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_services),   cmocka_unit_test(test_ways_to_be_there),
		cmocka_unit_test(test_modules),    cmocka_unit_test(test_crontabs),
		cmocka_unit_test(test_other_jobs), cmocka_unit_test(test_units),
		cmocka_unit_test(test_exim),       cmocka_unit_test(test_other_mail),
		cmocka_unit_test(test_others),     cmocka_unit_test(test_odd_files),
		cmocka_unit_test(test_servers),
	};

	return cmocka_run_group_tests(tests, root_only, scratch_remove);
}
