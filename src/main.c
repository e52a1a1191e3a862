/* SPDX-License-Identifier: Apache-2.0 */
/* Entry of the turtle program. */
#include <config.h>

#include <stdio.h>
#include <string.h>

#include "commit.h"

int main(int argc, char **argv)
{
	if (argc == 2 && (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-v") == 0)) {
		printf("turtle version %s\n", PACKAGE_VERSION);
		if (TURTLE_COMMIT[0] != '\0')
			printf("commit: %s\n", TURTLE_COMMIT);
		return 0;
	}
	fprintf(stderr, "turtle: no command is built in yet\n");
	return 1;
}
