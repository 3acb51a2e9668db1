// SPDX-License-Identifier: Apache-2.0
/*
 * See probe_dns.h.
 *
 * Runs in: a process of the user inside the room; ctl_host_has_dns() in carrelctl. Source: resolv.conf(5).
 */
#include "ctl/rehearse/probe_dns.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "apply/net/resolv_host.h"
#include "base/compat.h"
#include "base/scope.h"
#include "ctl/rehearse/probe.h"

#define ANSWER_WAIT_MS 3000
#define SERVERS_MAX 3 /* MAXNS: that a program asks */
#define FILES_DIR "/netns/" /* in a path of the filesystem that /etc is on */

/* The servers as they are told, and the file that they are of where it is not /etc's own. */
struct dns_asked {
	char names[SERVERS_MAX * INET6_ADDRSTRLEN];
	char file[64];
};

static void name_servers(const struct crl_nat_server *server, size_t len, struct dns_asked *ret)
{
	for (size_t i = 0; i < len; i++) {
		size_t at = strlen(ret->names);

		if (i > 0)
			at += (size_t)snprintf(ret->names + at, sizeof(ret->names) - at, ", ");
		(void)inet_ntop(server[i].family, server[i].address, ret->names + at,
				(socklen_t)(sizeof(ret->names) - at)); /* fits */
	}
}

/* The kernel tells what lies there by the mount's number; a link may lead to it. */
static void find_file(struct dns_asked *ret)
{
	scoped_file *f = fopen("/proc/self/mountinfo", "re");
	char line[4096], root[1024];
	const char *below;
	struct statx st;
	uint64_t id;

	if (!f || statx(AT_FDCWD, CRL_NAT_RESOLV, 0, STATX_MNT_ID, &st) < 0 || !(st.stx_mask & STATX_MNT_ID))
		return;
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "%" SCNu64 " %*s %*s %1023s", &id, root) == 2 && id == crl_statx_mount(&st) &&
		    (below = strstr(root, FILES_DIR)))
			(void)snprintf(ret->file, sizeof(ret->file), "/etc%.59s", below);
}

/* On loopback there is always a way, so ask for something: the name servers of the root. */
static bool answers(int fd)
{
	static const unsigned char question[] = {'c', 'a', 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 1};
	struct pollfd p = {.fd = fd, .events = POLLIN};
	char reply[512];

	return send(fd, question, sizeof(question), 0) == (ssize_t)sizeof(question) &&
	       poll(&p, 1, ANSWER_WAIT_MS) == 1 && recv(fd, reply, sizeof(reply), 0) > 0;
}

static bool is_loopback(const struct crl_nat_server *s)
{
	static const uint8_t one[16] = {[15] = 1};

	return s->family == AF_INET ? s->address[0] == IN_LOOPBACKNET : memcmp(s->address, one, sizeof(one)) == 0;
}

/* connect(2) of a datagram socket finds out whether there is a way, and sends nothing. Returns 0 or -1. */
static int connect_to(int fd, const struct crl_nat_server *s)
{
	struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons(53)};
	struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons(53)};

	memcpy(&four.sin_addr, s->address, sizeof(four.sin_addr));
	memcpy(&six.sin6_addr, s->address, sizeof(six.sin6_addr));
	return s->family == AF_INET6 ? connect(fd, (const struct sockaddr *)&six, sizeof(six))
				     : connect(fd, (const struct sockaddr *)&four, sizeof(four));
}

static enum ctl_answer try_first(const struct crl_nat_server *s, const struct dns_asked *a, char *detail)
{
	scoped_fd fd = socket(s->family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	const char *of = a->file[0] ? " of " : "";
	char text[INET6_ADDRSTRLEN];

	(void)inet_ntop(s->family, s->address, text, sizeof(text));
	if (fd < 0 || connect_to(fd, s) < 0)
		return ctl_probe_say(CTL_PROBE_NO, detail, "no way to name server %s%s%s: %s", text, of, a->file,
				     strerrordesc_np(errno));
	if (is_loopback(s) && !answers(fd))
		return ctl_probe_say(CTL_PROBE_NO, detail, "name server %s%s%s does not answer", text, of, a->file);
	return ctl_probe_say(CTL_PROBE_YES, detail, "name server %s%s%s", a->names, of, a->file);
}

enum ctl_answer ctl_try_dns(const struct ctl_scene *s, char *detail)
{
	struct crl_nat_server server[SERVERS_MAX];
	struct dns_asked asked = {.names = ""};
	char text[CRL_NAT_RESOLV_MAX];
	size_t len;

	(void)s;
	if (!crl_resolvhost_read(CRL_NAT_RESOLV, text))
		return ctl_probe_say(CTL_PROBE_NO, detail, CRL_NAT_RESOLV ": %s", strerrordesc_np(errno));
	len = crl_nat_resolv_servers(text, server, SERVERS_MAX);
	name_servers(server, len, &asked);
	find_file(&asked);
	return try_first(&server[0], &asked, detail);
}

bool ctl_host_has_dns(void)
{
	char detail[CTL_DETAIL_MAX];

	return ctl_try_dns(NULL, detail) == CTL_PROBE_YES;
}
