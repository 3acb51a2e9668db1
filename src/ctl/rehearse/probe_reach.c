// SPDX-License-Identifier: Apache-2.0
/*
 * What of the host a login can see and reach.
 *
 * Runs in: a process of the user inside the room; the scene names what carrelctl has put on the host to be found.
 */

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/klog.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/compat.h"
#include "base/dir.h"
#include "base/nskind.h"
#include "base/scope.h"
#include "ctl/rehearse/probe.h"
#include "ctl/rehearse/probe_attack.h"
#include "ctl/rehearse/probe_devices.h"
#include "ctl/rehearse/probe_network.h"
#include "ctl/rehearse/rehearsal.h"
#include "wire/login.h"

/* What the room covers may open and be empty. */
static enum ctl_answer reads(const char *path, char *detail)
{
	scoped_fd fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	char byte;
	ssize_t n = fd < 0 ? -1 : read(fd, &byte, 1);

	if (n < 0)
		return ctl_probe_refused(detail);
	return ctl_probe_say(n > 0 ? CTL_PROBE_YES : CTL_PROBE_NO, detail, "%s %s", path,
			     n > 0 ? "can be read" : "is empty");
}

static enum ctl_answer other_processes(const struct ctl_scene *s, char *detail)
{
	unsigned int others = 0;
	scoped(crl_dir) dir = {0};
	struct stat st;

	if (crl_dir_open(AT_FDCWD, "/proc", &dir) < 0)
		return ctl_probe_refused(detail);
	for (const char *name; (name = crl_dir_next(&dir));)
		others += name[0] >= '1' && name[0] <= '9' && strcmp(name, "1") != 0 &&
			  fstatat(crl_dir_fd(&dir), name, &st, 0) == 0 && st.st_uid != s->who->login.uid &&
			  st.st_uid != 0;
	return ctl_probe_say(others > 0 || access("/proc/2/exe", F_OK) == 0 ? CTL_PROBE_YES : CTL_PROBE_NO, detail,
			     "%u of other users", others);
}

static enum ctl_answer other_homes(const struct ctl_scene *s, char *detail)
{
	const char *own = strrchr(s->who->login.home, '/');
	char parent[CRL_HOME_MAX];
	unsigned int others = 0;
	scoped(crl_dir) dir = {0};

	(void)snprintf(parent, sizeof(parent), "%.*s", (int)(own - s->who->login.home), s->who->login.home);
	if (crl_dir_follow(AT_FDCWD, parent[0] ? parent : "/home", &dir) < 0)
		return ctl_probe_refused(detail);
	for (const char *name; (name = crl_dir_next(&dir));)
		others += name[0] != '.' && strcmp(name, own + 1) != 0;
	return ctl_probe_say(others > 0 ? CTL_PROBE_YES : CTL_PROBE_NO, detail, "%u beside its own", others);
}

static enum ctl_answer is_writable_mount(const char *path, char *detail)
{
	struct statvfs fs;

	if (statvfs(path, &fs) < 0)
		return ctl_probe_refused(detail);
	if (fs.f_flag & ST_RDONLY)
		return ctl_probe_say(CTL_PROBE_NO, detail, "%s is mounted read-only", path);
	return ctl_probe_say(CTL_PROBE_YES, detail, "%s is held by permissions alone", path);
}

static enum ctl_answer watch_programs(const struct ctl_scene *s, char *detail)
{
	scoped_fd fd = inotify_init1(IN_CLOEXEC);

	(void)s;
	if (fd < 0 || inotify_add_watch(fd, "/usr/bin", IN_OPEN) < 0)
		return ctl_probe_refused(detail);
	return ctl_probe_say(CTL_PROBE_YES, detail, "/usr/bin is watched");
}

static enum ctl_answer system_files(const struct ctl_scene *s, char *detail)
{
	(void)s;
	return is_writable_mount("/usr", detail);
}

static enum ctl_answer kernel_settings(const struct ctl_scene *s, char *detail)
{
	(void)s;
	return is_writable_mount("/proc/sys", detail);
}

static enum ctl_answer kernel_log(const struct ctl_scene *s, char *detail)
{
	char text[64];

	(void)s;
	if (klogctl(3, text, sizeof(text)) >= 0) /* SYSLOG_ACTION_READ_ALL */
		return ctl_probe_say(CTL_PROBE_YES, detail, "syslog(2) answers");
	return reads("/dev/kmsg", detail);
}

static unsigned int count_set_user_id(const char *path)
{
	unsigned int n = 0;
	scoped(crl_dir) dir = {0};
	struct stat st;

	(void)crl_dir_follow(AT_FDCWD, path, &dir);
	for (const char *name; (name = crl_dir_next(&dir));)
		n += fstatat(crl_dir_fd(&dir), name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) &&
		     (st.st_mode & (S_ISUID | S_ISGID));
	return n;
}

static enum ctl_answer set_user_id(const struct ctl_scene *s, char *detail)
{
	unsigned int n = count_set_user_id("/usr/bin") + count_set_user_id("/usr/sbin");
	struct statvfs fs;

	if (s->adopt->no_new_privs)
		return ctl_probe_say(CTL_PROBE_NO, detail, "%u in view, no_new_privs is on", n);
	if (statvfs("/usr/bin", &fs) < 0)
		return ctl_probe_refused(detail);
	return ctl_probe_say(fs.f_flag & ST_NOSUID || n == 0 ? CTL_PROBE_NO : CTL_PROBE_YES, detail,
			     "%u in view, /usr/bin is mounted %s", n,
			     fs.f_flag & ST_NOSUID ? "nosuid" : "without nosuid");
}

/* A mount that the user can write to and that takes set-user-ID programs or devices. */
static enum ctl_answer loose_mount(const struct ctl_scene *s, char *detail)
{
	scoped_file *f = fopen("/proc/self/mounts", "re");
	char line[4096], place[1024], options[1024];

	(void)s;
	if (!f)
		return ctl_probe_refused(detail);
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%*s %1023s %*s %1023s", place, options) != 2 || access(place, W_OK) < 0)
			continue;
		if (!strstr(options, "nosuid") || !strstr(options, "nodev"))
			return ctl_probe_say(CTL_PROBE_YES, detail, "%.100s lacks nosuid or nodev", place);
	}
	return ctl_probe_say(CTL_PROBE_NO, detail, "all writable mounts are nosuid,nodev");
}

static enum ctl_answer configuration(const struct ctl_scene *s, char *detail)
{
	(void)s;
	return reads("/etc/carrel/carrel.conf", detail);
}

static enum ctl_answer shadow(const struct ctl_scene *s, char *detail)
{
	(void)s;
	return reads("/etc/shadow", detail);
}

static enum ctl_answer kernel_memory(const struct ctl_scene *s, char *detail)
{
	(void)s;
	return reads("/proc/kcore", detail);
}

static enum ctl_answer key_list(const struct ctl_scene *s, char *detail)
{
	(void)s;
	return reads("/proc/keys", detail);
}

static enum ctl_answer shared_tmp(const struct ctl_scene *s, char *detail)
{
	return reads(s->host_file, detail);
}

static enum ctl_answer unix_reach(const char *path, bool abstract, char *detail)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	scoped_fd fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	socklen_t size;

	(void)snprintf(a.sun_path + abstract, sizeof(a.sun_path) - abstract, "%s", path);
	size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path) + 1);
	if (fd < 0 || connect(fd, (const struct sockaddr *)&a, size) < 0)
		return ctl_probe_refused(detail);
	return ctl_probe_say(CTL_PROBE_YES, detail, "%s%s answers", abstract ? "@" : "", path);
}

static enum ctl_answer run_socket(const struct ctl_scene *s, char *detail)
{
	return unix_reach(s->host_socket, false, detail);
}

static enum ctl_answer far_socket(const struct ctl_scene *s, char *detail)
{
	return unix_reach(s->host_far_socket, false, detail);
}

static enum ctl_answer abstract_socket(const struct ctl_scene *s, char *detail)
{
	return unix_reach(s->host_abstract, true, detail);
}

static enum ctl_answer mighty_sockets(const struct ctl_scene *s, char *detail)
{
	static const char *const sockets[] = {
		"/run/docker.sock",        "/run/podman/podman.sock",     "/run/containerd/containerd.sock",
		"/run/systemd/private",    "/run/dbus/system_bus_socket", "/run/libvirt/libvirt-sock",
		"/var/lib/lxd/unix.socket"};

	(void)s;
	for (size_t i = 0; i < CRL_ARRAY_LEN(sockets); i++)
		if (unix_reach(sockets[i], false, detail) == CTL_PROBE_YES)
			return CTL_PROBE_YES;
	return ctl_probe_say(CTL_PROBE_NO, detail, "none answers");
}

static enum ctl_answer loopback(const struct ctl_scene *s, char *detail)
{
	struct sockaddr_in a = {
		.sin_family = AF_INET, .sin_port = htons(s->host_port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	scoped_fd fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || connect(fd, (const struct sockaddr *)&a, sizeof(a)) < 0)
		return ctl_probe_refused(detail);
	return ctl_probe_say(CTL_PROBE_YES, detail, "127.0.0.1:%d answers", s->host_port);
}

static enum ctl_answer interfaces(const struct ctl_scene *s, char *detail)
{
	bool own = s->adopt->ns_mask & CRL_NS_BIT(CRL_NS_NET);
	struct if_nameindex *list = if_nameindex();
	unsigned int n = 0;

	if (!list)
		return ctl_probe_refused(detail);
	for (const struct if_nameindex *i = list; i->if_index; i++)
		n += strcmp(i->if_name, "lo") != 0;
	if_freenameindex(list);
	return ctl_probe_say(n > 0 && !own ? CTL_PROBE_YES : CTL_PROBE_NO, detail, "%u beside lo%s", n,
			     own && n > 0 ? ", in another network than the host's" : "");
}

static enum ctl_answer join_init(const struct ctl_scene *s, char *detail)
{
	scoped_fd fd = open("/proc/1/ns/mnt", O_RDONLY | O_CLOEXEC);

	(void)s;
	if (fd < 0 || setns(fd, CLONE_NEWNS) < 0)
		return ctl_probe_refused(detail);
	return ctl_probe_say(CTL_PROBE_YES, detail, "setns works");
}

static enum ctl_answer root_of_init(const struct ctl_scene *s, char *detail)
{
	struct statx own, found;

	(void)s;
	/* Not by inode: a room's root may be a clone of the host's. */
	if (statx(AT_FDCWD, "/proc/1/root/.", 0, STATX_MNT_ID, &found) < 0 ||
	    statx(AT_FDCWD, "/.", 0, STATX_MNT_ID, &own) < 0)
		return ctl_probe_refused(detail);
	if (crl_statx_mount(&own) == crl_statx_mount(&found))
		return ctl_probe_say(CTL_PROBE_NO, detail, "it is the own one");
	return ctl_probe_say(CTL_PROBE_YES, detail, "/proc/1/root opens");
}

static enum ctl_answer stray_descriptors(const struct ctl_scene *s, char *detail)
{
	(void)s;
	for (int fd = 4; fd < 1024; fd++) /* 3 is the probe's own */
		if (fcntl(fd, F_GETFD) >= 0)
			return ctl_probe_say(CTL_PROBE_YES, detail, "descriptor %d", fd);
	return ctl_probe_say(CTL_PROBE_NO, detail, "none");
}

static enum ctl_answer control_groups(const struct ctl_scene *s, char *detail)
{
	scoped_fd fd = open("/sys/fs/cgroup/cgroup.procs", O_WRONLY | O_CLOEXEC);

	(void)s;
	/*
	 * That it opens says nothing yet: the kernel asks again for the way from here to there. The probe ends
	 * anyway.
	 */
	if (fd < 0 || write(fd, "0", 1) < 0)
		return ctl_probe_refused(detail);
	return ctl_probe_say(CTL_PROBE_YES, detail, "/sys/fs/cgroup takes a process");
}

const struct ctl_attack ctl_attacks_reach[] = {
	{CTL_V_HOST, 4, "see other users' processes", other_processes},
	{CTL_V_HOST, 4, "list other people's homes", other_homes},
	{CTL_V_HOST, 2, "be told when others run a program (inotify)", watch_programs},
	{CTL_V_HOST, 3, "write to system files, permissions allowing", system_files},
	{CTL_V_HOST, 4, "write kernel settings, permissions allowing", kernel_settings},
	{CTL_V_HOST, 3, "read the kernel's log", kernel_log},
	{CTL_V_IMAGE, 6, "run set-user-ID programs as their owner", set_user_id},
	{CTL_V_IMAGE, 5, "write where set-user-ID files or devices count", loose_mount},
	{CTL_V_IMAGE, 1, "read carrel's configuration", configuration},
	{CTL_V_SECRETS, 9, "read /etc/shadow", shadow},
	{CTL_V_SECRETS, 9, "read the kernel's memory", kernel_memory},
	{CTL_V_SECRETS, 3, "list keys", key_list},
	{CTL_V_SECRETS, 5, "read what others put into /tmp", shared_tmp},
	{CTL_V_NETWORK, 5, "reach services on the host's loopback", loopback},
	{CTL_V_NETWORK, 4, "reach abstract sockets of the host", abstract_socket},
	{CTL_V_NETWORK, 3, "use the host's interfaces", interfaces},
	{CTL_V_NETWORK, 4, "reach the host by its own addresses", ctl_reach_host},
	{CTL_V_NETWORK, 3, "reach private networks", ctl_reach_private},
	{CTL_V_NETWORK, 5, "reach other users' rooms by the network", ctl_reach_room},
	{CTL_V_ESCAPE, 5, "reach services' sockets in /run", run_socket},
	{CTL_V_ESCAPE, 5, "reach services' sockets outside of /run", far_socket},
	{CTL_V_ESCAPE, 10, "reach the sockets of docker, systemd and the like", mighty_sockets},
	{CTL_V_ESCAPE, 9, "join the namespaces of init", join_init},
	{CTL_V_ESCAPE, 6, "look through the root of init", root_of_init},
	{CTL_V_ESCAPE, 9, "use a descriptor that was left open", stray_descriptors},
	{CTL_V_ESCAPE, 7, "see devices of the host", ctl_see_devices},
	{CTL_V_ESCAPE, 7, "move between control groups", control_groups},
	{0, 0, NULL, NULL},
};

ctl_probe *const ctl_by_root_reach[] = {
	other_homes, kernel_settings, kernel_log,   kernel_memory,   run_socket,     far_socket, abstract_socket,
	loopback,    join_init,       root_of_init, ctl_see_devices, control_groups, NULL,
};
