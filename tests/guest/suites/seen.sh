#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# boot: systemd
# Records in a real journal, which knows who sent what; numbers by systemd's socket, and for node_exporter.
. "$(dirname "$0")/../suite.sh"

logged() { # EXPRESSION of the rows d of ana's, since the suite began
	guest "carrelctl log ana --since 1h --json | python3 -c 'import json, sys; d = json.load(sys.stdin); print($1)'"
}

check_journal() {
	conf_write <<'END'
rules = ( { group = "students"; policy = "shared"; } );
END
	pam_wire sshd
	guest 'journalctl --rotate -q; journalctl --vacuum-time=1s -q' >/dev/null 2>&1 # of suites before
	is "a login" "$(login ana 'echo in')" in
	isnt "and a refusal" "$(login gus true 2>&1; echo $?)" 0
	check "the login is two entries" poll 20 eval '[ "$(logged "[x[\"event\"] for x in d]")" = "['"'open', 'close'"']" ]'
	is "under its policy, by its service" "$(logged '{(x["policy"], x["service"], x["tty"]) for x in d}')" \
		"{('shared', 'sshd', 'ssh')}"
	is "with what it used" "$(logged 'd[1]["cpu"] > 0 and d[1]["memory"] > 0')" True
	like "the refusal has its code" "$(guest 'carrelctl log gus --since 1h')" ' refused .* RULE: '
	like "journalctl finds it by its field" "$(guest 'journalctl -q -o cat CARREL_EVENT=refused CARREL_USER=gus')" 'stage=RULE '
	is "each once" "$(guest 'journalctl -q -o cat CARREL_USER=ana CARREL_EVENT=open | wc -l')" 1
}

# Any user may send what looks like an entry of carrel's; journald notes who did.
# keeps: ctl/look/log_read R1
check_forged() {
	guest 'bash -s' <<-'END'
		printf 'MESSAGE=%s\nCARREL_EVENT=open\nCARREL_USER=ana\nSYSLOG_IDENTIFIER=carrel\n' \
			'event=open id=forged user=ana uid=0' >/tmp/entry
		chmod 644 /tmp/entry
		setpriv --reuid ana --regid students --clear-groups logger --journald=/tmp/entry
	END
	check "it is in the journal" poll 20 guest 'journalctl -q -o cat CARREL_EVENT=open | grep -q id=forged'
	is "and not in carrelctl log" "$(logged '[x["login"] for x in d if x["login"] == "forged"]')" '[]'
}

# The units are installed by make install, which fills in where carrelctl is.
check_units() {
	guest 'bash -s' <<-'END'
		for unit in /opt/guest/conf/systemd/carrel-metrics*; do
			sed "s|@SBINDIR@|$(dirname "$(command -v carrelctl)")|" "$unit" >"/etc/systemd/system/${unit##*/}"
		done
		systemctl daemon-reload
		install -d /var/lib/prometheus/node-exporter
	END
	is "systemd finds nothing wrong" "$(guest 'systemd-analyze verify --man=no carrel-metrics.socket carrel-metrics-file.timer 2>&1 |
		grep carrel-metrics')" ""
	check "the socket" guest 'systemctl start carrel-metrics.socket'
	hold one ana
	local text
	text=$(guest 'bash -s' <<-'END'
		python3 - <<-'PY'
			import socket
			s = socket.socket(socket.AF_UNIX)
			s.settimeout(100)
			s.connect("/run/carrel-metrics.socket")
			s.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\nAccept: application/openmetrics-text\r\n\r\n")
			data = b""
			while part := s.recv(65536):
			    data += part
			print(data.decode().replace("\r", ""), end="")
		PY
	END
	)
	is "it answers" "$(head -n 1 <<<"$text")" 'HTTP/1.1 200 OK'
	is "with what the host has" "$(sed '1,/^$/d' <<<"$text" | python3 "$(dirname "$0")/../../lib/py/openmetrics.py" \
		'(d["carrel_rooms{policy=\"shared\"}"], d["carrel_memory_bytes{policy=\"shared\"}"] > 0,
		d["carrel_processes{policy=\"shared\"}"] > 0, d["carrel_config_ok"], d["carrel_helper_ok"])')" '(1, True, True, 1, 1)'
	hold_end one
	guest 'bash -s' <<-'END'
		python3 - <<-'PY'
			import socket
			for i in range(600):
			    with socket.socket(socket.AF_UNIX) as s:
			        s.settimeout(100)
			        s.connect("/run/carrel-metrics.socket")
		PY
	END
	is "whoever asks often does not end it" "$(guest 'systemctl is-active carrel-metrics.socket')" active
	refute "a user may not ask" guest 'setpriv --reuid ana --regid students --clear-groups python3 -c "
import socket
socket.socket(socket.AF_UNIX).connect(\"/run/carrel-metrics.socket\")"'
	is "many who connect do not close it" "$(guest 'python3 -c "
import socket
for i in range(300):
    s = socket.socket(socket.AF_UNIX)
    s.connect(\"/run/carrel-metrics.socket\")"; sleep 3; systemctl is-active carrel-metrics.socket')" active
	check "node_exporter's file" guest 'systemctl start carrel-metrics-file.service'
	like "has the same" "$(guest 'cat /var/lib/prometheus/node-exporter/carrel.prom')" '^carrel_config_ok 1$'
	is "and everybody may read it" "$(guest 'stat -c %a /var/lib/prometheus/node-exporter/carrel.prom')" 644
	check "once a minute" guest 'systemctl start carrel-metrics-file.timer'
	guest 'systemctl stop carrel-metrics-file.timer carrel-metrics.socket; rm -rf /etc/systemd/system/carrel-metrics* \
		/var/lib/prometheus; systemctl daemon-reload'
}

check_status() {
	local text
	text=$(guest 'carrelctl status --no-check')
	like "status: rooms" "$text" '^rooms +ok '
	like "and the refusal" "$text" '^refused +look .*RULE=1'
}

# What auditd would keep: here the kernel's log has it, and journald.
audit_records() {
	guest "{ dmesg; journalctl -q _TRANSPORT=audit; } | grep -c $1"
}

check_audit() {
	local what
	check "audit is on" guest "$(program audit_switch) 1"
	login ana true
	login gus true >/dev/null 2>&1
	check "a refusal is a record, with code, policy and user" poll 30 eval '[ "$(audit_records \
		"\"op=carrel:session_open login=[a-z0-9]* policy=- reason=RULE service=sshd id=[0-9]* acct=.gus. .*res=failed\"")" -gt 0 ]'
	for what in open close; do
		check "so is the $what of a login" poll 30 eval '[ "$(audit_records \
			"\"op=carrel:session_$what login=.* policy=shared .*acct=.ana. .*res=success\"")" -gt 0 ]'
	done
	guest "$(program audit_switch) 0"
}

check "users" users_make
needs check_audit check_journal
needs "check_forged check_status check_units" check_journal
run_cases "$@" -- check_journal check_forged check_status check_audit check_units
tap_done
