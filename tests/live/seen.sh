#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What administrators see of logins later and from afar: records in the journal or in syslog, carrelctl log, status, metrics.
. "$(dirname "$0")/../lib/stage.sh"
. "$(dirname "$0")/../lib/prometheus.sh"
# Only what is outside of the stage has a network.
[ "${CARREL_ON_STAGE:-0}" = 1 ] || prometheus_get
stage_enter "$@"
. "$(dirname "$0")/../lib/ctl.sh"
. "$(dirname "$0")/../lib/rootimage.sh"

JOURNAL=/run/systemd/journal/socket
ENTRIES=$STAGE_LOG/journal
LINES=$STAGE_LOG/auth.log
PROMETHEUS=$(prometheus_place)

# The stage's logger notes facility and severity first, which no file of a real one has.
log_lines() {
	log_since 'carrel\[[0-9]*\]: ' | sed 's/^[a-z]*\.[a-z]* //' >"$LINES"
}

# logged [ARGUMENTS...] EXPRESSION: of carrelctl log's rows d, out of syslog
logged() {
	log_lines
	ctl log --file "$LINES" "${@:1:$#-1}" --json | json "${@: -1}"
}

score() { # EXPRESSION of the counts d
	python3 "$STAGE_PY/score.py" "$STATE_DIR/score.1" "$1"
}

journal_start() {
	install -d /run/systemd/journal
	rm -f "$JOURNAL"
	: >"$ENTRIES"
	python3 "$STAGE_PY/journal.py" "$JOURNAL" "$ENTRIES" &
	JOURNAL_PID=$!
	poll 10 test -S "$JOURNAL"
}

journal_stop() {
	kill "$JOURNAL_PID"
	wait "$JOURNAL_PID" 2>/dev/null
	rm -rf /run/systemd/journal
}

entries() { # EVENT: how many
	grep -c "^CARREL_EVENT=$1\$" "$ENTRIES"
}

check_syslog() {
	log_mark
	is "no login yet" "$(status ctl log --file /dev/null)" 1
	is "an empty list for programs" "$(ctl log --file /dev/null --json)" '[
]'
	room ana true
	settle
	is "a login is two events" "$(logged '[x["event"] for x in d]')" "['open', 'close']"
	is "by whom, under which policy, by which service, from where" \
		"$(logged '{tuple(x[k] for k in ("user", "policy", "service", "rhost", "tty")) for x in d}')" \
		"{('ana', 'student', 'sshd', '127.0.0.1', 'ssh')}"
	is "with their number" "$(logged '{x["uid"] for x in d}')" "{$(id -u ana)}"
	is "of one login in one room" "$(logged 'len({(x["login"], x["room"]) for x in d})')" 1
	is "how long, and how it ended" "$(logged '(d[1]["seconds"] >= 0, d[1]["why"])')" "(True, 'close')"
	is "what made the room" "$(logged 'd[0]["why"]')" 'a new room'
	isnt "gus is refused" "$(room gus true)" ""
	is "with code and words" "$(logged gus '[(x["event"], x["policy"], x["why"].split(":")[0]) for x in d]')" \
		"[('refused', '-', 'RULE')]"
	is "others are left out" "$(logged ana 'len(d)')" 2
	is "fields that programs rely on" "$(logged '" ".join(d[0])')" \
		"when event user uid policy service rhost tty login room seconds cpu memory killed why"
	is "since a time" "$(logged --since 1h 'len(d)')" 3
	check "that is over, when the second is" poll 10 eval '[ "$(logged --since 0 "len(d)")" = 0 ]'
	is "no time" "$(status ctl log --since yesterday)" 2
	is "no file" "$(status ctl log --file /nonexistent)" 3
	is "and why not" "$(ctl log --file /nonexistent 2>&1)" 'carrelctl log: cannot read "/nonexistent": No such file or directory'
	is "a directory" "$(ctl log --file /tmp 2>&1)" 'carrelctl log: cannot read "/tmp": Is a directory'
	is "nobody but root" "$(su ana -c "$STAGE_LIB/carrelctl log" >/dev/null 2>&1; echo $?)" 3
}

# A name that root would not give, but a directory of another administrator's can.
# keeps: helper/event R1
# keeps: helper/supervisor/farewell R1
check_hostile() {
	settle
	log_mark
	echo 'e=x:x:4711:4711::/tmp:/bin/sh' >>/etc/passwd
	sed -i 's/^\(students:.*\)$/\1,e=x/' /etc/group
	echo 'e=x:x:4711:' >>/etc/group
	echo 'e=x:*:19000:0:99999:7:::' >>/etc/shadow
	su 'e=x' -c true </dev/null >/dev/null 2>&1
	settle
	is "the name stays in its field" "$(logged '{(x["user"], x["uid"]) for x in d}')" "{('e\\\\x3dx', 4711)}"
	is "and is asked for as it is" "$(logged 'e=x' 'len(d) > 0')" True
	unlike "no line has it as it is" "$(log_since 'carrel\[')" 'e=x'
	like "the room's end neither" "$(log_since ' ended \(')" 'user=e\\x3dx '
	sed -i '/^e=x:/d; s/,e=x$//' /etc/passwd /etc/shadow /etc/group
}

check_journal() {
	settle
	journal_start
	log_mark
	room bob true
	room gus true >/dev/null
	settle
	check "each event is an entry" poll 10 eval '[ "$(entries open) $(entries refused) $(entries close)" = "1 1 1" ]'
	is "with a field for each value" \
		"$(grep -cxE 'CARREL_(USER=bob|POLICY=[a-z]+|SERVICE=sshd|RHOST=127.0.0.1|TTY=ssh|DURATION_S=[0-9]+)' "$ENTRIES")" 14
	is "and the code" "$(grep -cx 'CARREL_STAGE=RULE' "$ENTRIES")" 1
	is "of three kinds" "$(grep '^MESSAGE_ID=[0-9a-f]\{32\}$' "$ENTRIES" | sort -u | wc -l)" 3
	is "syslog has them no second time" "$(log_since 'event=' | wc -l)" 0
	printf '#!/bin/sh\nprintf "%%s\\n" "$@" >%s\ncat %s\n' "$STAGE_LOG/journalctl" "$ENTRIES" >"$STAGE/bin/journalctl"
	chmod 755 "$STAGE/bin/journalctl"
	mount --bind "$STAGE/bin/journalctl" /usr/bin/journalctl
	is "carrelctl log reads them" "$(ctl log --json | json '[(x["event"], x["user"]) for x in d]')" \
		"[('open', 'bob'), ('close', 'bob'), ('refused', 'gus')]"
	check "root's entries alone are asked for" grep -qx '_UID=0' "$STAGE_LOG/journalctl"
	ctl log bob --since 1h >/dev/null
	check "of a user" grep -qx 'CARREL_USER=bob' "$STAGE_LOG/journalctl"
	check "since a time" grep -qxE -- "--since=@[0-9]{10,}" "$STAGE_LOG/journalctl"
	umount /usr/bin/journalctl
	journal_stop
	log_mark
	room bob true
	settle
	is "without it syslog has them" "$(log_since 'event=open ' | wc -l)" 1
}

check_score() {
	settle
	rm -f "$STATE_DIR/score.1"
	room ana true
	room gus true >/dev/null
	settle
	is "logins are counted by policy and service" "$(score 'd["rows"]')" "[('student', 'sshd', 1, 1, 1)]"
	is "refusals by code" "$(score 'd["refused"]')" "{6: 1}"
	is "and the time that it took" "$(score '(sum(d["open"][0]), sum(d["open"][1]))')" "(0, 1)"
	hold one bob@room
	room bob true
	hold_end one
	settle
	is "who joins a room makes none" "$(score '[r for r in d["rows"] if r[0] == "staff"]')" "[('staff', 'sshd', 2, 2, 1)]"
	is "and is timed apart" "$(score '(sum(d["open"][0]), sum(d["open"][1]))')" "(1, 2)"
	ctl rehearse ana >/dev/null
	settle
	is "what is tried is not counted" "$(score 'sum(r[2] for r in d["rows"])')" 3
	is "it is root's alone" "$(stat -c '%a %u' "$STATE_DIR/score.1")" '600 0'
	is "a home that is full" "$(score 'd["why"]')" "{}"
	hold two ana@room
	hold_ask two 'head -c 100M /dev/zero >~/big; true' >/dev/null
	log_mark
	hold_end two
	settle
	is "is an event of why" "$(score 'd["why"]')" "{4: 1}"
	is "which the record names" "$(logged 'd[-1]["why"]')" 'close, met home'
}

# state TOPIC: "STATE WHAT" of that line of status
state() {
	ctl status --no-check --json | json "[x['state'] + ' ' + x['what'] for x in d if x['topic'] == '$1'][0]"
}

# metric EXPRESSION [ARGUMENTS...]: of the numbers d, when all of it is OpenMetrics
metric() {
	ctl metrics "${@:2}" | python3 "$STAGE_PY/openmetrics.py" "$1"
}

check_status() {
	settle
	rm -f "$STATE_DIR/score.1"
	host_config 'store = "/run/carrel-store";'
	is "nothing to look at" "$(status ctl status --no-check)" 0
	like "the configuration, and since when" "$(state configuration)" \
		"^ok /etc/carrel/carrel.conf, since $(date -r /etc/carrel/carrel.conf '+%F %H:%M'), policies=[1-9]"
	is "no room" "$(state rooms)" 'ok rooms=0 users=0 logins=0 empty=0 stale=0 unreadable=0'
	hold one bob@room
	hold two bob@room
	poll 10 logins_are 2 bob
	is "rooms and logins" "$(state rooms)" 'ok rooms=1 users=1 logins=2 empty=0 stale=0 unreadable=0'
	hold_end one
	hold_end two
	settle
	is "nothing was kept" "$(state store)" 'ok /run/carrel-store: nothing was ever kept'
	is "nobody was refused" "$(state refused)" 'ok nobody in the last hour'
	room gus true >/dev/null
	is "somebody was" "$(state refused)" 'look in the last hour: RULE=1 (carrelctl log tells who)'
	is "which the exit status says" "$(status ctl status --no-check)" 1
	is "no trial" "$(state trial)" 'ok none'
	rm -f "$STATE_DIR/score.1"
	touch /etc/carrel/off
	like "switched off" "$(state switch)" '^broken '
	is "is worse" "$(status ctl status --no-check)" 3
	rm /etc/carrel/off
	ctl drain --for 1h >/dev/null
	like "drained" "$(state drain)" '^look '
	ctl drain --off >/dev/null
	echo 'nonsense' >/etc/carrel/carrel.conf
	like "a configuration that cannot be read" "$(state configuration)" '^broken every login is refused: /etc/carrel/carrel.conf'
	is "is as bad" "$(status ctl status --no-check)" 3
	host_config
	chmod 755 $STATE_DIR
	like "a state directory that is not root's alone keeps everybody out" "$(room ana true 2>&1)" 'code STATE'
	like "and that is told" "$(state state)" \
		"^broken every login is refused: found $STATE_DIR with mode 0755 of uid 0, expected a directory of root's"
	is "is as bad" "$(status ctl status --no-check)" 3
	like "by check, too" "$(ctl check --no-rehearse)" "^error +$STATE_DIR +- +found $STATE_DIR with mode 0755"
	chmod 700 $STATE_DIR
	is "in order again" "$(ctl status --no-check | grep -c '^state ')" 0
	mkdir -m 755 /run/carrel-store
	host_config 'store = "/run/carrel-store";'
	is "a store that cannot be used, and why" "$(state store)" "look /run/carrel-store: the store /run/carrel-store must belong \
to root with mode 0700: chmod 0700 it, if it is one"
	rmdir /run/carrel-store
	host_config
	is "fields that programs rely on" "$(ctl status --json | json '" ".join(d[0])')" "topic state what"
	is "and their states" "$(ctl status --json | json '{x["state"] for x in d} <= {"ok", "look", "broken"}')" True
	is "each topic is in the page" "$(for topic in $(ctl status --json | json '" ".join(x["topic"] for x in d)'); do
		grep -q "^| \`$topic\` |" "$STAGE/data/monitoring.md" || echo "$topic"; done)" ""
	like "what check has to say" "$(ctl status)" '^check +(ok|look|broken) +errors=[0-9]+ warnings=[0-9]+'
	is "not for users" "$(su ana -c "$STAGE_LIB/carrelctl status" >/dev/null 2>&1; echo $?)" 3
}

# The plug-in of docs/monitoring.md, as it stands there.
plugin() {
	PATH=$STAGE_LOG/bin:$PATH sh "$STAGE_LOG/plugin"
}

check_plugin() {
	settle
	rm -f "$STATE_DIR/score.1"
	host_config 'store = "/run/carrel-store";'
	awk '/^```sh like=seen/ { on = 1; next } /^```/ { on = 0 } on' "$STAGE/data/monitoring.md" >"$STAGE_LOG/plugin"
	mkdir "$STAGE_LOG/bin"
	printf '#!/bin/sh\nexec %s --helper %s "$@" --no-check\n' "$STAGE_LIB/carrelctl" "$STAGE_LIB/carrel-helper" \
		>"$STAGE_LOG/bin/carrelctl"
	chmod 755 "$STAGE_LOG/bin/carrelctl"
	is "all is well" "$(plugin; echo $?)" $'carrel; ok\n0'
	ctl drain --timeout 0 >/dev/null
	is "a warning" "$(plugin; echo $?)" $'carrel; drain: new logins are refused: carrelctl drain --status\n1'
	touch /etc/carrel/off
	like "critical" "$(plugin)" \
		'^carrel; switch: carrel is switched off: .*; drain: new logins are refused: carrelctl drain --status$'
	is "by its status" "$(status plugin)" 2
	rm /etc/carrel/off "$STAGE_LOG/bin/carrelctl"
	ctl drain --off >/dev/null
	is "not known" "$(plugin 2>/dev/null; echo $?)" $'carrel: not known\n3'
	rm -r "$STAGE_LOG/bin"
	host_config
}

check_budgets() {
	host_config 'budgets = { all = { tasks = 5000; }; };' '' 'on_close = "keep"; limits = { budget = "all"; };'
	hold one dora@room
	like "a budget beside its limit" "$(state "budget all")" '^(ok|look) users=1 rooms=1 memory .*, tasks '
	is "its numbers have its name" "$(metric '{k.split("{")[1] for k in d if k.startswith("carrel_budget")} | {"budget=\"all\"}"}')" \
		"{'budget=\"all\"}'}"
	is "fields that programs rely on" "$(ctl list --budgets --json | json '" ".join(d[0])')" \
		"budget users rooms logins tasks tasks_max memory memory_max cpu cpu_max io io_max"
	hold_end one
	ctl kill --now dora >/dev/null 2>&1
	settle
	host_config
}

check_metrics() {
	local name
	settle
	rm -f "$STATE_DIR/score.1"
	room ana true
	room gus true >/dev/null
	hold one bob@room
	poll 10 eval '[ "$(score "sum(r[2] for r in d[\"rows\"])")" = 2 ]' # it is counted when its user may be at work already
	is "which version and build it is" "$(metric '[k for k in d if "build_info" in k]')" "['carrel_build_info{$(ctl --version |
		sed -n 's/^carrelctl \([^ ]*\) .*/version="\1"/p; s/^build \(.*\)/build="\1"/p' | paste -s -d ,)}']"
	is "logins by policy and service" "$(metric '(d["carrel_logins_total{policy=\"student\",service=\"sshd\"}"], \
		d["carrel_logins_open{policy=\"staff\"}"], d["carrel_rooms{policy=\"staff\"}"])')" '(1, 1, 1)'
	is "refused by code" "$(metric '{k: n for k, n in d.items() if "refused_total" in k and n}')" \
		"{'carrel_refused_total{code=\"RULE\"}': 1}"
	is "how many were timed" "$(metric 'd["carrel_open_seconds_count{room=\"new\"}"]')" 2
	is "and how long they took" "$(metric '0 < d["carrel_open_seconds_sum{room=\"new\"}"]')" True
	is "by user" "$(metric '[k for k in d if k.startswith("carrel_rooms{")]' --by user)" "['carrel_rooms{user=\"bob\"}']"
	is "by nothing" "$(metric 'd["carrel_logins_open"]' --by none)" 1
	is "by what is none" "$(status ctl metrics --by room)" 2
	is "memory is somebody's" "$(metric 'd["carrel_memory_bytes{policy=\"staff\"}"] >= 0')" True
	is "so are processes" "$(metric 'd["carrel_processes{policy=\"staff\"}"] > 0')" True
	hold_end one
	settle
	is "what has left" "$(metric 'sum(n for k, n in d.items() if k.startswith("carrel_logins_closed_total"))')" 2
	ctl metrics --prometheus --output "$STAGE_LOG/carrel.prom"
	like "the older text" "$(cat "$STAGE_LOG/carrel.prom")" '^# TYPE carrel_logins_total counter$'
	unlike "has no end" "$(cat "$STAGE_LOG/carrel.prom")" '^# EOF'
	is "everybody may read it" "$(stat -c %a "$STAGE_LOG/carrel.prom")" 644
	is "and nothing is beside it" "$(find "$STAGE_LOG" -name '.carrel.prom*')" ""
	is "nowhere to write" "$(status ctl metrics --output /nonexistent/x)" 3
	if [ -x "$PROMETHEUS/promtool" ]; then
		check "promtool takes it" "$PROMETHEUS/promtool" check metrics <"$STAGE_LOG/carrel.prom"
		check "and the alerts" "$PROMETHEUS/promtool" check rules "$STAGE/data/monitoring/carrel.rules.yml"
	else
		skip "promtool takes it" "no package prometheus to be had: $PROMETHEUS.log"
	fi
	# With a budget there is every family that there can be.
	for name in $(grep -ohE '\bcarrel_[a-z_]+' "$STAGE"/data/monitoring/{carrel.rules.yml,dashboard.json} | sort -u); do
		grep -qE "^# TYPE ${name%_bucket} " "$STAGE_LOG/carrel.prom" || [[ $name == carrel_store_* ]] || echo "$name"
	done >"$STAGE_LOG/unknown"
	is "alerts and dashboard ask for what there is" "$(cat "$STAGE_LOG/unknown")" ""
	check "the dashboard is JSON" python3 -m json.tool "$STAGE/data/monitoring/dashboard.json"
}

# What is kept of homes, beside what it may be.
check_kept() {
	rootimage_loops || { skip_here "homes in images" "no loop devices"; return; }
	command -v mkfs.ext4 >/dev/null || { skip_here "homes in images" "no mkfs.ext4"; return; }
	host_config 'store = "/srv/seen-store";' 'home = { mode = "overlay"; upper = "persistent"; quota = "image"; size = "32M"; };'
	sed -i '0,/home = { mode = "overlay"; size = "64M"; };/s///' /etc/carrel/carrel.conf
	install -d -m 0700 /srv/seen-store
	is "a login with a kept home" "$(room ana 'head -c 3M /dev/urandom >~/some; sync; echo in')" in
	settle
	is "how much homes take" "$(metric '3e6 < d["carrel_store_used_bytes{kind=\"home\"}"] < 2e7')" True
	is "roots" "$(metric 'd["carrel_store_used_bytes{kind=\"root\"}"]')" 0
	is "none is near its limit" "$(metric 'd["carrel_store_entries_near_limit"]')" 0
	is "nobody is named" "$(metric '[k for k in d if "store_entry" in k]')" '[]'
	is "but by user, with the limit" "$(metric '{k: n for k, n in d.items() if "entry_limit" in k}' --by user)" \
		"{'carrel_store_entry_limit_bytes{user=\"ana\",kept=\"home\"}': 33554432}"
	room ana 'head -c 100M /dev/urandom >~/more; sync' >/dev/null 2>&1
	settle
	is "one that is full" "$(metric 'd["carrel_store_entries_near_limit"]')" 1
	like "which status tells" "$(state store)" 'homes=1 roots=0 orphans=0 images=0 nearly full=1, '
	ctl home ana discard --yes >/dev/null 2>&1
	rm -rf /srv/seen-store "$STATE_DIR/homes"
	host_config
}

check_helper() {
	is "the helper runs" "$(metric 'd["carrel_helper_ok"]')" 1
	like "as status tells" "$(state helper)" "^ok $STAGE_LIB/carrel-helper, version [0-9]"
	mv "$STAGE_LIB/carrel-helper" "$STAGE_LIB/kept"
	is "it is not there" "$(metric '(d["carrel_helper_ok"], [k for k in d if "helper_info" in k])')" "(0, [])"
	is "which is as bad as can be" "$(status ctl status --no-check)" 3
	like "and why" "$(state helper)" '^broken .*carrel-helper is not there, or does not run: every login is refused'
	printf '#!/bin/sh\necho 0.1\n' >"$STAGE_LIB/carrel-helper"
	chmod 755 "$STAGE_LIB/carrel-helper"
	is "another version" "$(metric '(d["carrel_helper_ok"], d["carrel_helper_info{version=\"0.1\"}"])')" "(0, 1)"
	mv "$STAGE_LIB/kept" "$STAGE_LIB/carrel-helper"
}

ask_http() { # REQUEST
	printf '%b' "$1" | ctl metrics --http | tr -d '\r'
}

check_http() {
	local answer
	answer=$(ask_http 'GET /metrics HTTP/1.1\r\nAccept: application/openmetrics-text; version=1.0.0\r\n\r\n')
	is "an answer" "$(head -n 1 <<<"$answer")" 'HTTP/1.1 200 OK'
	is "of which all is OpenMetrics" "$(sed '1,/^$/d' <<<"$answer" | python3 "$STAGE_PY/openmetrics.py" 'd["carrel_config_ok"]')" 1
	answer=$(ask_http 'GET /metrics HTTP/1.1\r\n\r\n')
	like "who does not know that is given the older text" "$answer" '^Content-Type: text/plain; version=0.0.4'
	is "nothing else is there" "$(ask_http 'GET /etc/shadow HTTP/1.1\r\n\r\n' | head -n 1)" 'HTTP/1.1 404 Not Found'
	is "nor done" "$(ask_http 'DELETE /metrics HTTP/1.1\r\n\r\n' | head -n 1)" 'HTTP/1.1 405 Method Not Allowed'
	is "noise" "$(ask_http 'hello\r\n\r\n' | head -n 1)" 'HTTP/1.1 400 Bad Request'
	is "both at once" "$(status ctl metrics --http --output /tmp/x)" 2
}

# asked PATH EXPRESSION: what Prometheus answers, as d
asked() {
	python3 -c "import json, urllib.request
d = json.load(urllib.request.urlopen('http://127.0.0.1:9860/api/v1/$1', timeout=20))['data']
print($2)" 2>/dev/null
}

# Prometheus itself.
check_prometheus() {
	local dir=$STAGE_LOG/prometheus socket server
	if ! [ -x "$PROMETHEUS/prometheus" ]; then
		skip "Prometheus scrapes, and loads the alerts" "no package prometheus to be had: $PROMETHEUS.log"
		return
	fi
	settle
	mkdir "$dir"
	cat >"$dir/config.yml" <<-END
	global: { scrape_interval: 1s, evaluation_interval: 1s }
	rule_files: [ "$STAGE/data/monitoring/carrel.rules.yml" ]
	scrape_configs: [ { job_name: carrel, static_configs: [ { targets: [ "127.0.0.1:9859" ] } ] } ]
	END
	printf '#!/bin/sh\nexec %s --helper %s --state %s metrics --http\n' "$STAGE_LIB/carrelctl" "$STAGE_LIB/carrel-helper" \
		"$STATE_DIR" >"$STAGE/bin/metrics"
	chmod 0755 "$STAGE/bin/metrics"
	socat TCP-LISTEN:9859,bind=127.0.0.1,fork,reuseaddr "EXEC:$STAGE/bin/metrics" &
	socket=$!
	apart "$PROMETHEUS/prometheus" --config.file="$dir/config.yml" --storage.tsdb.path="$dir/data" --web.listen-address=127.0.0.1:9860 \
		--log.level=error >"$dir/log" 2>&1 &
	server=$!
	touch /etc/carrel/off
	room ana true
	check "it scrapes" poll 60 eval '[ "$(asked "query?query=up" "d[\"result\"][0][\"value\"][1]")" = 1 ]'
	check "with labels" poll 60 eval '[ "$(asked "query?query=carrel_build_info" "len(d[\"result\"])")" = 1 ]'
	is "all alerts are loaded" "$(asked rules 'sum(len(g["rules"]) for g in d["groups"])')" \
		"$(grep -c -- '- alert:' "$STAGE/data/monitoring/carrel.rules.yml")"
	check "and worked out without error" poll 60 eval '[ "$(asked rules \
		"{r[\"health\"] for g in d[\"groups\"] for r in g[\"rules\"]}")" = "{'"'ok'"'}" ]'
	check "one for a host that is switched off is on its way" poll 60 eval '[ "$(asked alerts \
		"[a[\"state\"] for a in d[\"alerts\"] if a[\"labels\"][\"alertname\"] == \"CarrelOff\"]")" = "['"'pending'"']" ]'
	rm /etc/carrel/off
	kill $server $socket
	wait $server $socket 2>/dev/null
}

host_start
host_config
room ana true
settle
before=$(census)
run_cases "$@" -- check_syslog check_hostile check_journal check_score check_status check_plugin check_budgets \
	check_metrics check_kept check_helper \
	check_http check_prometheus
settle
same_census "nothing but the counts is left behind" "$before"
tap_done
