// SPDX-License-Identifier: Apache-2.0
/*
 * The host's rules for rooms with a way out, by carrel-net, and forwarding for them.
 *
 * Runs in: helper (root, host namespaces), with the lock of STATE held.
 * R1: forwarding is switched on when the rules stand that drop what is no room's, and for no interface that is not
 * noted: what is noted is switched off again with the last room, unless the host forwards by then.
 * R2: IPv6 is forwarded where the host does so already, or where the kernel can for single interfaces: a host that
 * begins to forward stops to listen to routers, and would lose its own way out.
 * R3: an interface with a name that has a meaning for nft(8) is no way out, and keeps nobody from logging in.
 */
#include <fcntl.h>
#include <ifaddrs.h>
#include <limits.h>
#include <net/if.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <syslog.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "helper/job.h"
#include "helper/parts/network.h"
#include "helper/process/ask.h"
#include "helper/process/beside.h"
#include "plan/net/nft.h"
#include "plan/net/pool.h"
#include "plan/net/served.h"
#include "state/served.h"

#define WAYS_MAX 64 /* interfaces */
#define PATIENCE_MS 8000 /* for carrel-net where no login waits */

/* Interfaces that carrel has switched forwarding on for, of one family. */
struct ways {
	const char *family; /* as /proc/sys/net has it */
	const char *setting; /* that switches one on */
	char name[WAYS_MAX][IF_NAMESIZE];
	const char *item[WAYS_MAX + 1]; /* NULL-ended */
	size_t len;
};

/* R3 */
static void add_way(struct ways *w, const char *name)
{
	for (size_t i = 0; i < w->len; i++)
		if (strcmp(w->name[i], name) == 0)
			return;
	if (w->len == WAYS_MAX || !crl_nat_is_word(name))
		return;
	(void)snprintf(w->name[w->len], IF_NAMESIZE, "%s", name);
	w->item[w->len] = w->name[w->len];
	w->item[++w->len] = NULL;
}

int crl_network_lock(const struct crl_state *state, int *ret)
{
	for (;;) {
		scoped_fd fd = openat(state->dir, CRL_NETWORK_LOCK, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
		struct stat st;

		/* Who has it waits for carrel-net, with a deadline; our own ends this wait (helper/main.c). */
		if (fd < 0 || flock(fd, LOCK_EX) < 0 || fstat(fd, &st) < 0)
			return -errno;
		if (st.st_nlink == 0)
			continue; /* crl_network_close() has removed it meanwhile */
		*ret = take_fd(&fd);
		return 0;
	}
}

int crl_network_program(char *buf, size_t size)
{
	return crl_beside("carrel-net", buf, size);
}

/* "ipv4 eth0" a line. What is none is passed over: only root writes it. */
static void read_note(const struct crl_state *state, struct ways *four, struct ways *six)
{
	char text[CRL_NETWORK_NOTE_MAX], *rest = NULL;

	if (crl_file_read(state->dir, CRL_NETWORK_FILE, text, sizeof(text)) < 0)
		return;
	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		if (strncmp(line, "ipv4 ", 5) == 0)
			add_way(four, line + 5);
		else if (strncmp(line, "ipv6 ", 5) == 0)
			add_way(six, line + 5);
}

static int write_note(const struct crl_state *state, const struct ways *four, const struct ways *six)
{
	scoped_free char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return -ENOMEM;
	fputs(CRL_NETWORK_NOTE, f);
	for (size_t i = 0; i < four->len; i++)
		fprintf(f, "ipv4 %s\n", four->name[i]);
	for (size_t i = 0; i < six->len; i++)
		fprintf(f, "ipv6 %s\n", six->name[i]);
	if (fclose(f) != 0)
		return -ENOMEM;
	return crl_file_replace(state->dir, &(struct crl_file){.name = CRL_NETWORK_FILE,
							       .beside = CRL_NETWORK_FILE ".new",
							       .data = text,
							       .len = size,
							       .mode = 0600});
}

static bool is_on(const char *family, const char *link, const char *name)
{
	char path[160], text[8];

	(void)snprintf(path, sizeof(path), "/proc/sys/net/%s/conf/%s/%s", family, link, name); /* fits */
	return crl_file_read(AT_FDCWD, path, text, sizeof(text)) > 0 && text[0] != '0';
}

/* Can the address be one by which others are reached? */
static bool is_way(const struct ifaddrs *a, int family)
{
	if (!a->ifa_addr || a->ifa_addr->sa_family != family || (a->ifa_flags & IFF_LOOPBACK) ||
	    !(a->ifa_flags & IFF_UP) || crl_nat_link_slot(a->ifa_name) != 0)
		return false;
	if (family == AF_INET6) {
		const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)(const void *)a->ifa_addr;

		return !IN6_IS_ADDR_LINKLOCAL(&six->sin6_addr);
	}
	return true;
}

/* Those that do not forward and shall. @ret_any  is there a way out of that family at all? Returns 0 or -errno. */
static int find_ways(int family, struct ways *io, bool *ret_any)
{
	struct ifaddrs *all;
	bool forwards = is_on(io->family, "all", "forwarding");

	*ret_any = false;
	if (forwards) { /* somebody has switched it on since: it is theirs to switch off */
		io->len = 0;
		io->item[0] = NULL;
	}
	if (getifaddrs(&all) < 0)
		return -errno;
	for (const struct ifaddrs *a = all; a; a = a->ifa_next) {
		if (!is_way(a, family))
			continue;
		*ret_any = true;
		a->ifa_name[strcspn(a->ifa_name, ":")] = '\0'; /* the label of an address: "eth0:1" */
		if (!forwards && !is_on(io->family, a->ifa_name, io->setting))
			add_way(io, a->ifa_name);
	}
	freeifaddrs(all);
	return 0;
}

/* R2 */
static bool can_single_ipv6(void)
{
	return access("/proc/sys/net/ipv6/conf/all/force_forwarding", F_OK) == 0;
}

int crl_network_tell(const char *script, int64_t deadline_ms, struct crl_err *err)
{
	scoped_fd fd = memfd_create("carrel-net", MFD_CLOEXEC);
	char *const argv[] = {(char[]){"carrel-net"}, NULL};
	char path[PATH_MAX], said[CRL_QUESTION_TEXT];
	struct crl_question q;
	size_t len = strlen(script);
	int rc;

	if (fd < 0 || write(fd, script, len) != (ssize_t)len || lseek(fd, 0, SEEK_SET) < 0)
		return crl_err_set(err, errno, CRL_STAGE_NAMESPACE, "network: cannot write rules");
	rc = crl_network_program(path, sizeof(path));
	if (rc == 0)
		rc = crl_question_begin(path, argv, fd, &q);
	if (rc < 0)
		return crl_err_set(err, -rc, CRL_STAGE_NAMESPACE, "network: cannot start carrel-net");
	rc = crl_question_await(&q, deadline_ms, said);
	return rc < 0 ? crl_err_set(err, -rc, CRL_STAGE_NAMESPACE, "network: nftables: %s",
				    said[0] ? said : "carrel-net did not answer")
		      : 0;
}

int64_t crl_network_patience_ms(void)
{
	return crl_now_ms() + PATIENCE_MS;
}

/* R1 */
static int switch_on(const struct ways *w, struct crl_err *err)
{
	for (size_t i = 0; i < w->len; i++) {
		int rc = crl_network_set(w->family, w->name[i], w->setting, "1");

		if (rc < 0 && rc != -ENOENT) /* it has gone */
			return crl_err_set(err, -rc, CRL_STAGE_NAMESPACE, "network: cannot forward for rooms from %s%s",
					   w->name[i],
					   rc == -EROFS ? ": /proc/sys is read-only for this service "
							  "(ProtectKernelTunables= in its unit)"
							: "");
	}
	return 0;
}

static void switch_off(const struct ways *w)
{
	if (is_on(w->family, "all", "forwarding"))
		return;
	for (size_t i = 0; i < w->len; i++)
		crl_ignore(crl_network_set(w->family, w->name[i], w->setting, "0"));
}

/* 0 = the kernel's part for that is not loaded yet: the next login's rules know it. */
static uint64_t follows(void)
{
	uint64_t n;

	return crl_file_read_number(AT_FDCWD, "/proc/sys/net/netfilter/nf_conntrack_max", &n) == 0 ? n : 0;
}

static int begin(struct crl_job *job, const struct ways *four, const struct ways *six, uint32_t *ret_group,
		 struct crl_err *err)
{
	struct crl_job_network *n = &job->network;
	const struct crl_nat_wish w = {.rules = &n->rules,
				       .resolv = &n->resolv,
				       .service = n->service,
				       .follows = follows(),
				       .egress = job->policy.net_egress,
				       .ingress = job->policy.net_ingress};
	scoped_free char *script = NULL;
	int rc;

	rc = crl_nat_group(&w, ret_group);
	if (rc == 0)
		rc = crl_nat_nft_begin(&w, &(struct crl_nat_opened){four->item, six->item}, &script);
	if (rc < 0)
		return crl_err_set(err, -rc, CRL_STAGE_NAMESPACE, "network: no memory for rules");
	rc = crl_network_keep(&job->state, *ret_group, script);
	if (rc == 0)
		rc = crl_network_keep_names(&job->state, &n->resolv, n->service);
	if (rc < 0)
		return crl_err_set(err, -rc, CRL_STAGE_STATE, "network: cannot keep rules in STATE");
	return crl_network_tell(script, crl_job_patience_ms(job), err);
}

int crl_network_open(struct crl_job *job, uint32_t *ret_group, struct crl_err *err)
{
	struct ways four = {.family = "ipv4", .setting = "forwarding"};
	struct ways six = {.family = "ipv6", .setting = "force_forwarding"};
	bool way = false, way6 = false;
	int rc;

	read_note(&job->state, &four, &six);
	rc = find_ways(AF_INET, &four, &way);
	if (rc == 0 && job->network.pool.has_ipv6 && (can_single_ipv6() || is_on("ipv6", "all", "forwarding")))
		rc = find_ways(AF_INET6, &six, &way6);
	if (rc == 0)
		rc = write_note(&job->state, &four, &six);
	if (rc < 0)
		return crl_err_set(err, -rc, CRL_STAGE_NAMESPACE, "network: cannot note which interfaces lead out");
	if (!way)
		crl_log(LOG_NOTICE, "id=%s: the host has no interface with an IPv4 address that leads out", job->id);
	rc = begin(job, &four, &six, ret_group, err);
	if (rc == 0)
		rc = switch_on(&four, err);
	if (rc == 0)
		rc = switch_on(&six, err);
	job->network.ipv6 = way6;
	return rc;
}

static bool is_same(const struct ways *a, const struct ways *b)
{
	bool same = a->len == b->len;

	for (size_t i = 0; i < a->len && same; i++)
		same = strcmp(a->name[i], b->name[i]) == 0;
	return same;
}

/* R1. The links themselves, where somebody has ended it for all. */
static int switch_links_on(const struct crl_veth *link, size_t len, struct crl_err *err)
{
	for (size_t i = 0; i < len; i++) {
		int rc = crl_nat_is_group(link[i].group) && !is_on("ipv4", link[i].name, "forwarding")
				 ? crl_network_set("ipv4", link[i].name, "forwarding", "1")
				 : 0;

		if (rc < 0 && rc != -ENOENT)
			return crl_err_set(err, -rc, CRL_STAGE_NAMESPACE, "network: cannot forward for %s",
					   link[i].name);
	}
	return 0;
}

static bool have_ipv6(const struct crl_veth *link, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (crl_nat_is_group(link[i].group) && !is_on("ipv6", link[i].name, "disable_ipv6") &&
		    is_on("ipv6", link[i].name, can_single_ipv6() ? "force_forwarding" : "forwarding"))
			return true;
	return false;
}

static int change_ways(const struct crl_state *state, const struct ways *four, const struct ways *six,
		       struct crl_err *err)
{
	scoped_free char *script = NULL;
	int rc = write_note(state, four, six);

	if (rc == 0)
		rc = crl_nat_nft_opened(&(struct crl_nat_opened){four->item, six->item}, &script);
	if (rc < 0)
		return crl_err_set(err, -rc, CRL_STAGE_NAMESPACE, "network: cannot note which interfaces lead out");
	return crl_network_tell(script, crl_network_patience_ms(), err);
}

int crl_network_look_again(const struct crl_state *state, const struct crl_veth *link, size_t len, struct crl_err *err)
{
	struct ways four = {.family = "ipv4", .setting = "forwarding"};
	struct ways six = {.family = "ipv6", .setting = "force_forwarding"};
	bool any;
	int rc;

	read_note(state, &four, &six);
	struct ways was4 = four, was6 = six;

	rc = find_ways(AF_INET, &four, &any);
	if (rc == 0 && have_ipv6(link, len))
		rc = find_ways(AF_INET6, &six, &any);
	if (rc < 0)
		return crl_err_set(err, -rc, CRL_STAGE_NAMESPACE, "network: cannot look for interfaces");
	if (!is_same(&was4, &four) || !is_same(&was6, &six))
		rc = change_ways(state, &four, &six, err);
	if (rc == 0)
		rc = switch_on(&four, err);
	if (rc == 0)
		rc = switch_on(&six, err);
	return rc == 0 ? switch_links_on(link, len, err) : rc;
}

int crl_network_opened(const struct crl_state *state, char **ret)
{
	struct ways four = {.family = "ipv4"}, six = {.family = "ipv6"};

	scoped_free char *opened = NULL, *ports = NULL, *names = NULL;
	scoped(crl_served) all = {.len = 0};
	int rc;

	read_note(state, &four, &six);
	rc = crl_nat_nft_opened(&(struct crl_nat_opened){four.item, six.item}, &opened);
	if (rc == 0)
		rc = crl_served_read(state->dir, &all);
	if (rc == 0)
		rc = crl_nat_nft_served(all.item, all.len, &ports);
	if (rc == 0)
		rc = crl_network_names(state, &names);
	return rc == 0 && asprintf(ret, "%s%s%s", opened, ports, names) < 0 ? -ENOMEM : rc;
}

int crl_network_close(const struct crl_state *state, struct crl_err *err)
{
	struct ways four = {.family = "ipv4", .setting = "forwarding"};
	struct ways six = {.family = "ipv6", .setting = "force_forwarding"};
	int rc;

	read_note(state, &four, &six);
	switch_off(&four);
	switch_off(&six);
	crl_network_forget(state);
	rc = crl_network_tell(CRL_NAT_NFT_END, crl_network_patience_ms(), err);
	if (rc == 0 && unlinkat(state->dir, CRL_NETWORK_FILE, 0) < 0 && errno != ENOENT)
		rc = crl_err_set(err, errno, CRL_STAGE_STATE, "cannot remove STATE/" CRL_NETWORK_FILE);
	if (rc == 0)
		(void)unlinkat(state->dir, CRL_NETWORK_LOCK, 0);
	return rc;
}
