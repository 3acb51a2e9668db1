// SPDX-License-Identifier: Apache-2.0
/* See gate_attach.h. */
#include "apply/net/gate_attach.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "apply/net/gate_host.h"
#include "base/err.h"
#include "plan/net/gate_program.h"

#define NAME "carrel_gate"
#define TRIES 5 /* a signal ends the kernel's verifier */
#define LOG_SIZE 65536
#define IDS_MAX 64 /* programs of one cgroup and hook */

static const struct {
	const char *name; /* for people */
	enum bpf_prog_type type;
	enum bpf_attach_type attach;
} hooks[CRL_GATE_COUNT] = {
	[CRL_GATE_SOCKET] = {"socket", BPF_PROG_TYPE_CGROUP_SOCK, BPF_CGROUP_INET_SOCK_CREATE},
	[CRL_GATE_CONNECT4] = {"connect4", BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_INET4_CONNECT},
	[CRL_GATE_CONNECT6] = {"connect6", BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_INET6_CONNECT},
	[CRL_GATE_SEND4] = {"sendmsg4", BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_UDP4_SENDMSG},
	[CRL_GATE_SEND6] = {"sendmsg6", BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_UDP6_SENDMSG},
	[CRL_GATE_EGRESS] = {"egress", BPF_PROG_TYPE_CGROUP_SKB, BPF_CGROUP_INET_EGRESS},
	[CRL_GATE_BIND4] = {"bind4", BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_INET4_BIND},
	[CRL_GATE_BIND6] = {"bind6", BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_INET6_BIND},
	[CRL_GATE_INGRESS] = {"ingress", BPF_PROG_TYPE_CGROUP_SKB, BPF_CGROUP_INET_INGRESS},
};

static uint64_t address_of(const void *p)
{
	return (uint64_t)(uintptr_t)p;
}

static int bpf(enum bpf_cmd command, union bpf_attr *attr)
{
	long rc = syscall(SYS_bpf, command, attr, sizeof(*attr));

	return rc < 0 ? -errno : (int)rc;
}

/* @log  of LOG_SIZE, or NULL */
static int load_once(enum crl_gate_hook hook, const struct crl_gate_program *p, char *log)
{
	union bpf_attr attr = {.prog_type = hooks[hook].type};
	int rc = -EAGAIN;

	attr.expected_attach_type = hooks[hook].attach;
	attr.insns = address_of(p->insn);
	attr.insn_cnt = (uint32_t)p->len;
	attr.license = address_of("GPL"); /* of what bpf(2) is told; no helper that is used asks for it */
	attr.log_buf = address_of(log);
	attr.log_size = log ? LOG_SIZE : 0;
	attr.log_level = log ? 1 : 0;
	(void)snprintf(attr.prog_name, sizeof(attr.prog_name), "%s", NAME);
	for (int i = 0; i < TRIES && rc == -EAGAIN; i++)
		rc = bpf(BPF_PROG_LOAD, &attr);
	return rc;
}

/* The last line of what the kernel's verifier says, if it says something. */
static const char *last_line(char *log)
{
	size_t len = strlen(log);
	char *line;

	while (len > 0 && log[len - 1] == '\n')
		log[--len] = '\0';
	line = strrchr(log, '\n'); /* before it is what it counts: "processed …" */
	if (line && strncmp(line + 1, "processed ", 10) == 0) {
		*line = '\0';
		line = strrchr(log, '\n');
	}
	return line ? line + 1 : log;
}

static int load(enum crl_gate_hook hook, const struct crl_gate_program *p, int *ret, struct crl_err *err)
{
	int rc = load_once(hook, p, NULL);
	scoped_free char *log = NULL;

	if (rc >= 0) {
		*ret = rc;
		return 0;
	}
	log = calloc(1, LOG_SIZE);
	if (log && rc != -EPERM && rc != -ENOSYS)
		crl_ignore(load_once(hook, p, log) < 0);
	return crl_err_set(err, -rc, CRL_STAGE_LIMITS,
			   "the kernel does not take the program \"%s\" of the network%s%.120s", hooks[hook].name,
			   log && log[0] ? ": " : "", log ? last_line(log) : "");
}

/* Is a program of ours what another one is that the kernel has as @id? */
static bool is_same(const struct bpf_prog_info *ours, uint32_t id)
{
	struct bpf_prog_info info = {.type = 0};
	union bpf_attr by_id = {.prog_id = id}, ask = {.info = {.info_len = sizeof(info)}};
	scoped_fd fd = bpf(BPF_PROG_GET_FD_BY_ID, &by_id);

	if (fd < 0)
		return false;
	ask.info.bpf_fd = (uint32_t)fd;
	ask.info.info = address_of(&info);
	return bpf(BPF_OBJ_GET_INFO_BY_FD, &ask) == 0 && strcmp(info.name, NAME) == 0 &&
	       memcmp(info.tag, ours->tag, sizeof(info.tag)) == 0;
}

static bool is_attached(int cgroup, enum crl_gate_hook hook, int program)
{
	uint32_t id[IDS_MAX];
	struct bpf_prog_info ours = {.type = 0};
	union bpf_attr ask = {.info = {.info_len = sizeof(ours)}}, query = {.query = {.prog_cnt = IDS_MAX}};

	ask.info.bpf_fd = (uint32_t)program;
	ask.info.info = address_of(&ours);
	query.query.target_fd = (uint32_t)cgroup;
	query.query.attach_type = hooks[hook].attach;
	query.query.prog_ids = address_of(id);
	if (bpf(BPF_OBJ_GET_INFO_BY_FD, &ask) < 0 || bpf(BPF_PROG_QUERY, &query) < 0)
		return false;
	for (uint32_t i = 0; i < query.query.prog_cnt && i < IDS_MAX; i++)
		if (is_same(&ours, id[i]))
			return true;
	return false;
}

static int attach(int cgroup, enum crl_gate_hook hook, int program, struct crl_err *err)
{
	union bpf_attr attr = {.attach_type = hooks[hook].attach};
	int rc;

	attr.target_fd = (uint32_t)cgroup;
	attr.attach_bpf_fd = (uint32_t)program;
	attr.attach_flags = BPF_F_ALLOW_MULTI; /* R1 */
	rc = bpf(BPF_PROG_ATTACH, &attr);
	return rc < 0 ? crl_err_set(err, -rc, CRL_STAGE_LIMITS,
				    "cannot attach the program \"%s\" of the network to the login's cgroup",
				    hooks[hook].name)
		      : 0;
}

static int add_hook(int cgroup, const struct crl_gate_program *p, enum crl_gate_hook hook, struct crl_err *err)
{
	scoped_fd program = -EBADF;
	int rc = load(hook, p, &program, err);

	if (rc < 0 || cgroup < 0 || is_attached(cgroup, hook, program)) /* R2 */
		return rc;
	return attach(cgroup, hook, program, err);
}

static int attach_all(int cgroup, const struct crl_gate *g, const struct crl_gate_host *host, struct crl_err *err)
{
	int rc = 0;

	for (enum crl_gate_hook hook = 0; hook < CRL_GATE_COUNT && rc == 0; hook++) {
		scoped(crl_gate_program) p = {.len = 0};

		rc = crl_gate_program_make(g, host, hook, &p);
		if (rc < 0)
			(void)crl_err_set(err, -rc, CRL_STAGE_CONFIG,
					  rc == -E2BIG
						  ? "network.allow, network.deny or network.listen is too long for "
						    "network.mode = \"host\""
						  : "no memory for the programs of the network");
		else if (p.len > 0)
			rc = add_hook(cgroup, &p, hook, err);
	}
	return rc; /* R3 */
}

int crl_gatekeep_attach(int cgroup, const struct crl_policy *p, const char *opener, struct crl_err *err)
{
	scoped_free struct crl_gatehost *found = malloc(sizeof(*found));
	scoped(crl_gate) gate = {.holds_reach = false};
	int rc;

	if (!found || crl_gate_make(p, &gate) < 0)
		return crl_err_set(err, ENOMEM, CRL_STAGE_LIMITS, "no memory for the programs of the network");
	rc = crl_gatehost_find(found);
	if (rc < 0)
		return crl_err_set(err, -rc, CRL_STAGE_LIMITS, "cannot tell the host's addresses");
	(void)snprintf(found->host.opener, sizeof(found->host.opener), "%s", opener ?: "");
	return attach_all(cgroup, &gate, &found->host, err);
}
