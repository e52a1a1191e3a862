/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bytes of turtle-init, between turtle_init_start and turtle_init_end. The build makes the file "turtle-init" in the
 * directory that the assembler runs in, and host/ copies the bytes into a sealed memfd for each container.
 */
	.section .rodata.turtle_init, "a", %progbits
	.balign 64
	.globl turtle_init_start
	.type turtle_init_start, %object
turtle_init_start:
	.incbin "turtle-init"
	.globl turtle_init_end
	.type turtle_init_end, %object
turtle_init_end:
	.byte 0
	.size turtle_init_start, turtle_init_end - turtle_init_start
	.section .note.GNU-stack, "", %progbits
