// SPDX-License-Identifier: Apache-2.0
/* See argnames.h. What older headers than the oldest supported do not have stands here as a number. */
#include "policy/filter/argnames.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <linux/fscrypt.h>
#include <linux/fsverity.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <linux/kd.h>
#include <linux/keyctl.h>
#include <linux/netlink.h>
#include <linux/random.h>
#include <linux/sockios.h>
#include <linux/vt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/socket.h>

#include "base/compat.h"
#include "base/nearest.h"

#define SOCKET_TYPE_MOST 15 /* above it are SOCK_CLOEXEC and SOCK_NONBLOCK, which no rule looks at */

struct constant {
	const char *name;
	uint32_t value;
	uint32_t other; /* of a 32-bit program */
};

#define C(name) \
	{ \
#name, (uint32_t)(name), (uint32_t)(name) \
	}

/* clang-format off */ /* tables are read as texts */
static const struct constant clone_flags[] = {
	C(CLONE_VM), C(CLONE_FS), C(CLONE_FILES), C(CLONE_SIGHAND), C(CLONE_PIDFD), C(CLONE_PTRACE),
	C(CLONE_VFORK), C(CLONE_PARENT), C(CLONE_THREAD), C(CLONE_NEWNS), C(CLONE_SYSVSEM), C(CLONE_SETTLS),
	C(CLONE_PARENT_SETTID), C(CLONE_CHILD_CLEARTID), C(CLONE_DETACHED), C(CLONE_UNTRACED),
	C(CLONE_CHILD_SETTID), C(CLONE_NEWCGROUP), C(CLONE_NEWUTS), C(CLONE_NEWIPC), C(CLONE_NEWUSER),
	C(CLONE_NEWPID), C(CLONE_NEWNET), C(CLONE_IO), C(CLONE_NEWTIME),
};

static const struct constant fcntl_commands[] = {
	C(F_DUPFD), C(F_GETFD), C(F_SETFD), C(F_GETFL), C(F_SETFL), C(F_SETOWN), C(F_GETOWN), C(F_SETSIG),
	C(F_GETSIG), C(F_SETOWN_EX), C(F_GETOWN_EX), C(F_OFD_GETLK), C(F_OFD_SETLK), C(F_OFD_SETLKW),
	C(F_SETLEASE), C(F_GETLEASE), C(F_NOTIFY), C(F_DUPFD_CLOEXEC), C(F_SETPIPE_SZ), C(F_GETPIPE_SZ),
	C(F_ADD_SEALS), C(F_GET_SEALS), C(F_GET_RW_HINT), C(F_SET_RW_HINT), C(F_GET_FILE_RW_HINT),
	C(F_SET_FILE_RW_HINT), {"F_GETLK", 5, 12}, {"F_SETLK", 6, 13}, {"F_SETLKW", 7, 14},
};

static const struct constant ioctl_requests[] = {
	C(TCGETS), C(TCSETS), C(TCSETSW), C(TCSETSF), C(TCGETA), C(TCSETA), C(TCSETAW), C(TCSETAF), C(TCSBRK),
	C(TCSBRKP), C(TCXONC), C(TCFLSH), C(TIOCEXCL), C(TIOCNXCL), C(TIOCGEXCL), C(TIOCSCTTY), C(TIOCNOTTY),
	C(TIOCGPGRP), C(TIOCSPGRP), C(TIOCGSID), C(TIOCOUTQ), C(TIOCINQ), C(TIOCSTI), C(TIOCGWINSZ),
	C(TIOCSWINSZ), C(TIOCMGET), C(TIOCMSET), C(TIOCMBIS), C(TIOCMBIC), C(TIOCLINUX), C(TIOCCONS),
	C(TIOCGSERIAL), C(TIOCSSERIAL), C(TIOCPKT), C(TIOCGETD), C(TIOCSETD), C(TIOCSBRK), C(TIOCCBRK),
	C(TIOCGPTN), C(TIOCSPTLCK), C(TIOCGPTLCK), C(TIOCGPTPEER), C(TIOCVHANGUP), C(TIOCSIG), C(FIONREAD),
	C(FIONBIO), C(FIOASYNC), C(FIOCLEX), C(FIONCLEX), C(FIOQSIZE), C(FIBMAP), C(FIGETBSZ), C(FIFREEZE),
	C(FITHAW), C(FITRIM), C(FICLONE), C(FICLONERANGE), C(FIDEDUPERANGE), C(FS_IOC_FSGETXATTR),
	C(FS_IOC_FSSETXATTR), C(FS_IOC_GETFSLABEL), C(FS_IOC_SETFSLABEL), C(FS_IOC_FIEMAP),
	C(FS_IOC_ENABLE_VERITY), C(FS_IOC_SET_ENCRYPTION_POLICY), C(KDGETMODE), C(KDSETMODE), C(KDSKBMODE),
	C(KDSKBENT), C(KDSKBSENT), C(KDSETLED), C(KDSIGACCEPT), C(VT_ACTIVATE), C(VT_SETMODE),
	C(VT_LOCKSWITCH), C(SIOCSIFFLAGS), C(SIOCSIFADDR), C(SIOCSIFMTU), C(SIOCSIFHWADDR), C(SIOCGIFCONF),
	C(SIOCGIFFLAGS), C(SIOCGIFADDR), C(SIOCGIFINDEX), C(SIOCGIFHWADDR), C(SIOCETHTOOL), C(SIOCADDRT),
	C(SIOCDELRT), C(SIOCBRADDBR), C(SIOCATMARK), C(TUNSETIFF), C(RNDADDENTROPY), C(RNDADDTOENTCNT),
	C(BLKROSET), C(BLKGETSIZE64), C(BLKDISCARD), {"FS_IOC_GETFLAGS", FS_IOC_GETFLAGS, FS_IOC32_GETFLAGS},
	{"FS_IOC_SETFLAGS", FS_IOC_SETFLAGS, FS_IOC32_SETFLAGS},
};

static const struct constant keyctl_operations[] = {
	C(KEYCTL_GET_KEYRING_ID), C(KEYCTL_JOIN_SESSION_KEYRING), C(KEYCTL_UPDATE), C(KEYCTL_REVOKE),
	C(KEYCTL_CHOWN), C(KEYCTL_SETPERM), C(KEYCTL_DESCRIBE), C(KEYCTL_CLEAR), C(KEYCTL_LINK),
	C(KEYCTL_UNLINK), C(KEYCTL_SEARCH), C(KEYCTL_READ), C(KEYCTL_INSTANTIATE), C(KEYCTL_NEGATE),
	C(KEYCTL_SET_REQKEY_KEYRING), C(KEYCTL_SET_TIMEOUT), C(KEYCTL_ASSUME_AUTHORITY),
	C(KEYCTL_GET_SECURITY), C(KEYCTL_SESSION_TO_PARENT), C(KEYCTL_REJECT), C(KEYCTL_INSTANTIATE_IOV),
	C(KEYCTL_INVALIDATE), C(KEYCTL_GET_PERSISTENT), C(KEYCTL_DH_COMPUTE), C(KEYCTL_PKEY_QUERY),
	C(KEYCTL_PKEY_ENCRYPT), C(KEYCTL_PKEY_DECRYPT), C(KEYCTL_PKEY_SIGN), C(KEYCTL_PKEY_VERIFY),
	C(KEYCTL_RESTRICT_KEYRING), C(KEYCTL_MOVE), C(KEYCTL_CAPABILITIES), C(KEYCTL_WATCH_KEY),
};

static const struct constant personality_flags[] = {
	C(PER_LINUX), C(PER_LINUX32), C(UNAME26), C(ADDR_NO_RANDOMIZE), C(FDPIC_FUNCPTRS), C(MMAP_PAGE_ZERO),
	C(ADDR_COMPAT_LAYOUT), C(READ_IMPLIES_EXEC), C(ADDR_LIMIT_32BIT), C(SHORT_INODE), C(WHOLE_SECONDS),
	C(STICKY_TIMEOUTS), C(ADDR_LIMIT_3GB),
};

static const struct constant prctl_options[] = {
	C(PR_SET_PDEATHSIG), C(PR_GET_PDEATHSIG), C(PR_GET_DUMPABLE), C(PR_SET_DUMPABLE), C(PR_GET_UNALIGN),
	C(PR_SET_UNALIGN), C(PR_GET_KEEPCAPS), C(PR_SET_KEEPCAPS), C(PR_GET_TIMING), C(PR_SET_TIMING),
	C(PR_SET_NAME), C(PR_GET_NAME), C(PR_GET_SECCOMP), C(PR_SET_SECCOMP), C(PR_CAPBSET_READ),
	C(PR_CAPBSET_DROP), C(PR_GET_TSC), C(PR_SET_TSC), C(PR_GET_SECUREBITS), C(PR_SET_SECUREBITS),
	C(PR_SET_TIMERSLACK), C(PR_GET_TIMERSLACK), C(PR_TASK_PERF_EVENTS_DISABLE),
	C(PR_TASK_PERF_EVENTS_ENABLE), C(PR_MCE_KILL), C(PR_MCE_KILL_GET), C(PR_SET_MM), C(PR_SET_PTRACER),
	C(PR_SET_CHILD_SUBREAPER), C(PR_GET_CHILD_SUBREAPER), C(PR_SET_NO_NEW_PRIVS), C(PR_GET_NO_NEW_PRIVS),
	C(PR_GET_TID_ADDRESS), C(PR_SET_THP_DISABLE), C(PR_GET_THP_DISABLE), C(PR_CAP_AMBIENT),
	C(PR_SVE_SET_VL), C(PR_SVE_GET_VL), C(PR_GET_SPECULATION_CTRL), C(PR_SET_SPECULATION_CTRL),
	C(PR_PAC_RESET_KEYS), C(PR_SET_TAGGED_ADDR_CTRL), C(PR_GET_TAGGED_ADDR_CTRL), C(PR_SET_IO_FLUSHER),
	C(PR_GET_IO_FLUSHER), C(PR_SET_SYSCALL_USER_DISPATCH), C(PR_PAC_SET_ENABLED_KEYS),
	C(PR_PAC_GET_ENABLED_KEYS), C(PR_SCHED_CORE), C(PR_SME_SET_VL), C(PR_SME_GET_VL), C(PR_SET_VMA),
	{"PR_SET_MDWE", 65, 65}, {"PR_GET_MDWE", 66, 66}, {"PR_SET_MEMORY_MERGE", 67, 67},
	{"PR_GET_MEMORY_MERGE", 68, 68},
};

static const struct constant socket_types[] = {
	C(SOCK_STREAM), C(SOCK_DGRAM), C(SOCK_RAW), C(SOCK_RDM), C(SOCK_SEQPACKET), C(SOCK_DCCP),
	C(SOCK_PACKET),
};

static const struct constant socket_families[] = {
	C(AF_UNIX), C(AF_INET), C(AF_INET6), C(AF_NETLINK), C(AF_PACKET), C(AF_ALG), C(AF_CAN), C(AF_RDS),
	C(AF_BLUETOOTH), C(AF_IB), C(AF_TIPC), C(AF_XDP), C(AF_PHONET), C(AF_NFC), C(AF_KEY), C(AF_QIPCRTR),
	C(AF_KCM), C(AF_SMC),
};

static const struct constant socket_levels[] = {
	C(SOL_SOCKET), {"SOL_UDP", IPPROTO_UDP, IPPROTO_UDP}, C(SOL_IP), C(SOL_IPV6), C(SOL_TCP), C(SOL_RAW),
	C(SOL_NETLINK), C(SOL_PACKET), C(SOL_ALG), C(SOL_TLS),
};

static const struct {
	uint32_t level;
	struct constant option;
} socket_options[] = {
	{SOL_SOCKET, C(SO_DEBUG)}, {SOL_SOCKET, C(SO_REUSEADDR)}, {SOL_SOCKET, C(SO_DONTROUTE)},
	{SOL_SOCKET, C(SO_BROADCAST)}, {SOL_SOCKET, C(SO_SNDBUF)}, {SOL_SOCKET, C(SO_RCVBUF)},
	{SOL_SOCKET, C(SO_KEEPALIVE)}, {SOL_SOCKET, C(SO_OOBINLINE)}, {SOL_SOCKET, C(SO_PRIORITY)},
	{SOL_SOCKET, C(SO_LINGER)}, {SOL_SOCKET, C(SO_REUSEPORT)}, {SOL_SOCKET, C(SO_PASSCRED)},
	{SOL_SOCKET, C(SO_RCVLOWAT)}, {SOL_SOCKET, C(SO_BINDTODEVICE)}, {SOL_SOCKET, C(SO_ATTACH_FILTER)},
	{SOL_SOCKET, C(SO_TIMESTAMP)}, {SOL_SOCKET, C(SO_PASSSEC)}, {SOL_SOCKET, C(SO_SNDBUFFORCE)},
	{SOL_SOCKET, C(SO_RCVBUFFORCE)}, {SOL_SOCKET, C(SO_MARK)}, {SOL_SOCKET, C(SO_LOCK_FILTER)},
	{SOL_SOCKET, C(SO_BUSY_POLL)}, {SOL_SOCKET, C(SO_MAX_PACING_RATE)}, {SOL_SOCKET, C(SO_ATTACH_BPF)},
	{SOL_SOCKET, C(SO_ATTACH_REUSEPORT_CBPF)}, {SOL_SOCKET, C(SO_ATTACH_REUSEPORT_EBPF)},
	{SOL_SOCKET, C(SO_ZEROCOPY)}, {SOL_SOCKET, C(SO_TXTIME)}, {SOL_SOCKET, C(SO_BINDTOIFINDEX)},
	{SOL_SOCKET, C(SO_DETACH_REUSEPORT_BPF)}, {SOL_SOCKET, C(SO_PREFER_BUSY_POLL)},
	{SOL_SOCKET, C(SO_RESERVE_MEM)}, {SOL_IP, C(IP_TOS)}, {SOL_IP, C(IP_TTL)}, {SOL_IP, C(IP_HDRINCL)},
	{SOL_IP, C(IP_OPTIONS)}, {SOL_IP, C(IP_RETOPTS)}, {SOL_IP, C(IP_PKTINFO)},
	{SOL_IP, C(IP_MTU_DISCOVER)}, {SOL_IP, C(IP_RECVERR)}, {SOL_IP, C(IP_FREEBIND)},
	{SOL_IP, C(IP_TRANSPARENT)}, {SOL_IP, C(IP_MULTICAST_IF)}, {SOL_IP, C(IP_MULTICAST_TTL)},
	{SOL_IP, C(IP_MULTICAST_LOOP)}, {SOL_IP, C(IP_ADD_MEMBERSHIP)}, {SOL_IP, C(IP_DROP_MEMBERSHIP)},
	{SOL_IP, C(IP_BIND_ADDRESS_NO_PORT)}, {SOL_IPV6, C(IPV6_UNICAST_HOPS)},
	{SOL_IPV6, C(IPV6_MULTICAST_IF)}, {SOL_IPV6, C(IPV6_MULTICAST_HOPS)},
	{SOL_IPV6, C(IPV6_MULTICAST_LOOP)}, {SOL_IPV6, C(IPV6_JOIN_GROUP)}, {SOL_IPV6, C(IPV6_LEAVE_GROUP)},
	{SOL_IPV6, C(IPV6_MTU_DISCOVER)}, {SOL_IPV6, C(IPV6_V6ONLY)}, {SOL_IPV6, C(IPV6_RECVPKTINFO)},
	{SOL_IPV6, C(IPV6_RTHDR)}, {SOL_IPV6, C(IPV6_HOPOPTS)}, {SOL_IPV6, C(IPV6_DSTOPTS)},
	{SOL_IPV6, C(IPV6_TCLASS)}, {SOL_IPV6, C(IPV6_TRANSPARENT)}, {SOL_IPV6, C(IPV6_FREEBIND)},
	{SOL_TCP, C(TCP_NODELAY)}, {SOL_TCP, C(TCP_MAXSEG)}, {SOL_TCP, C(TCP_CORK)},
	{SOL_TCP, C(TCP_KEEPIDLE)}, {SOL_TCP, C(TCP_KEEPINTVL)}, {SOL_TCP, C(TCP_KEEPCNT)},
	{SOL_TCP, C(TCP_SYNCNT)}, {SOL_TCP, C(TCP_DEFER_ACCEPT)}, {SOL_TCP, C(TCP_CONGESTION)},
	{SOL_TCP, C(TCP_MD5SIG)}, {SOL_TCP, C(TCP_USER_TIMEOUT)}, {SOL_TCP, C(TCP_REPAIR)},
	{SOL_TCP, C(TCP_FASTOPEN)}, {SOL_TCP, C(TCP_ULP)}, {SOL_TCP, C(TCP_FASTOPEN_CONNECT)},
	{SOL_TCP, C(TCP_ZEROCOPY_RECEIVE)}, {IPPROTO_UDP, {"UDP_CORK", 1, 1}},
	{IPPROTO_UDP, {"UDP_ENCAP", 100, 100}}, {IPPROTO_UDP, {"UDP_SEGMENT", 103, 103}},
	{IPPROTO_UDP, {"UDP_GRO", 104, 104}}, {SOL_NETLINK, C(NETLINK_ADD_MEMBERSHIP)},
	{SOL_NETLINK, C(NETLINK_DROP_MEMBERSHIP)}, {SOL_NETLINK, C(NETLINK_PKTINFO)},
	{SOL_NETLINK, C(NETLINK_NO_ENOBUFS)}, {SOL_NETLINK, C(NETLINK_EXT_ACK)},
	{SOL_NETLINK, C(NETLINK_GET_STRICT_CHK)}, {SOL_PACKET, C(PACKET_ADD_MEMBERSHIP)},
	{SOL_PACKET, C(PACKET_RX_RING)}, {SOL_PACKET, C(PACKET_TX_RING)}, {SOL_PACKET, C(PACKET_FANOUT)},
	{SOL_PACKET, C(PACKET_VERSION)},
};
/* clang-format on */

#define TABLE(table) .item = (table), .len = CRL_ARRAY_LEN(table)

static const struct {
	const char *name;
	const struct constant *item; /* of the value, or of its first part */
	size_t len;
	bool flags;
} calls[CRL_ARGS_COUNT] = {
	[CRL_ARGS_CLONE] = {.name = "clone", TABLE(clone_flags), .flags = true},
	[CRL_ARGS_FCNTL] = {.name = "fcntl", TABLE(fcntl_commands)},
	[CRL_ARGS_IOCTL] = {.name = "ioctl", TABLE(ioctl_requests)},
	[CRL_ARGS_KEYCTL] = {.name = "keyctl", TABLE(keyctl_operations)},
	[CRL_ARGS_PERSONALITY] = {.name = "personality", TABLE(personality_flags), .flags = true},
	[CRL_ARGS_PRCTL] = {.name = "prctl", TABLE(prctl_options)},
	[CRL_ARGS_SETSOCKOPT] = {.name = "setsockopt", TABLE(socket_levels)},
	[CRL_ARGS_SOCKET] = {.name = "socket", TABLE(socket_types)},
};

const char *crl_args_call_name(enum crl_args_call call)
{
	return calls[call].name;
}

bool crl_args_are_flags(enum crl_args_call call)
{
	return calls[call].flags;
}

const char *crl_args_form(enum crl_args_call call)
{
	if (call == CRL_ARGS_SETSOCKOPT)
		return "a level, or a level and an option such as \"SOL_SOCKET:SO_MARK\"";
	if (call == CRL_ARGS_SOCKET)
		return "a type, or a family and a type such as \"AF_NETLINK:SOCK_RAW\"";
	return calls[call].flags ? "one flag, and behind \"!\" none that is 0" : "one value";
}

bool crl_args_denies(const char *first)
{
	return first[0] == '!';
}

/* "0x5412" or "64", of 32 bits. */
static bool read_number(const char *text, uint32_t *ret)
{
	unsigned long value;
	char *end;

	if (text[0] < '0' || text[0] > '9' || (text[0] == '0' && text[1] != '\0' && text[1] != 'x'))
		return false;
	errno = 0;
	value = strtoul(text, &end, text[1] == 'x' ? 16 : 10);
	if (errno || *end || end == text || value > UINT32_MAX)
		return false;
	*ret = (uint32_t)value;
	return true;
}

static int find(const struct constant *table, size_t len, const char *text, struct constant *ret)
{
	for (size_t i = 0; i < len; i++)
		if (strcmp(table[i].name, text) == 0) {
			*ret = table[i];
			return 0;
		}
	if (!read_number(text, &ret->value))
		return -ENOENT;
	ret->other = ret->value;
	return 0;
}

static int find_option(uint32_t level, const char *text, struct constant *ret)
{
	for (size_t i = 0; i < CRL_ARRAY_LEN(socket_options); i++)
		if (socket_options[i].level == level && strcmp(socket_options[i].option.name, text) == 0) {
			*ret = socket_options[i].option;
			return 0;
		}
	return find(NULL, 0, text, ret);
}

/* Whole items, as they would be written. */
static void offer(enum crl_args_call call, bool deny, struct crl_nearest *n)
{
	char name[CRL_NEAREST_MAX];
	const char *mark = deny ? "!" : "";

	for (size_t i = 0; i < calls[call].len; i++) {
		(void)snprintf(name, sizeof(name), "%s%s", mark, calls[call].item[i].name);
		crl_nearest_offer(n, name);
	}
	for (size_t i = 0; call == CRL_ARGS_SETSOCKOPT && i < CRL_ARRAY_LEN(socket_options); i++)
		for (size_t k = 0; k < CRL_ARRAY_LEN(socket_levels); k++)
			if (socket_levels[k].value == socket_options[i].level) {
				(void)snprintf(name, sizeof(name), "%s%s:%s", mark, socket_levels[k].name,
					       socket_options[i].option.name);
				crl_nearest_offer(n, name);
			}
	for (size_t i = 0; call == CRL_ARGS_SOCKET && i < CRL_ARRAY_LEN(socket_families); i++)
		for (size_t k = 0; k < CRL_ARRAY_LEN(socket_types); k++) {
			(void)snprintf(name, sizeof(name), "%s%s:%s", mark, socket_families[i].name,
				       socket_types[k].name);
			crl_nearest_offer(n, name);
		}
}

/* "LEVEL:OPTION", "FAMILY:TYPE", or the one that stands alone. @first  its part before the colon, or NULL */
static int read_parts(enum crl_args_call call, const char *first, const char *last, struct crl_args_item *ret)
{
	struct constant a = {0}, b = {0};
	int rc;

	if (!first) {
		rc = find(calls[call].item, calls[call].len, last, &a);
	} else if (call == CRL_ARGS_SETSOCKOPT) {
		rc = find(socket_levels, CRL_ARRAY_LEN(socket_levels), first, &a);
		rc = rc < 0 ? rc : find_option(a.value, last, &b);
	} else {
		rc = find(socket_types, CRL_ARRAY_LEN(socket_types), last, &a);
		rc = rc < 0 ? rc : find(socket_families, CRL_ARRAY_LEN(socket_families), first, &b);
	}
	if (rc < 0)
		return rc;
	ret->value = a.value;
	ret->other = a.other;
	ret->paired = first != NULL;
	ret->pair = b.value;
	return 0;
}

int crl_args_parse(enum crl_args_call call, const char *text, struct crl_args_item *ret, struct crl_nearest *nearest)
{
	bool pairs = call == CRL_ARGS_SETSOCKOPT || call == CRL_ARGS_SOCKET;
	struct crl_args_item item = {.deny = crl_args_denies(text)};
	const char *rest = text + item.deny, *colon = strchr(rest, ':');
	char first[CRL_NEAREST_MAX] = "";
	int rc;

	if (colon && (!pairs || (size_t)(colon - rest) >= sizeof(first)))
		return -EINVAL;
	if (colon)
		memcpy(first, rest, (size_t)(colon - rest));
	rc = read_parts(call, colon ? first : NULL, colon ? colon + 1 : rest, &item);
	if (rc == -ENOENT && nearest)
		offer(call, item.deny, nearest);
	if (rc == 0 && item.deny && item.value == 0 && calls[call].flags)
		rc = -EINVAL;
	if (rc == 0 && call == CRL_ARGS_SOCKET && item.value > SOCKET_TYPE_MOST)
		rc = -EINVAL;
	if (rc == 0)
		*ret = item;
	return rc;
}

static const char *name_value(const struct constant *table, size_t len, uint32_t value, char *buf, size_t size)
{
	for (size_t i = 0; i < len; i++)
		if (table[i].value == value)
			return table[i].name;
	(void)snprintf(buf, size, "0x%x", value);
	return buf;
}

const char *crl_args_print(enum crl_args_call call, uint32_t value, uint32_t pair, char *buf, size_t size)
{
	char own[16], first[16];
	const char *name = name_value(calls[call].item, calls[call].len, value, own, sizeof(own));

	if (call == CRL_ARGS_SOCKET)
		(void)snprintf(buf, size, "%s:%s",
			       name_value(socket_families, CRL_ARRAY_LEN(socket_families), pair, first, sizeof(first)),
			       name);
	else
		(void)snprintf(buf, size, "%s", name);
	return buf;
}
