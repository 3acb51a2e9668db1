// SPDX-License-Identifier: Apache-2.0
/* What a kernel cannot do for a policy, of kernels that are not this one: each need, required, preferred and off. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/nskind.h"
#include "base/scope.h"
#include "ctl/conf/lacks_kernel.h"
#include "ctl/host/given.h"
#include "policy/file/load.h"
#include "policy/policy.h"
#include "tests/unit/scratch.h"

#define ALL (CRL_NS_BIT(CRL_NS_COUNT) - 1)
#define REFUSED ": the login is refused\n"
#define WITHOUT ": the login goes on without, and it is logged\n"

struct told {
	char text[2000];
};

static void add(void *arg, const struct ctl_lack *lack)
{
	struct told *t = arg;
	size_t len = strlen(t->text);

	assert_non_null(lack->mend);
	(void)snprintf(t->text + len, sizeof(t->text) - len, "%s (%s) %s: %s\n", lack->key, lack->asker ?: "",
		       lack->text, ctl_lack_outcome(lack->need));
}

/* What a policy of these values is told on a kernel. */
static void judged(const struct ctl_given *has, const char *values, const char *want)
{
	struct crl_config *config = NULL;
	scoped(crl_policy) policy = {0};
	struct crl_err err = {0};
	struct told t = {.text = ""};
	char text[600];

	(void)snprintf(text, sizeof(text), "rules = ( { policy = \"p\"; } );\npolicies = { p = { %s }; };\n", values);
	write_file("carrel.conf", text);
	if (crl_config_load(at("carrel.conf"), &config, &err) < 0 || crl_config_policy(config, "p", &policy, &err) < 0)
		fail_msg("%d: %s", err.line, err.text);
	ctl_judge_kernel(has, &policy, add, &t);
	assert_string_equal(t.text, want);
	crl_config_free(config);
}

static const struct ctl_given full = {
	.release = "7.0", .namespaces = ALL, .landlock = 6, .listener = 0, .nftables = true, .veth = true};

#define EVERYTHING \
	"namespaces = [ \"mount\", \"pid\", \"uts\", \"ipc\", \"net\", \"time\" ];" \
	"network = { mode = \"nat\"; }; shell = { apart = true; }; seccomp = { base = \"@login\"; log = true; };"

static void a_kernel_that_has_all_is_told_nothing_of(void **state)
{
	(void)state;
	judged(&full, EVERYTHING, "");
}

static void namespaces(void **state)
{
	struct ctl_given has = full;

	(void)state;
	has.namespaces &= ~(CRL_NS_BIT(CRL_NS_PID) | CRL_NS_BIT(CRL_NS_IPC));
	judged(&has, "network = { mode = \"host\"; }; namespaces = [ \"mount\", \"pid\", \"ipc\" ];",
	       "namespaces (namespaces) needs pid namespaces, which this Linux 7.0 has not (CONFIG_PID_NS)" REFUSED
	       "namespaces (namespaces) needs ipc namespaces, which this Linux 7.0 has not (CONFIG_IPC_NS)" REFUSED);
	judged(&has, "network = { mode = \"host\"; }; namespaces = [ \"mount\" ];", "");
}

#define TIME(need) \
	"network = { mode = \"host\"; }; namespaces = [ \"mount\", \"time\" ]; features = { time = \"" need "\"; };"
#define NO_TIME \
	"features.time (namespaces) needs time namespaces, which this Linux 5.4 has not (CONFIG_TIME_NS, " \
	"Linux 5.6)"

static void time_namespaces(void **state)
{
	struct ctl_given has = full;

	(void)state;
	has.release = "5.4";
	has.namespaces &= ~CRL_NS_BIT(CRL_NS_TIME);
	judged(&has, TIME("require"), NO_TIME REFUSED);
	judged(&has, TIME("prefer"), NO_TIME WITHOUT);
	judged(&has, TIME("off"), "");
}

#define APART(need) "shell = { apart = true; }; features = { landlock = \"" need "\"; };"
#define NO_APART \
	"shell.apart () needs Landlock domains for signals and sockets, which this Linux 6.1 has not (Linux 6.12, " \
	"CONFIG_SECURITY_LANDLOCK)"

static void landlock_domains(void **state)
{
	struct ctl_given has = full;

	(void)state;
	has.release = "6.1";
	has.landlock = 5;
	judged(&has, APART("require"), NO_APART REFUSED);
	judged(&has, APART("prefer"), NO_APART WITHOUT);
	judged(&has, APART("off"), "");
	judged(&has, "", "");
	has.landlock = 0; /* switched off at boot */
	judged(&has, APART("require"), NO_APART REFUSED);
}

#define TOLD "needs a filter with a listener, which this Linux 7.0 has not (CONFIG_SECCOMP_FILTER, Linux 5.0)" WITHOUT

static void listeners(void **state)
{
	struct ctl_given has = full;

	(void)state;
	has.listener = -EINVAL;
	judged(&has, "seccomp = { base = \"@login\"; log = true; };", "seccomp.log () " TOLD);
	judged(&has, "seccomp = { base = \"@login\"; mode = \"log\"; };", "seccomp.mode () " TOLD);
	judged(&has, "seccomp = { base = \"@login\"; answers = ( { calls = [ \"ptrace\" ]; answer = \"log\"; } ); };",
	       "seccomp.answers () " TOLD);
	judged(&has, "seccomp = { base = \"@login\"; };", "");
	judged(&has, "seccomp = { base = \"@login\"; log = true; }; features = { seccomp = \"off\"; };", "");
	has.listener = -EBUSY;
	judged(&has, "seccomp = { base = \"@login\"; log = true; };",
	       "seccomp.log () needs a filter with a listener, and who runs us has one already, as containers "
	       "do" WITHOUT);
}

static void nftables(void **state)
{
	struct ctl_given has = full;

	(void)state;
	has.nftables = false;
	judged(&has, "network = { mode = \"nat\"; };",
	       "network.mode () needs nftables, which this Linux 7.0 has not (CONFIG_NF_TABLES)" REFUSED);
	has = full;
	has.veth = false;
	judged(&has, EVERYTHING,
	       "network.mode () needs pairs of links, which this Linux 7.0 has not (CONFIG_VETH)" REFUSED);
	judged(&has, "network = { mode = \"none\"; };", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_kernel_that_has_all_is_told_nothing_of),
		cmocka_unit_test(namespaces),
		cmocka_unit_test(time_namespaces),
		cmocka_unit_test(landlock_domains),
		cmocka_unit_test(listeners),
		cmocka_unit_test(nftables),
	};

	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
