/* SPDX-License-Identifier: Apache-2.0 */
/* Entry of turtle-init, the program that becomes the container's first process. */
#include <unistd.h>

int main(void)
{
	static const char text[] = "turtle-init: started by turtle only\n";

	return write(STDERR_FILENO, text, sizeof(text) - 1) < 0 ? 2 : 1;
}
