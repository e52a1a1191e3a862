# SPDX-License-Identifier: Apache-2.0
# A client of the CRI, the interface between kubelet and container engine: gRPC with nothing but curl and protoc.
# shellcheck shell=bash disable=SC2034,SC2154

CRI_SOCKET=/run/containerd/containerd.sock

# cri CALL TEXT: calls runtime.v1.RuntimeService/CALL with the message that TEXT is in protobuf's text form. Sets $output
# to the answer in the same form. Fails where the call does, with the engine's message in $stderr.
cri()
{
	local proto=${BASH_SOURCE[0]%/*} size
	CALLED="cri $*" output='' stderr='' status=0
	protoc --proto_path="$proto" --encode="runtime.v1.$1Request" cri.proto <<<"$2" >"$T/message" || return 1
	size=$(stat -c %s "$T/message")
	# A message on the wire: not compressed, its length, itself.
	{
		# shellcheck disable=SC2059
		printf "\\0$(printf '\\x%02x' $((size >> 24 & 255)) $((size >> 16 & 255)) $((size >> 8 & 255)) $((size & 255)))"
		cat "$T/message"
	} >"$T/request"
	curl --silent --show-error --max-time 60 --http2-prior-knowledge --unix-socket "$CRI_SOCKET" \
		-H 'content-type: application/grpc' -H 'te: trailers' --data-binary "@$T/request" \
		--dump-header "$T/headers" --output "$T/answer" "http://localhost/runtime.v1.RuntimeService/$1" 2>"$T/err" || {
		status=$? stderr=$(<"$T/err")
		fail "curl"
		return 1
	}
	status=$(sed -n 's/^grpc-status: \([0-9]*\).*/\1/p' "$T/headers")
	stderr=$(sed -n 's/^grpc-message: //p' "$T/headers" | tr -d '\r')
	[ "$status" = 0 ] || return 1
	output=$(tail -c +6 "$T/answer" | protoc --proto_path="$proto" --decode="runtime.v1.$1Response" cri.proto)
}

# must CALL TEXT: the call, which has to succeed.
must() { cri "$@" || fail "the call failed"; }

# cannot TEXT CALL TEXT: the call, which has to fail with a message that holds the first text, in any case.
cannot()
{
	local text=$1
	shift
	! cri "$@" || fail "the call succeeded" || return 1
	[[ ${stderr,,} == *"${text,,}"* ]] || fail "the message does not say: $text"
}

# field NAME: the first value of this name in the answer, without quotes.
field() { sed -n "s/^ *$1: \"\{0,1\}\([^\"]*\)\"\{0,1\}\$/\1/p" <<<"$output" | head -n 1; }

# cri_pod NAME [SECURITY [MORE]]: runs a pod sandbox with the runtime handler turtle; sets $POD and $SANDBOX, its
# configuration, in which SECURITY is the text of its security context and MORE what else is Linux's. The pod has a network
# of CNI's, unless SECURITY says otherwise.
cri_pod()
{
	SANDBOX="metadata { name: '$1' uid: '$1' namespace: 'test' } log_directory: '$T'
		linux { cgroup_parent: '${CRI_PARENT:-turtlepod.slice}' security_context { ${2:-} } ${3:-} }"
	must RunPodSandbox "runtime_handler: 'turtle' config { $SANDBOX }" || return 1
	POD=$(field pod_sandbox_id)
}

# cri_container NAME TEXT: makes and starts a container in $POD, of the image, with what TEXT says; sets $CONTAINER.
cri_container()
{
	must CreateContainer "pod_sandbox_id: '$POD' sandbox_config { $SANDBOX }
		config { metadata { name: '$1' } image { image: '$IMAGE' } log_path: '$1.log' $2 }" || return 1
	CONTAINER=$(field container_id)
	must StartContainer "container_id: '$CONTAINER'"
}

# cri_exec ID WORD...: in the container; sets $output to what came out on stdout, $code to the exit code.
cri_exec()
{
	local id=$1 word words=
	shift
	for word; do
		words+=" cmd: '$word'"
	done
	must ExecSync "container_id: '$id'$words timeout: 20" || return 1
	code=$(field exit_code)
	code=${code:-0}
	output=$(printf '%b' "$(field stdout)")
}

# cri_pid ID: the host's number of the container's first process.
cri_pid()
{
	must ContainerStatus "container_id: '$1' verbose: true" || return 1
	grep -o '\\"pid\\":[0-9]*' <<<"$output" | head -n 1 | cut -d: -f2
}

# cri_state ID STATE
cri_state_is() { must ContainerStatus "container_id: '$1'" && [ "$(field state)" = "$2" ]; }
