// SPDX-License-Identifier: Apache-2.0
/*
 * carrel-net: what carrel asks of nftables, one transaction a run. The helper is static and keeps out of libnftables;
 * this small program is started by it where a room has a way out (network.mode = "nat").
 *
 *   carrel-net <SCRIPT     commands of nft(8), made by crl_nat_nft_begin()
 *   carrel-net --stand     keep the guard standing: stand.c
 *
 * Exit status 0, or the errno of what failed with one line on standard error.
 * Runs in: root, host namespaces.
 * R1: no table but carrel's own is asked about or changed: a command that names another is refused before any is run.
 * R2: it writes no file, starts no program, and keeps no power but that over the network.
 */
#include "helper/net/net.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "apply/landlock.h"
#include "plan/net/nft.h"
#include "wire/version.h"

#define SCRIPT_MAX (1024 * 1024)

int net_complain(const char *what, int code)
{
	(void)fprintf(stderr, "%s: %s\n", what, strerror(code));
	return code > 0 && code < 256 ? code : EIO;
}

/* R2 */
static int confine(void)
{
	const struct crl_reach_place host = {open("/", O_PATH | O_DIRECTORY | O_CLOEXEC), CRL_REACH_READ};
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {0};
	struct crl_err err = {0};

	data[0].effective = data[0].permitted = 1u << CAP_NET_ADMIN;
	if (host.fd < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || syscall(SYS_capset, &head, data) < 0)
		return net_complain("cannot give up power", errno);
	if (crl_landlock_enter(&(struct crl_reach){&host, 1}, &err) < 0)
		return net_complain(err.text, err.code);
	(void)close(host.fd);
	return 0;
}

static int read_script(char *buf, size_t size)
{
	size_t len = 0;
	ssize_t n;

	while (len + 1 < size && (n = read(STDIN_FILENO, buf + len, size - 1 - len)) > 0)
		len += (size_t)n;
	buf[len] = '\0';
	return len > 0 && len + 1 < size && strlen(buf) == len ? 0 : -EINVAL;
}

/* R1 */
static bool is_ours(const char *line)
{
	static const char *const verbs[] = {"add ", "flush ", "delete ", "list "};
	static const char *const kinds[] = {"table ", "chain ", "rule ", "map ", "set ", "element "};
	size_t verb = 0, kind = 0;

	while (verb < CRL_ARRAY_LEN(verbs) && strncmp(line, verbs[verb], strlen(verbs[verb])) != 0)
		verb++;
	if (verb == CRL_ARRAY_LEN(verbs))
		return false;
	line += strlen(verbs[verb]);
	while (kind < CRL_ARRAY_LEN(kinds) && strncmp(line, kinds[kind], strlen(kinds[kind])) != 0)
		kind++;
	if (kind == CRL_ARRAY_LEN(kinds))
		return false;
	line += strlen(kinds[kind]);
	return strncmp(line, CRL_NAT_TABLE, strlen(CRL_NAT_TABLE)) == 0 && strchr(" \n", line[strlen(CRL_NAT_TABLE)]);
}

/* A line is one command: nothing in it begins another outside of braces. */
static bool is_one(const char *line)
{
	int depth = 0;

	for (; *line && *line != '\n'; line++) {
		depth += (*line == '{') - (*line == '}');
		if (depth < 0 || *line == '\\' || *line == '$' || (*line == ';' && depth == 0))
			return false;
	}
	return depth == 0;
}

static bool is_all_ours(const char *script)
{
	while (*script) {
		if (!is_ours(script) || !is_one(script))
			return false;
		script += strcspn(script, "\n");
		script += *script == '\n';
	}
	return true;
}

int net_run(struct nft_ctx *nft, const char *script, bool quiet)
{
	int code;

	errno = 0;
	if (nft_run_cmd_from_buffer(nft, script) == 0)
		return 0;
	code = errno > 0 && errno < 256 ? errno : EIO;
	const char *said = nft_ctx_get_error_buffer(nft); /* empties it as well */

	if (!quiet)
		(void)fprintf(stderr, "%.*s\n", (int)strcspn(said, "\n"), said);
	return code;
}

int net_begin(struct nft_ctx **ret)
{
	*ret = nft_ctx_new(NFT_CTX_DEFAULT);
	return !*ret || nft_ctx_buffer_error(*ret) < 0 || nft_ctx_buffer_output(*ret) < 0
		       ? net_complain("cannot begin with nftables", ENOMEM)
		       : 0;
}

int main(int argc, char **argv)
{
	static char script[SCRIPT_MAX];
	bool stands = argc == 2 && strcmp(argv[1], "--stand") == 0;
	struct nft_ctx *nft = NULL;
	int code;

	if (crl_version_told(argc, argv))
		return 0;
	if ((argc != 1 && !stands) || isatty(STDIN_FILENO)) {
		(void)fprintf(stderr, "carrel-net is started by carrel-helper\n");
		return EINVAL;
	}
	code = confine();
	if (code != 0 || stands)
		return code != 0 ? code : net_stand();
	if (read_script(script, sizeof(script)) < 0 || !is_all_ours(script))
		return net_complain("what it is to do is not about " CRL_NAT_TABLE, EINVAL);
	code = net_begin(&nft);
	if (code == 0)
		code = net_run(nft, script, false);
	nft_ctx_free(nft);
	return code;
}
