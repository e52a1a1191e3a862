/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Preloaded into user-mode Linux of Debian trixie (6.12). That has room for the registers of a processor up to AVX-512
 * and gives them back as it got them, cut off there; the kernel below takes all of them or nothing (EFAULT), and where
 * the processor has AMX, all is more. No guest uses those, so they are added, in their initial state. Newer releases of
 * user-mode Linux ask for the size and never get here with less.
 *
 * Linked without the C library, because user-mode Linux brings its own.
 */
#include <stdarg.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

/* <sys/ptrace.h> is not included for its prototype. */
enum { PEEKTEXT = 1, PEEKUSER = 3, GETREGSET = 0x4204, SETREGSET = 0x4205 };
enum { XSTATE = 0x202 };

static char state[1 << 16];
static struct iovec all = {state, 0};

static long set_all(long pid, const struct iovec *some)
{
	if (all.iov_len == 0) {
		all.iov_len = sizeof(state);
		if (syscall(SYS_ptrace, GETREGSET, pid, XSTATE, &all) < 0)
			return -1;
		memset(state, 0, all.iov_len);
	}
	if (some->iov_len >= all.iov_len)
		return syscall(SYS_ptrace, SETREGSET, pid, XSTATE, some);
	memcpy(state, some->iov_base, some->iov_len);
	return syscall(SYS_ptrace, SETREGSET, pid, XSTATE, &all);
}

long ptrace(int request, ...)
{
	va_list arguments;
	long pid, address, word = 0, r;
	void *data;

	va_start(arguments, request);
	pid = va_arg(arguments, int);
	address = va_arg(arguments, long);
	data = va_arg(arguments, void *);
	va_end(arguments);
	/* The C library's function returns what the kernel stores. */
	if (request >= PEEKTEXT && request <= PEEKUSER) {
		r = syscall(SYS_ptrace, request, pid, address, &word);
		return r < 0 ? r : word;
	}
	if (request == SETREGSET && address == XSTATE)
		return set_all(pid, data);
	return syscall(SYS_ptrace, request, pid, address, data);
}
