// SPDX-License-Identifier: Apache-2.0
/*
 * Carry settings of /proc/sys over into new namespaces.
 *
 * Runs in: helper and the room's init, by the host's /proc: the kernel answers for the namespaces of who opens a file.
 */
#include "apply/settings.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/nskind.h"
#include "base/scope.h"
#include "wire/proto.h"

/* Not what belongs to interfaces, routes and packets: a room's own network has the loopback interface alone. */
static const struct {
	uint8_t ns; /* enum crl_ns */
	const char *name;
} setting[] = {
	{CRL_NS_IPC, "kernel/shmmax"},
	{CRL_NS_IPC, "kernel/shmall"},
	{CRL_NS_IPC, "kernel/shmmni"},
	{CRL_NS_IPC, "kernel/shm_rmid_forced"},
	{CRL_NS_IPC, "kernel/msgmax"},
	{CRL_NS_IPC, "kernel/msgmnb"},
	{CRL_NS_IPC, "kernel/msgmni"},
	{CRL_NS_IPC, "kernel/sem"},
	{CRL_NS_IPC, "fs/mqueue/msg_default"},
	{CRL_NS_IPC, "fs/mqueue/msg_max"},
	{CRL_NS_IPC, "fs/mqueue/msgsize_default"},
	{CRL_NS_IPC, "fs/mqueue/msgsize_max"},
	{CRL_NS_IPC, "fs/mqueue/queues_max"},
	{CRL_NS_NET, "net/core/somaxconn"},
	{CRL_NS_NET, "net/unix/max_dgram_qlen"},
	{CRL_NS_NET, "net/ipv4/ip_unprivileged_port_start"},
	{CRL_NS_NET, "net/ipv4/ip_local_port_range"},
	{CRL_NS_NET, "net/ipv4/ip_local_reserved_ports"},
	{CRL_NS_NET, "net/ipv4/ping_group_range"},
	{CRL_NS_NET, "net/ipv4/tcp_keepalive_time"},
	{CRL_NS_NET, "net/ipv4/tcp_keepalive_intvl"},
	{CRL_NS_NET, "net/ipv4/tcp_keepalive_probes"},
	{CRL_NS_NET, "net/ipv4/tcp_fin_timeout"},
	{CRL_NS_NET, "net/ipv4/tcp_tw_reuse"},
	{CRL_NS_NET, "net/ipv6/bindv6only"},
	{CRL_NS_NET, "net/ipv6/conf/all/disable_ipv6"},
	{CRL_NS_NET, "net/ipv6/conf/default/disable_ipv6"},
	{CRL_NS_NET, "net/ipv6/conf/lo/disable_ipv6"},
};

_Static_assert(sizeof(setting) / sizeof(setting[0]) <= CRL_SETTINGS_MAX, "more settings than there are places");

/* The length, or 0 when there is none or it is longer than a place. */
static uint16_t read_one(int sys, size_t i, char text[CRL_SETTING_SIZE])
{
	scoped_fd fd = openat(sys, setting[i].name, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, CRL_SETTING_SIZE);

	return n <= 0 || n == CRL_SETTING_SIZE ? 0 : (uint16_t)n;
}

static bool write_one(int sys, size_t i, const char *text, size_t len)
{
	scoped_fd fd = openat(sys, setting[i].name, O_WRONLY | O_CLOEXEC);

	return fd >= 0 && write(fd, text, len) == (ssize_t)len;
}

int crl_settings_open(void)
{
	return open("/proc/sys", O_PATH | O_DIRECTORY | O_CLOEXEC);
}

void crl_settings_read(struct crl_settings *ret, uint32_t namespaces)
{
	scoped_fd sys = crl_settings_open();

	for (size_t i = 0; i < CRL_ARRAY_LEN(setting); i++)
		ret->len[i] = namespaces & CRL_NS_BIT(setting[i].ns) ? read_one(sys, i, ret->text[i]) : 0;
}

/* Returns whether one was set. */
static bool write_all(const struct crl_settings *s, int sys)
{
	char text[CRL_SETTING_SIZE];
	bool any = false;

	for (size_t i = 0; i < CRL_ARRAY_LEN(setting); i++) {
		uint16_t len = s->len[i] ? read_one(sys, i, text) : 0;

		if (len && (len != s->len[i] || memcmp(text, s->text[i], len) != 0))
			any = write_one(sys, i, s->text[i], s->len[i]) || any;
	}
	return any;
}

/*
 * The kernel's first value of these can be the host's own (net.core.devconf_inherit_init_net), and who sets the one of
 * all interfaces sets the others.
 */
static bool is_of_interfaces(size_t i)
{
	return strncmp(setting[i].name, "net/ipv6/conf/", strlen("net/ipv6/conf/")) == 0;
}

int crl_settings_print(const struct crl_settings *s, bool inherits, char *buf, size_t size)
{
	size_t at = 0;

	for (size_t i = 0; i < CRL_ARRAY_LEN(setting); i++) {
		int n;

		if (s->len[i] == 0 || (inherits && is_of_interfaces(i)) ||
		    memchr(s->text[i], '\n', s->len[i]) != s->text[i] + s->len[i] - 1)
			continue;
		n = snprintf(buf + at, size - at, "%s=%.*s", setting[i].name, (int)s->len[i], s->text[i]);
		if (n < 0 || (size_t)n >= size - at)
			return -ENOBUFS;
		at += (size_t)n;
	}
	return 0;
}

static void leave_out_line(struct crl_settings *io, const char *line, size_t len)
{
	for (size_t i = 0; i < CRL_ARRAY_LEN(setting); i++) {
		size_t name = strlen(setting[i].name);

		if (len > name && line[name] == '=' && strncmp(line, setting[i].name, name) == 0 &&
		    io->len[i] == len - name - 1 && memcmp(io->text[i], line + name + 1, io->len[i]) == 0)
			io->len[i] = 0;
	}
}

void crl_settings_leave_out(struct crl_settings *io, const char *text)
{
	uint16_t was[CRL_SETTINGS_MAX];
	bool differs = false;

	memcpy(was, io->len, sizeof(was));
	for (const char *end; (end = strchr(text, '\n')); text = end + 1)
		leave_out_line(io, text, (size_t)(end - text) + 1);
	for (size_t i = 0; i < CRL_ARRAY_LEN(setting); i++)
		differs |= is_of_interfaces(i) && io->len[i] > 0;
	for (size_t i = 0; i < CRL_ARRAY_LEN(setting) && differs; i++)
		if (is_of_interfaces(i))
			io->len[i] = was[i];
}

void crl_settings_write(const struct crl_settings *s, int sys)
{
	/* Twice, since the kernel refuses a range of ports that begins below what is privileged so far. */
	if (write_all(s, sys))
		(void)write_all(s, sys);
}
