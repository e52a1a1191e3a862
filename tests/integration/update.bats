# SPDX-License-Identifier: Apache-2.0
# turtle update, with what every host with cgroup v2 has: the cgroup's own files, and huge pages. The rest of the limits,
# and systemd, are in tests/vm/root/update.bash.
# shellcheck disable=SC2016,SC2154
load helpers

up()
{
	args /probe wait
	ok turtle run -d box
	until_line "$T/out" up
}

value() { cat "${2:-$CGROUP_DIR}/$1"; }

need_hugetlb()
{
	[[ " $(<"$CGROUP_MOUNT/cgroup.controllers") " == *" hugetlb "* ]] || skip "the hugetlb controller is not in cgroup v2 here"
	[ -d /sys/kernel/mm/hugepages/hugepages-2048kB ] || skip "no huge pages of 2 MB"
}

# from JSON [OPTION...]: updates box with a file that holds this.
from()
{
	printf '%s' "$1" >"$T/resources.json"
	shift
	turtle update "$@" --resources="$T/resources.json" box
}

# unchanged COMMAND...: the cgroup's files must say afterwards what they said before.
unchanged()
{
	local before
	before=$(all_values)
	"$@"
	same "$(all_values)" "$before" "the cgroup's files"
}

all_values() { grep -rs '' "$CGROUP_DIR" --include='*.max*' --include='cgroup.subtree_control' --include='cgroup.type'; }

@test "update: a file, as podman has it" {
	need_hugetlb
	up
	ok from '{"hugepageLimits": [{"pageSize": "2MB", "limit": 4194304}], "unified": {"cgroup.max.depth": "3"}}'
	[ -z "$output" ] || fail "words on stdout"
	same "$(value hugetlb.2MB.max)" 4194304
	same "$(value hugetlb.2MB.rsvd.max)" 4194304
	same "$(value cgroup.max.depth)" 3
	same "$(state_of box)" running
}

@test "update: standard input, as containerd has it, from a pipe and from a file" {
	up
	echo '{"unified": {"cgroup.max.depth": "3"}}' >"$T/resources.json"
	ok turtle update --resources=- box <"$T/resources.json"
	same "$(value cgroup.max.depth)" 3
	ok turtle update --resources - box < <(sleep 0.1; echo '{"unified":'; sleep 0.1; echo '{"cgroup.max.depth": "4"}}')
	same "$(value cgroup.max.depth)" 4
	ok turtle update -r - box <<<'{"unified": {"cgroup.max.depth": "5"}}'
	same "$(value cgroup.max.depth)" 5
}

@test "update: the options may follow the id" {
	up
	echo '{"unified": {"cgroup.max.depth": "3"}}' >"$T/resources.json"
	ok turtle update box -r "$T/resources.json"
	same "$(value cgroup.max.depth)" 3
}

@test "update: a document without a value changes nothing" {
	local json
	up
	ok turtle update -r - box <<<'{"unified": {"cgroup.max.depth": "5"}}'
	for json in null ' null
		' '{}' '{"memory": null, "cpu": null, "pids": null, "unified": null}' '{"memory": {"limit": null}}'; do
		ok turtle update -r - box <<<"$json"
		is ""
		same "$(value cgroup.max.depth)" 5
	done
	for json in 'null null' nul nullx '"null"' "[null]"; do
		refused "standard input" turtle update -r - box <<<"$json"
	done
}

@test "update: with --resources no other flag counts" {
	up
	ok from '{"unified": {"cgroup.max.depth": "3"}}' --pids-limit 3 --memory 1m --cpu-idle 7
	same "$(value cgroup.max.depth)" 3
}

@test "update: what is not named stays" {
	need_hugetlb
	config '.linux.resources += {hugepageLimits: [{pageSize: "2MB", limit: 4194304}], unified: {"cgroup.max.depth": "3", "cgroup.max.descendants": "4"}}'
	up
	ok from '{"unified": {"cgroup.max.depth": "9"}}'
	same "$(value cgroup.max.depth)" 9
	same "$(value cgroup.max.descendants)" 4
	same "$(value hugetlb.2MB.max)" 4194304
	unchanged ok turtle update box
	unchanged ok from '{}'
}

@test "update: docker's zeros and -1 change nothing here, and need no controller" {
	up
	unchanged ok from '{"memory": {"limit": 0, "swap": 0, "reservation": 0}, "cpu": {"shares": 0, "quota": 0, "period": 0,
		"realtimeRuntime": 0, "realtimePeriod": 0, "cpus": "", "mems": ""}, "pids": {"limit": -1}, "blockIO": {"weight": 0}}'
	unchanged ok from '{"memory": {"limit": -1, "swap": -1}, "cpu": {"quota": -1, "period": 100000}, "pids": {"limit": 0}}'
	unchanged ok turtle update --memory -1 --memory-swap -1 --pids-limit -1 --cpu-quota -1 box
}

@test "update: one write fails, the ones before it are taken back" {
	need_hugetlb
	config '.linux.resources += {hugepageLimits: [{pageSize: "2MB", limit: 4194304}], unified: {"cgroup.max.depth": "3"}}'
	up
	unchanged refused 'linux.resources.unified.cgroup.max.descendants: write "many" to cgroup.max.descendants of cgroup '"$CGROUP: Invalid argument" \
		from '{"hugepageLimits": [{"pageSize": "2MB", "limit": 2097152}],
			"unified": {"cgroup.max.depth": "7", "cgroup.max.descendants": "many"}}'
	[[ $stderr != *"put back"* ]] || fail "something was not put back"
}

@test "update: a missing controller is one clear error, and changes nothing" {
	up
	unchanged refused 'unified resource "nosuch.max" can'\''t be set: controller "nosuch" not available in cgroup '"$CGROUP (it has: $(value cgroup.controllers))" \
		from '{"unified": {"cgroup.max.depth": "7", "nosuch.max": "1"}}'
	[[ " $(value cgroup.controllers) " == *" memory "* ]] ||
		unchanged refused "linux.resources.memory.limit: the memory controller is not available in cgroup $CGROUP" turtle update --memory 5m box
}

@test "update: a file that no kernel has" {
	need_hugetlb
	up
	unchanged refused "linux.resources.hugepageLimits[0]: open hugetlb.3MB.max of cgroup $CGROUP: No such file or directory (this kernel has no such file)" \
		from '{"hugepageLimits": [{"pageSize": "3MB", "limit": 1}], "unified": {"cgroup.max.depth": "7"}}'
}

@test "update: created and paused containers" {
	args /probe wait
	ok turtle create box
	ok from '{"unified": {"cgroup.max.depth": "3"}}'
	same "$(value cgroup.max.depth)" 3
	same "$(state_of box)" created
	ok turtle start box
	echo 1 >"$CGROUP_DIR/cgroup.freeze"
	until_true grep -qx "frozen 1" "$CGROUP_DIR/cgroup.events"
	ok from '{"unified": {"cgroup.max.depth": "4"}}'
	same "$(value cgroup.max.depth)" 4
	same "$(state_of box)" paused
	echo 0 >"$CGROUP_DIR/cgroup.freeze"
}

@test "update: stopped and unknown containers" {
	args true
	ok turtle create box
	ok turtle start box
	until_true stopped box
	refused "container not running" turtle update --pids-limit 5 box
	refused "container not running" from '{"unified": {"cgroup.max.depth": "4"}}'
	refused "container does not exist" turtle update --pids-limit 5 nosuch
	refused "invalid container ID format" turtle update --pids-limit 5 a/b
}

@test "update: without a cgroup only limits are an error" {
	args /probe wait
	ok turtle --cgroup-manager disabled run -d box
	until_line "$T/out" up
	refused "cannot set pids limit: container could not join or create cgroup" turtle update --pids-limit 5 box
	refused "cannot set memory limit: container could not join or create cgroup" turtle update --memory 50m box
	ok turtle update --pids-limit -1 box
	ok turtle update box
}

@test "update: the device rules stay, whatever the document says" {
	mkfifo "$ROOTFS/go"
	args sh -c 'echo up >/said; read word </go; /probe open /dev/null rw >>/said; /probe open /dev/kmsg r >>/said; echo end >>/said'
	config '.linux.devices += [{path: "/dev/kmsg", type: "c", major: 1, minor: 11, fileMode: 438, uid: 0, gid: 0}] |
		.process.capabilities |= map_values(. + ["CAP_SYSLOG"]) | .root.readonly = false'
	ok turtle run -d box
	until_line "$ROOTFS/said" up
	ok from '{"devices": [{"allow": false, "access": "rwm"}, {"allow": true, "type": "c", "major": 1, "minor": 11, "access": "r"}],
		"unified": {"cgroup.max.depth": "4"}}'
	same "$(value cgroup.max.depth)" 4
	turtle --debug --log "$T/log" update -r - box <<<'{"devices": [{"allow": true, "access": "bad"}]}'
	grep -q "linux.resources.devices is left out" "$T/log" || fail "$(<"$T/log")"
	echo go >"$ROOTFS/go"
	until_line "$ROOTFS/said" end
	same "$(<"$ROOTFS/said")" $'up\nok\nEPERM\nend'
}

@test "update: what only cgroup v1 knows is noted with --debug" {
	up
	ok turtle update --kernel-memory 5m --kernel-memory-tcp 5m --cpu-rt-period 1000 --cpu-rt-runtime 500 box
	turtle --debug --log "$T/log" update --kernel-memory 5m --cpu-rt-period 1000 box
	grep -q "linux.resources.memory.kernel is ignored" "$T/log" || fail "$(<"$T/log")"
	grep -q "linux.resources.cpu.realtimePeriod is ignored" "$T/log" || fail "$(<"$T/log")"
}

@test "update: bad values are refused before anything is written" {
	up
	local json
	while IFS= read -r json; do
		[ -n "$json" ] || continue
		printf '%s' "$json" >"$T/bad.json"
		call turtle update -r "$T/bad.json" box
		[ "$status" -eq 1 ] || fail "it was taken: $json"
		[ "$(wc -l <<<"$stderr")" -eq 1 ] && [ -n "$stderr" ] || fail "not one line of error: $json"
		same "$(value cgroup.max.depth)" max
	done <<-'EOF2'
		[]
		{
		{"unified": {"cgroup.max.depth": "5"}}}
		{"unified": {"cgroup.max.depth": "5"}, "memory": {"limit": "5m"}}
		{"unified": {"cgroup.max.depth": "5"}, "memory": {"limit": 1000, "swap": 500}}
		{"unified": {"cgroup.max.depth": "5"}, "memory": {"swap": 500}}
		{"unified": {"cgroup.max.depth": "5"}, "cpu": {"idle": 3}}
		{"unified": {"cgroup.max.depth": "5"}, "cpu": {"idle": 1, "shares": 100}}
		{"unified": {"cgroup.max.depth": "5"}, "blockIO": {"weight": 5}}
		{"unified": {"cgroup.max.depth": "5", "cgroup.procs": "1"}}
		{"unified": {"cgroup.max.depth": "5", "../cgroup.max.depth": "1"}}
		{"unified": {"cgroup.max.depth": "5", "cgroup.kill": "1"}}
		{"unified": {"cgroup.max.depth": "5"}, "hugepageLimits": [{"pageSize": "../x", "limit": 1}]}
	EOF2
	same "$(state_of box)" running
	refused "read $T/nosuch: No such file or directory" turtle update -r "$T/nosuch" box
}

@test "update: many at once leave one of their values, whole" {
	up
	local i
	for i in 1 2 3 4 5 6 7 8; do
		turtle update -r - box <<<'{"unified": {"cgroup.max.depth": "'"$i"'", "cgroup.max.descendants": "'"$i"'"}}' &
	done
	wait
	same "$(value cgroup.max.depth)" "$(value cgroup.max.descendants)"
	differ "$(value cgroup.max.depth)" max
}
