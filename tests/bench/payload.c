/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What runs inside the measured containers: nothing. Built without a C library, so that the time of its own exec and
 * exit is as near to zero as a process can be; with -DWAIT it stays until it is killed.
 */
#include <asm/unistd.h>

static long call(long nr, long a)
{
	long r;
#if defined(__x86_64__)
	__asm__ volatile("syscall" : "=a"(r) : "0"(nr), "D"(a) : "rcx", "r11", "memory");
#elif defined(__aarch64__)
	register long x8 __asm__("x8") = nr;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = 0;
	register long x2 __asm__("x2") = 0;
	register long x3 __asm__("x3") = 0;
	__asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3) : "memory");
	r = x0;
#else
#error "add the system call instruction of this architecture"
#endif
	return r;
}

/* No stack protector, no return: there is no caller. */
__attribute__((noreturn, used)) void _start(void);
void _start(void)
{
#ifdef WAIT
	/* A zeroed timespec pointer and no descriptors: ppoll until a signal ends it, on every architecture. */
	for (;;)
#if defined(__NR_pause)
		call(__NR_pause, 0);
#else
		call(__NR_ppoll, 0);
#endif
#else
	for (;;)
		call(__NR_exit_group, 0);
#endif
}
