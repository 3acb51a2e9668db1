// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>

#include "plan/net/guard.h"
#include "plan/net/nft.h"
#include "plan/net/pool.h"
#include "plan/net/resolv.h"
#include "plan/net/rules.h"
#include "plan/net/share.h"

static struct crl_nat_target target_of(const char *address, uint8_t protocol, uint16_t port)
{
	struct crl_nat_target t = {.host = strcmp(address, "host") == 0, .protocol = protocol, .port = port};
	uint8_t bits;

	if (!t.host)
		assert_null(crl_netrule_network(address, &t.family, t.address, &bits));
	return t;
}

static void fill(struct crl_strv *v, const char *const *text)
{
	for (size_t i = 0; i < 4 && text[i]; i++)
		assert_int_equal(crl_strv_add(v, text[i]), 0);
}

static const struct decided {
	const char *allow[4], *deny[4];
	const char *address;
	uint8_t protocol;
	uint16_t port;
	bool want;
	const char *by; /* NULL = no entry */
} decided[] = {
	{{0}, {0}, "203.0.113.9", IPPROTO_TCP, 80, true, NULL},
	{{0}, {0}, "host", IPPROTO_TCP, 80, false, NULL},
	{{"any"}, {0}, "host", IPPROTO_TCP, 80, false, NULL},
	{{"0.0.0.0/0", "::/0"}, {0}, "host", IPPROTO_TCP, 80, false, NULL},
	{{"host tcp 80"}, {0}, "host", IPPROTO_TCP, 80, true, "host tcp 80"},
	{{"host tcp 80"}, {0}, "host", IPPROTO_UDP, 80, false, NULL},
	{{"host"}, {"host tcp 22"}, "host", IPPROTO_TCP, 22, false, "host tcp 22"},
	{{"host tcp 22"}, {"host tcp"}, "host", IPPROTO_TCP, 22, true, "host tcp 22"},
	{{"host"}, {"host"}, "host", IPPROTO_TCP, 22, false, "host"},
	{{0}, {"@private"}, "10.1.2.3", IPPROTO_TCP, 80, false, "@private"},
	{{"10.1.0.0/16"}, {"@private"}, "10.1.2.3", IPPROTO_TCP, 80, true, "10.1.0.0/16"},
	{{"10.1.0.0/16"}, {"@private"}, "10.2.2.3", IPPROTO_TCP, 80, false, "@private"},
	{{"10.1.0.0/16"}, {"10.1.2.3"}, "10.1.2.3", IPPROTO_TCP, 80, false, "10.1.2.3"},
	{{"10.0.0.0/8"}, {"10.0.0.0/8"}, "10.1.2.3", IPPROTO_TCP, 80, false, "10.0.0.0/8"},
	{{"10.0.0.0/8 tcp 80"}, {"10.0.0.0/8 tcp"}, "10.1.2.3", IPPROTO_TCP, 80, true, "10.0.0.0/8 tcp 80"},
	{{"10.0.0.0/8 tcp"}, {"10.0.0.0/8"}, "10.1.2.3", IPPROTO_TCP, 80, true, "10.0.0.0/8 tcp"},
	{{"10.0.0.0/8 tcp"}, {"10.0.0.0/8"}, "10.1.2.3", IPPROTO_UDP, 80, false, "10.0.0.0/8"},
	{{"any tcp 443"}, {"any"}, "2001:db8::1", IPPROTO_TCP, 443, true, "any tcp 443"},
	{{"any tcp 443"}, {"any"}, "2001:db8::1", IPPROTO_TCP, 80, false, "any"},
	{{0}, {"@private"}, "64:ff9b::10.1.2.3", IPPROTO_TCP, 80, false, "@private"}, /* NAT64 */
	{{0}, {"@private"}, "64:ff9b::203.0.113.9", IPPROTO_TCP, 80, true, NULL},
	{{0}, {"@metadata"}, "64:ff9b::169.254.169.254", IPPROTO_TCP, 80, false, "@metadata"},
	{{0}, {"any icmp"}, "2001:db8::1", IPPROTO_ICMP, 0, false, "any icmp"},
	{{0}, {"0.0.0.0/0"}, "2001:db8::1", IPPROTO_TCP, 80, true, NULL},
	{{0}, {"any udp 100-200,300"}, "192.0.2.1", IPPROTO_UDP, 200, false, "any udp 100-200,300"},
	{{0}, {"any udp 100-200,300"}, "192.0.2.1", IPPROTO_UDP, 201, true, NULL},
};

/* keeps: plan/net/rules R1 R2 */
static void test_rules(void **state)
{
	(void)state;
	for (size_t i = 0; i < CRL_ARRAY_LEN(decided); i++) {
		const struct decided *d = &decided[i];
		const struct crl_nat_target t = target_of(d->address, d->protocol, d->port);
		scoped(crl_policy) p = {.share = 0};
		scoped(crl_nat_rules) r = {.len = 0};
		const struct crl_netrule *by;

		print_message("case %zu\n", i);
		fill(&p.net_allow, d->allow);
		fill(&p.net_deny, d->deny);
		assert_int_equal(crl_nat_rules_make(&p, &r), 0);
		assert_int_equal(crl_nat_rules_allow(&r, &t, &by), d->want);
		if (d->by)
			assert_string_equal(by->text, d->by);
		else
			assert_null(by);
	}
}

static void test_rules_bad(void **state)
{
	scoped(crl_policy) p = {.share = 0};
	struct crl_nat_rules r = {.len = 0};

	(void)state;
	assert_int_equal(crl_strv_add(&p.net_deny, "nonsense"), 0);
	assert_int_equal(crl_nat_rules_make(&p, &r), -EINVAL);
	assert_null(r.item);
}

static void test_pool(void **state)
{
	struct crl_nat_end host, room;
	struct crl_nat_pool pool;
	char text[INET6_ADDRSTRLEN];

	(void)state;
	assert_int_equal(crl_nat_pool_make("198.18.0.0/16", "fd63:6172:7265:6c00::/64", &pool), 0);
	assert_int_equal(pool.slots, 32768);
	assert_true(pool.has_ipv6);
	crl_nat_pool_ends(&pool, 32767, &host, &room);
	assert_string_equal(inet_ntop(AF_INET, host.ipv4, text, sizeof(text)), "198.18.255.254");
	assert_string_equal(inet_ntop(AF_INET, room.ipv4, text, sizeof(text)), "198.18.255.255");
	assert_string_equal(inet_ntop(AF_INET6, room.ipv6, text, sizeof(text)), "fd63:6172:7265:6c00::ffff");
	crl_nat_pool_service(&pool, text);
	assert_string_equal(text, "198.18.0.1");
	for (uint32_t uid = 32760; uid < 32780; uid++)
		assert_in_range(crl_nat_pool_first(&pool, uid), 1, 32767);
	assert_int_equal(crl_nat_pool_next(&pool, 32767), 1);
	assert_int_equal(crl_nat_pool_next(&pool, 1), 2);

	assert_int_equal(crl_nat_pool_make("10.9.8.16/28", "", &pool), 0);
	assert_int_equal(pool.slots, 8);
	crl_nat_pool_ends(&pool, 7, &host, &room);
	assert_string_equal(inet_ntop(AF_INET, room.ipv4, text, sizeof(text)), "10.9.8.31");
	assert_int_equal(crl_nat_pool_make("10.0.0.0/8", "fd00::/120", &pool), 0);
	assert_int_equal(pool.slots, 128);
	assert_int_equal(crl_nat_pool_make("10.0.0.0/8", "", &pool), 0);
	assert_int_equal(pool.slots, CRL_NAT_ROOMS_MAX);
	assert_int_equal(crl_nat_pool_make("10.0.0.0/29", "", &pool), -EINVAL);
	assert_int_equal(crl_nat_pool_make("fd00::/64", "", &pool), -EINVAL);
	assert_int_equal(crl_nat_pool_make("10.0.0.0/8", "10.0.0.0/8", &pool), -EINVAL);
}

static void test_link_names(void **state)
{
	static const char *const bad[] = {"crl-", "crl-0", "crl-65536", "crl-1x", "crl-01", "crl1", "eth0", "xcrl-1"};
	char name[CRL_NAT_LINK_SIZE];

	(void)state;
	crl_nat_link_name(CRL_NAT_ROOMS_MAX - 1, name);
	assert_string_equal(name, "crl-65535");
	assert_int_equal(crl_nat_link_slot(name), 65535);
	for (size_t i = 0; i < CRL_ARRAY_LEN(bad); i++)
		assert_int_equal(crl_nat_link_slot(bad[i]), 0);
}

/* keeps: plan/net/resolv R1 R2 */
static void test_resolv(void **state)
{
	static const struct {
		const char *host, *uplink, *want, *loopback;
		size_t servers;
	} kase[] = {
		{"nameserver 192.0.2.53\nsearch x.org\n", NULL, "nameserver 192.0.2.53\nsearch x.org\n", "", 1},
		{"nameserver 192.0.2.53\n", "nameserver 1.1.1.1\n", "nameserver 192.0.2.53\n", "", 1},
		{"nameserver 127.0.0.53\noptions edns0\n", "nameserver 1.1.1.1\nnameserver 2001:db8::53\n",
		 "nameserver 1.1.1.1\nnameserver 2001:db8::53\n", "", 2},
		{"nameserver 127.0.0.53\nsearch x\n", "# none\n", "nameserver 198.18.0.1\nsearch x\n", "127.0.0.53", 1},
		{"nameserver 127.0.0.1\nnameserver ::1\nnameserver 9.9.9.9", NULL,
		 "nameserver 198.18.0.1\nnameserver 9.9.9.9\n", "127.0.0.1", 2},
		{"nameserver ::1\n", NULL, "nameserver 198.18.0.1\n", "127.0.0.1", 1},
		{"nameserver 0.0.0.0\n", NULL, "nameserver 198.18.0.1\n", "127.0.0.1", 1},
		{"", NULL, "nameserver 198.18.0.1\n", "127.0.0.1", 1},
		{"nameserver\nnameserverx 1.1.1.1\nnameserver example.org\n", NULL,
		 "nameserver\nnameserverx 1.1.1.1\nnameserver example.org\nnameserver 198.18.0.1\n", "127.0.0.1", 1},
		{"nameserver fe80::1%eth0\nnameserver 1.1.1.1\n", NULL,
		 "# nameserver fe80::1 is on a link of the host's\nnameserver 1.1.1.1\n", "", 1},
		{"nameserver febf::1%we.ird-0\n", "nameserver fec0::1\n", "nameserver fec0::1\n", "", 1},
		{"nameserver fe80::1%eth0\n", NULL, "# nameserver fe80::1 is on a link of the host's\n", "", 0},
		{"nameserver\t1.1.1.1 \t# first\n", NULL, "nameserver 1.1.1.1\n", "", 1},
	};

	(void)state;
	for (size_t i = 0; i < CRL_ARRAY_LEN(kase); i++) {
		scoped(crl_nat_resolv) r = {.servers = 0};

		assert_int_equal(crl_nat_resolv_make(kase[i].host, kase[i].uplink, "198.18.0.1", &r), 0);
		assert_string_equal(r.text, kase[i].want);
		assert_string_equal(r.loopback, kase[i].loopback);
		assert_int_equal(r.servers, kase[i].servers);
	}
}

static void test_resolv_many(void **state)
{
	scoped(crl_nat_resolv) r = {.servers = 0};
	char text[1024] = "";

	(void)state;
	for (int i = 0; i < 20; i++)
		(void)sprintf(text + strlen(text), "nameserver 192.0.2.%d\n", i);
	assert_int_equal(crl_nat_resolv_make(text, NULL, "198.18.0.1", &r), 0);
	assert_int_equal(r.servers, CRL_NAT_SERVERS_MAX);
	assert_null(strstr(r.text, "192.0.2.8\n"));
}

/* keeps: plan/net/resolv R3 */
static void test_resolv_of_host(void **state)
{
	static const struct {
		const char *host, *want;
	} kase[] = {
		{"", "127.0.0.1"},
		{"search example.org\nnameserver nonsense\n", "127.0.0.1"},
		{"nameserver 0.0.0.0\nnameserver ::\n", "127.0.0.1 ::1"},
		{"nameserver 127.0.0.53\nnameserver 192.0.2.1 # x\n", "127.0.0.53 192.0.2.1"},
		{"nameserver fe80::1%eth0\n", "fe80::1"},
	};

	(void)state;
	for (size_t i = 0; i < CRL_ARRAY_LEN(kase); i++) {
		struct crl_nat_server s[CRL_NAT_SERVERS_MAX];
		char text[INET6_ADDRSTRLEN], all[CRL_NAT_SERVERS_MAX * INET6_ADDRSTRLEN] = "";
		size_t len = crl_nat_resolv_servers(kase[i].host, s, CRL_NAT_SERVERS_MAX);

		for (size_t j = 0; j < len; j++)
			(void)sprintf(all + strlen(all), "%s%s", j > 0 ? " " : "",
				      inet_ntop(s[j].family, s[j].address, text, sizeof(text)));
		assert_string_equal(all, kase[i].want);
	}
}

/* keeps: plan/net/share R1 R2 */
static void test_share(void **state)
{
	static const uint64_t follows[] = {0, 400, 512, 2048, 16384, 65536, 262144, 1048576, 8388608};

	(void)state;
	for (size_t i = 0; i < CRL_ARRAY_LEN(follows); i++) {
		uint64_t all = follows[i] ? follows[i] : 16384;
		struct crl_nat_share s;

		crl_nat_share(follows[i], &s);
		assert_true(s.each * s.parts * 4 <= all * 3);
		assert_true(s.each * s.parts * 2 > all); /* and not much less */
		assert_true(s.parts >= 2 && s.parts <= 4096 && (s.parts & (s.parts - 1)) == 0);
		assert_in_range(s.room, 256, 8192);
		assert_int_equal(s.towards, 13616 / 16); /* 16384 to 29999 */
	}
}

/* A rate is the policy's, so it is part of the group, and of its chains alone. */
static void test_rates(void **state)
{
	scoped(crl_nat_resolv) v = {.servers = 0};
	struct crl_nat_rules r = {.len = 0};
	static const char *const none[] = {NULL};
	struct crl_nat_wish w = {&r, &v, "198.18.0.1", 262144, CRL_UNLIMITED, CRL_UNLIMITED};
	scoped_free char *script = NULL;
	uint32_t plain, group;
	char chain[80];

	(void)state;
	assert_int_equal(crl_nat_group(&w, &plain), 0);
	w.egress = 100000000;
	assert_int_equal(crl_nat_group(&w, &group), 0);
	assert_int_not_equal(group, plain);
	assert_int_equal(crl_nat_nft_begin(&w, &(struct crl_nat_opened){none, none}, &script), 0);
	(void)snprintf(chain, sizeof(chain), "add rule inet carrel egress_%08x ", group);
	assert_ptr_equal(strstr(strstr(script, chain), "update @sent { meta iif timeout 1m limit rate over 12500000 "),
			 strstr(script, chain) + strlen(chain));
	assert_null(strstr(script, "ingress_8"));
}

static char *script_of(const char *const *allow, const char *const *deny, const char *resolv, uint32_t *ret_group)
{
	static const char *const opened[] = {"up0", NULL}, *const none[] = {NULL};
	scoped(crl_policy) p = {.share = 0};
	scoped(crl_nat_rules) r = {.len = 0};
	scoped(crl_nat_resolv) v = {.servers = 0};
	struct crl_nat_wish w = {&r, &v, "198.18.0.1", 262144, CRL_UNLIMITED, CRL_UNLIMITED};
	char *script = NULL;

	fill(&p.net_allow, allow);
	fill(&p.net_deny, deny);
	assert_int_equal(crl_nat_rules_make(&p, &r), 0);
	assert_int_equal(crl_nat_resolv_make(resolv, NULL, "198.18.0.1", &v), 0);
	assert_int_equal(crl_nat_group(&w, ret_group), 0);
	assert_int_equal(crl_nat_nft_begin(&w, &(struct crl_nat_opened){opened, none}, &script), 0);
	return script;
}

static const char *line_of(const char *script, const char *text)
{
	const char *at = strstr(script, text);

	if (!at)
		print_message("%s\nhas no: %s\n", script, text);
	assert_non_null(at);
	return at;
}

/* Each way that lets something new pass counts it before. */
static void test_counted(void **state)
{
	static const char *const none[4] = {0};
	uint32_t group;
	scoped_free char *script = script_of(none, none, "nameserver 192.0.2.53\n", &group);

	(void)state;
	assert_true(line_of(script, " pass oifname \"crl-*\" ct state new ct status dnat jump led\n") <
		    line_of(script, " @served accept\n"));
	assert_true(line_of(script, " pass iifname \"crl-*\" ct state new jump counted\n") <
		    line_of(script, " iifgroup vmap @pass_by\n"));
	(void)line_of(script, "add rule inet carrel led add @led_now { meta oif ct count over 8192 } drop\n");
	(void)line_of(script, "add rule inet carrel led add @together { ct id & 63 ct count over 3072 } drop\n");
	(void)line_of(script,
		      "counted meta l4proto { tcp, udp } add @towards4 { iif . ip daddr . meta l4proto . th dport "
		      "ct count over 851 } drop\n");
	(void)line_of(script, "add @towards6 { iif . ip6 daddr . meta l4proto . th dport ct count over 851 } drop\n");
}

/* What is said of the host is in the one chain, all else in the other, in the order in which it decides. */
static void test_script(void **state)
{
	static const char *const allow[4] = {"10.1.0.0/16 tcp 80,443", "host udp 123"}, *const deny[4] = {"@private"};
	uint32_t group;
	scoped_free char *script = script_of(allow, deny, "nameserver 192.0.2.53\n", &group);
	char chain[64];
	const char *pass, *at;

	(void)state;
	assert_true(group & 0x80000000u);
	(void)snprintf(chain, sizeof(chain), "add rule inet carrel pass_%08x ", group);
	pass = line_of(script, chain);
	at = line_of(pass, "ip daddr @names4 udp dport 53 accept\n");
	at = line_of(at, "ip6 daddr @names6 tcp dport 53 accept\n");
	at = line_of(at, "ip daddr 10.1.0.0/16 tcp dport { 80-80, 443-443 } accept\n");
	at = line_of(at, "ip daddr 10.0.0.0/8 reject with icmpx type admin-prohibited\n");
	(void)snprintf(chain, sizeof(chain), "add rule inet carrel pass_%08x accept\n", group);
	at = line_of(at, chain);
	(void)snprintf(chain, sizeof(chain), "add rule inet carrel enter_%08x ", group);
	at = line_of(at, chain);
	assert_null(strstr(at, "ip daddr 10."));
	at = line_of(at, "udp dport { 123-123 } accept\n");
	(void)line_of(at, "reject with icmpx type admin-prohibited\n");
	(void)line_of(script, "add element inet carrel opened4 { \"up0\" }\n");
	assert_null(strstr(script, "add element inet carrel opened6"));
	(void)line_of(script, "add element inet carrel names4 { 192.0.2.53 }\n");
	assert_null(strstr(script, "dport 53 dnat"));
}

/* keeps: plan/net/nft R11 */
static void test_names(void **state)
{
	static const char *const none[4] = {0};
	uint32_t group, other;
	scoped_free char *one = script_of(none, none, "nameserver 192.0.2.53\n", &group);
	scoped_free char *two = script_of(none, none, "nameserver 127.0.0.1\n", &other);
	scoped_free char *names = NULL;
	scoped(crl_nat_resolv) v = {.servers = 0};

	(void)state;
	assert_int_equal(group, other); /* so links stay as they are */
	assert_int_equal(crl_nat_resolv_make("nameserver 127.0.0.1\nnameserver 2001:db8::53\n", NULL, "198.18.0.1", &v),
			 0);
	assert_int_equal(crl_nat_nft_names(&v, "198.18.0.1", &names), 0);
	assert_string_equal(
		names,
		"add set inet carrel names4 { type ipv4_addr ; }\nadd set inet carrel names6 { type ipv6_addr ; }\n"
		"add set inet carrel asked { type ipv4_addr ; }\n" /* behind rules that a version before has kept */
		"flush set inet carrel names4\nflush set inet carrel names6\nflush set inet carrel asked\n"
		"flush chain inet carrel names\nflush chain inet carrel local\n"
		"add element inet carrel names6 { 2001:db8::53 }\nadd element inet carrel asked { 127.0.0.1 }\n"
		"add rule inet carrel names iifname \"crl-*\" ip daddr 198.18.0.1 udp dport 53 dnat ip to 127.0.0.1\n"
		"add rule inet carrel local iifname \"crl-*\" ip daddr 127.0.0.1 udp dport 53 snat ip to 127.0.0.1\n"
		"add rule inet carrel names iifname \"crl-*\" ip daddr 198.18.0.1 tcp dport 53 dnat ip to 127.0.0.1\n"
		"add rule inet carrel local iifname \"crl-*\" ip daddr 127.0.0.1 tcp dport 53 snat ip to 127.0.0.1\n");
}

/* Each line speaks of the table, which is what carrel-net asks for. */
static void test_script_lines(void **state)
{
	static const char *const none[4] = {0}, *const deny[4] = {"any icmp", "2001:db8::/32 udp"};
	uint32_t group, other;
	scoped_free char *script = script_of(none, deny, "nameserver 127.0.0.1\n", &group);
	scoped_free char *second = script_of(none, none, "nameserver 127.0.0.1\n", &other);
	scoped_free char *same = script_of(none, deny, "nameserver 127.0.0.1\nsearch x\n", &other);

	(void)state;
	assert_int_equal(group, other);
	assert_string_equal(script, same);
	assert_string_not_equal(script, second);
	(void)line_of(script, "ip daddr 198.18.0.1 udp dport 53 dnat ip to 127.0.0.1\n");
	(void)line_of(script, "meta l4proto { icmp, ipv6-icmp } reject");
	(void)line_of(script, "ip6 daddr 2001:db8::/32 meta l4proto udp reject");
	for (char *line = script; *line; line += strcspn(line, "\n") + 1) {
		int verb = 0, at = 0;

		assert_int_equal(sscanf(line, "%*[a-z]%n %*[a-z] inet carrel%n", &verb, &at), 0);
		assert_true(verb > 0 && at > verb);
	}
}

/* What is made anew says at the end what is forwarded by then. */
static void test_anew(void **state)
{
	static const char *const opened[] = {"up1", "up2", NULL}, *const none[] = {NULL};
	scoped_free char *script = NULL;
	char ask[CRL_NAT_ASK_SIZE];

	(void)state;
	assert_int_equal(crl_nat_nft_opened(&(struct crl_nat_opened){none, opened}, &script), 0);
	assert_string_equal(script, "flush set inet carrel opened4\n"
				    "flush set inet carrel opened6\n"
				    "add element inet carrel opened6 { \"up1\" }\n"
				    "add element inet carrel opened6 { \"up2\" }\n");
	crl_nat_nft_ask(0x80000abc, ask);
	assert_string_equal(ask, "list chain inet carrel pass_80000abc\n");
	assert_true(crl_nat_is_group(0x80000000));
	assert_false(crl_nat_is_group(77));
}

/* Of both hooks each way has its mark set in the table before anything is accepted there, and looked for in the guard. */
static void test_guard(void **state)
{
	static const char *const none[4] = {0};
	uint32_t group;
	scoped_free char *script = script_of(none, none, "nameserver 192.0.2.53\n", &group);
	static const char *const ways[] = {"pass iifname", "pass oifname", "enter iifname"};
	static const char *const opened[] = {"up1", NULL};
	scoped_free char *guard = NULL;

	(void)state;
	assert_int_equal(crl_nat_guard_make(CRL_NAT_GUARD, &(struct crl_nat_opened){opened, none}, &guard), 0);
	for (size_t i = 0; i < CRL_ARRAY_LEN(ways); i++) {
		char rule[128];
		const char *at, *end = strchr(ways[i], ' ');
		int hook = (int)(end - ways[i]);

		(void)snprintf(rule, sizeof(rule),
			       "add rule inet carrel %s \"crl-*\" meta mark set meta mark | 0x2000\n", ways[i]);
		at = line_of(script, rule);
		assert_true(at < line_of(script, " ct state established,related accept\n"));
		(void)snprintf(rule, sizeof(rule),
			       "add rule inet carrel_guard %s \"crl-*\" meta mark & 0x2000 == 0 drop\n", ways[i]);
		(void)line_of(guard, rule);
		(void)snprintf(rule, sizeof(rule),
			       "add rule inet carrel_guard %.*s_on%s \"crl-*\" meta mark set meta mark & 0xffffdfff\n",
			       hook, ways[i], end);
		(void)line_of(guard, rule);
	}
	assert_non_null(strstr(guard, "add table inet carrel_guard { flags owner ; }\n"));
	(void)line_of(guard, "add element inet carrel_guard opened4 { \"up1\" }\n");
	(void)line_of(guard,
		      "add rule inet carrel_guard pass meta nfproto ipv4 iifname @opened4 oifname != \"crl-*\" drop\n");
	(void)line_of(guard,
		      "add rule inet carrel_guard pass meta nfproto ipv6 iifname @opened6 oifname != \"crl-*\" drop\n");
}

/* Two may stand behind one another: each looks before either takes the mark away. */
static void test_guard_next(void **state)
{
	static const char *const none[4] = {0}, *const opened[] = {"up1", NULL};
	scoped_free char *guard = NULL, *sets = NULL;

	(void)state;
	assert_int_equal(crl_nat_guard_make(CRL_NAT_GUARD_NEXT, &(struct crl_nat_opened){none, none}, &guard), 0);
	assert_non_null(strstr(guard, " pass { type filter hook forward priority 999 ;"));
	assert_non_null(strstr(guard, " enter { type filter hook input priority 999 ;"));
	assert_non_null(strstr(guard, " pass_on { type filter hook forward priority 1000 ;"));
	assert_non_null(strstr(guard, " enter_on { type filter hook input priority 1000 ;"));
	for (const char *line = guard; *line; line += strcspn(line, "\n") + 1)
		assert_true(strncmp(line + strcspn(line, "i"), "inet carrel_guard_next ", 23) == 0 ||
			    strncmp(line, "add chain inet carrel_guard_next ", 33) == 0);
	assert_int_equal(crl_nat_guard_open(CRL_NAT_GUARD_NEXT, &(struct crl_nat_opened){none, opened}, &sets), 0);
	assert_string_equal(sets, "flush set inet carrel_guard_next opened4\n"
				  "flush set inet carrel_guard_next opened6\n"
				  "add element inet carrel_guard_next opened6 { \"up1\" }\n");
}

static void test_words(void **state)
{
	static const char *const words[] = {"up0", "eth0.100", "br-1a2b", "wlan_0", "a@b", "a+", "0123456789abcde"};
	static const char *const none[] = {"",   "a\"b", "a{",  "a}",     "a;b", "a$b",      "a\\",
					   "a*", "a b",  "a\n", "eth0:1", "a#",  "\xc3\xa4", "0123456789abcdef"};

	(void)state;
	for (size_t i = 0; i < CRL_ARRAY_LEN(words); i++)
		assert_true(crl_nat_is_word(words[i]));
	for (size_t i = 0; i < CRL_ARRAY_LEN(none); i++)
		assert_false(crl_nat_is_word(none[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),       cmocka_unit_test(test_rules),
		cmocka_unit_test(test_rules_bad),   cmocka_unit_test(test_pool),
		cmocka_unit_test(test_link_names),  cmocka_unit_test(test_resolv),
		cmocka_unit_test(test_resolv_many), cmocka_unit_test(test_resolv_of_host),
		cmocka_unit_test(test_script),      cmocka_unit_test(test_script_lines),
		cmocka_unit_test(test_anew),        cmocka_unit_test(test_guard),
		cmocka_unit_test(test_guard_next),  cmocka_unit_test(test_share),
		cmocka_unit_test(test_rates),       cmocka_unit_test(test_counted),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
