// SPDX-License-Identifier: Apache-2.0
/* See resolv.h. */
#include "plan/net/resolv.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOCAL "127.0.0.1" /* what a file without any server means */

/* Where a line "nameserver ADDRESS" has its address, or NULL. @ret_len  of that */
static const char *address_of(const char *line, size_t *ret_len)
{
	static const char word[] = "nameserver";
	const char *at = line + strlen(word);

	if (strncmp(line, word, strlen(word)) != 0 || (*at != ' ' && *at != '\t'))
		return NULL;
	at += strspn(at, " \t");
	*ret_len = strcspn(at, " \t\r\n#;%");
	return *ret_len > 0 && *ret_len < INET6_ADDRSTRLEN ? at : NULL;
}

static bool read_server(const char *line, struct crl_nat_server *ret, char text[INET6_ADDRSTRLEN])
{
	size_t len;
	const char *at = address_of(line, &len);

	if (!at)
		return false;
	*ret = (struct crl_nat_server){.family = AF_INET};
	memcpy(text, at, len);
	text[len] = '\0';
	if (strchr(text, ':'))
		ret->family = AF_INET6;
	return inet_pton(ret->family, text, ret->address) == 1;
}

/* On the host's loopback, or on all addresses of it, which is the same. */
static bool is_local(const struct crl_nat_server *s)
{
	static const uint8_t one[16] = {[15] = 1}, none[16];

	if (s->family == AF_INET)
		return s->address[0] == 127 || memcmp(s->address, none, 4) == 0;
	return memcmp(s->address, one, 16) == 0 || memcmp(s->address, none, 16) == 0;
}

/* By an address that means something on one link of the host's alone: "fe80::1%eth0". */
static bool is_on_link(const struct crl_nat_server *s)
{
	return s->family == AF_INET6 && s->address[0] == 0xfe && (s->address[1] & 0xc0) == 0x80;
}

static const char *next_line(const char *line)
{
	line += strcspn(line, "\n");
	return *line ? line + 1 : line;
}

/* How many servers a text names, and how many of them a room may reach as they are. */
static size_t count(const char *text, size_t *ret_far)
{
	char address[INET6_ADDRSTRLEN];
	struct crl_nat_server s;
	size_t n = 0;

	*ret_far = 0;
	for (const char *line = text; *line; line = next_line(line)) {
		if (!read_server(line, &s, address))
			continue;
		n++;
		*ret_far += !is_local(&s) && !is_on_link(&s);
	}
	return n;
}

static void add_service(FILE *f, const char *service, const char *loopback, struct crl_nat_resolv *io)
{
	struct crl_nat_server *s = &io->server[io->servers];

	if (io->loopback[0] || io->servers == CRL_NAT_SERVERS_MAX)
		return;
	(void)snprintf(io->loopback, sizeof(io->loopback), "%s", loopback);
	*s = (struct crl_nat_server){.family = AF_INET, .service = true};
	if (inet_pton(AF_INET, service, s->address) == 1)
		io->servers++;
	fprintf(f, "nameserver %s\n", service);
}

/* R1, R2 */
static void write_text(FILE *f, const char *from, const char *service, struct crl_nat_resolv *io)
{
	char address[INET6_ADDRSTRLEN];
	struct crl_nat_server s;
	bool any = false;

	for (const char *line = from; *line; line = next_line(line)) {
		bool server = read_server(line, &s, address);

		any |= server;
		if (!server) {
			fprintf(f, "%.*s\n", (int)strcspn(line, "\n"), line);
		} else if (is_on_link(&s)) {
			fprintf(f, "# nameserver %s is on a link of the host's\n", address);
		} else if (is_local(&s)) {
			add_service(f, service, s.family == AF_INET && s.address[0] ? address : LOCAL, io);
		} else if (io->servers < CRL_NAT_SERVERS_MAX) {
			io->server[io->servers++] = s;
			fprintf(f, "nameserver %s\n", address);
		}
	}
	if (!any)
		add_service(f, service, LOCAL, io);
}

int crl_nat_resolv_make(const char *host, const char *uplink, const char *service, struct crl_nat_resolv *ret)
{
	struct crl_nat_resolv made = {.servers = 0};
	size_t far, uplinks = 0;
	size_t all = count(host, &far);
	size_t size;
	FILE *f;

	if (uplink)
		(void)count(uplink, &uplinks);
	f = open_memstream(&made.text, &size);
	if (!f)
		return -ENOMEM;
	write_text(f, (all == 0 || far < all) && uplinks > 0 ? uplink : host, service, &made);
	if (fclose(f) != 0) {
		free(made.text);
		return -ENOMEM;
	}
	*ret = made;
	return 0;
}

/* R3 */
static void name_loopback(struct crl_nat_server *s)
{
	static const uint8_t none[16], local[4] = {127, 0, 0, 1}, local6[16] = {[15] = 1};

	if (s->family == AF_INET && memcmp(s->address, none, sizeof(local)) == 0)
		memcpy(s->address, local, sizeof(local));
	else if (s->family == AF_INET6 && memcmp(s->address, none, sizeof(none)) == 0)
		memcpy(s->address, local6, sizeof(local6));
}

size_t crl_nat_resolv_servers(const char *host, struct crl_nat_server *ret, size_t max)
{
	char address[INET6_ADDRSTRLEN];
	size_t len = 0;

	for (const char *line = host; *line && len < max; line = next_line(line))
		len += read_server(line, &ret[len], address);
	if (len == 0 && max > 0)
		ret[len++] = (struct crl_nat_server){.family = AF_INET};
	for (size_t i = 0; i < len; i++)
		name_loopback(&ret[i]);
	return len;
}

void crl_nat_resolv_done(struct crl_nat_resolv *r)
{
	free(r->text);
	*r = (struct crl_nat_resolv){.servers = 0};
}
