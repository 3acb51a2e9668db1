// SPDX-License-Identifier: Apache-2.0
/*
 * Whom rooms with a way out ask for names: the host's servers, as its resolv.conf has them. Rooms that live follow it
 * (apply/mounts/renew_resolv.c), and the rules that let them ask follow here.
 *
 * Runs in: helper (root, host namespaces), with the lock of the network held but to read the host's files.
 * R1: what was told to nftables is kept as STATE/net.names, by which it is known whether it is another now, and at what
 * address rooms ask a server on the host's loopback.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "apply/net/resolv_host.h"
#include "apply/net/veth.h"
#include "base/file.h"
#include "helper/parts/network.h"
#include "plan/net/nft.h"

#define NAMES CRL_NETWORK_FILE ".names"
#define FIRST "# service " /* and an address, and a line end; then the rules */

/* The whole text of the note. @ret  to be freed */
static int write_text(const struct crl_nat_resolv *resolv, const char *service, char **ret)
{
	scoped_free char *rules = NULL;
	int rc = crl_nat_nft_names(resolv, service, &rules);

	if (rc == 0 && asprintf(ret, FIRST "%s\n%s", service, rules) < 0)
		rc = -ENOMEM;
	return rc;
}

static int replace_note(const struct crl_state *state, const char *text)
{
	return crl_file_replace(
		state->dir,
		&(struct crl_file){
			.name = NAMES, .beside = NAMES ".new", .data = text, .len = strlen(text), .mode = 0600});
}

/* R1 */
int crl_network_keep_names(const struct crl_state *state, const struct crl_nat_resolv *resolv, const char *service)
{
	scoped_free char *text = NULL;
	int rc = write_text(resolv, service, &text);

	if (rc < 0)
		text = NULL;
	return rc < 0 ? rc : replace_note(state, text);
}

/* Returns 0, or -errno: -ENOENT there is none. */
static int read_note(const struct crl_state *state, char **ret)
{
	scoped_fd fd = openat(state->dir, NAMES, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	size_t len;

	return fd < 0 ? -errno : crl_file_read_all(fd, ret, &len);
}

static const char *rules_of(const char *text)
{
	const char *end = strchr(text, '\n');

	return end ? end + 1 : "";
}

int crl_network_names(const struct crl_state *state, char **ret)
{
	scoped_free char *text = NULL;
	int rc = read_note(state, &text);

	if (rc < 0 && rc != -ENOENT)
		return rc;
	*ret = strdup(rc == 0 ? rules_of(text) : "");
	return *ret ? 0 : -ENOMEM;
}

static bool find_service(const char *text, char ret[INET_ADDRSTRLEN])
{
	struct in_addr address;

	if (strncmp(text, FIRST, strlen(FIRST)) != 0)
		return false;
	(void)snprintf(ret, INET_ADDRSTRLEN, "%.*s", (int)strcspn(text + strlen(FIRST), "\n"), text + strlen(FIRST));
	return inet_pton(AF_INET, ret, &address) == 1;
}

/* A question for the loopback comes there by a link that lets such through; those of rooms that had no need do not. */
static int open_links(const struct crl_veth *link, size_t len, struct crl_err *err)
{
	for (size_t i = 0; i < len; i++) {
		int rc = crl_nat_is_group(link[i].group) ? crl_network_set("ipv4", link[i].name, "route_localnet", "1")
							 : 0;

		if (rc < 0 && rc != -ENOENT)
			return crl_err_set(err, -rc, CRL_STAGE_NAMESPACE, "network: cannot pass questions on from %s",
					   link[i].name);
	}
	return 0;
}

int crl_network_names_again(const struct crl_state *state, const struct crl_veth *link, size_t len, struct crl_err *err)
{
	scoped(crl_nat_resolv) now = {.servers = 0};
	scoped_free char *was = NULL, *text = NULL;
	char service[INET_ADDRSTRLEN];
	int rc = read_note(state, &was);

	if (rc < 0 || !find_service(was, service))
		return 0; /* of a version before: the next login makes one */
	rc = crl_resolvhost_make(service, &now);
	if (rc == 0)
		rc = write_text(&now, service, &text);
	if (rc < 0) {
		text = NULL;
		return crl_err_set(err, -rc, CRL_STAGE_NAMESPACE, "network: no memory for rules");
	}
	if (strcmp(was, text) == 0)
		return 0;
	rc = now.loopback[0] ? open_links(link, len, err) : 0;
	if (rc == 0)
		rc = crl_network_tell(rules_of(text), crl_network_patience_ms(), err);
	if (rc < 0)
		return rc;
	rc = replace_note(state, text);
	return rc < 0 ? crl_err_set(err, -rc, CRL_STAGE_STATE, "network: cannot note in STATE whom rooms ask for names")
		      : 0;
}
