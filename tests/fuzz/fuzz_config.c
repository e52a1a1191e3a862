/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Throws bytes at the parser, as each of the documents that it knows. Whatever it takes must come out of the writer as
 * a document that it takes again and that is the same; whatever it refuses must come with one fit message.
 */
#include "fuzz.h"

static void check_error(const struct ocispec_error *error)
{
	size_t n = strnlen(error->message, sizeof error->message);

	must(n > 0 && n < sizeof error->message, "the message has an end");
	must(strnlen(error->path, sizeof error->path) < sizeof error->path, "the path has an end");
	must(strncmp(error->message, error->path, strlen(error->path)) == 0, "the message begins with the path");
	must(error->line > 0 && error->column > 0, "the error has a place");
	for (size_t i = 0; i < n; i++)
		must((unsigned char)error->message[i] >= 0x20 && error->message[i] != 0x7f, "no control characters");
}

static void check_document(const struct ocispec_object *object, struct ocispec_arena *arena, const void *document,
			   enum ocispec_style style)
{
	struct ocispec_error error;
	char *first, *second;
	size_t first_size, second_size;
	void *again;

	must(ocispec_write(object, document, style, arena, &first, &first_size) == 0, "it can be written");
	must(ocispec_parse(object, first, first_size, "first", arena, &again, &error) == 0, "it can be read again");
	must(ocispec_write(object, again, style, arena, &second, &second_size) == 0, "it can be written again");
	must(first_size == second_size && memcmp(first, second, first_size) == 0, "it is the same again");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct ocispec_object *const objects[] = {&oci_config_object,
							       &oci_process_object,
							       &oci_resources_object,
							       &oci_state_object,
							       &oci_container_process_state_object,
							       &oci_features_object};

	for (size_t i = 0; i < sizeof objects / sizeof objects[0]; i++) {
		struct ocispec_arena *arena = new_arena();
		struct ocispec_error error;
		void *document;

		if (ocispec_parse(objects[i], (const char *)data, size, "fuzz", arena, &document, &error) == 0)
			check_document(objects[i], arena, document, (enum ocispec_style)(i % 4));
		else
			check_error(&error);
		ocispec_arena_free(arena);
	}
	return 0;
}
