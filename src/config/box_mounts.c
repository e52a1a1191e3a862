/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mounts out of wishes: --mount, --volume, --tmpfs, --shm-size and what the network and the user namespace ask for.
 *
 * Wished mounts are collected first. One at the destination of a default mount takes its place, in both senses; the
 * others follow, a directory before what is in it, whatever their order on the command line.
 */
#include "config/box_internal.h"

#include "base/mem.h"
#include "base/num.h"
#include "config/config.h"

#include <errno.h>
#include <string.h>

/* Collects the options of one mount. */
struct options {
	const char *values[32];
	size_t n;
};

static bool options_add(struct options *options, const char *word)
{
	if (options->n == ARRAY_SIZE(options->values))
		return false;
	options->values[options->n++] = word;
	return true;
}

static bool is_one_of(const char *word, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(word, words[i]))
			return true;
	return false;
}

#define IS_ONE_OF(word, words) is_one_of(word, words, ARRAY_SIZE(words))

static const char *const propagations[] = {"private", "rprivate", "shared", "rshared", "slave", "rslave"};
static const char *const flags[] = {"exec", "noexec", "suid", "nosuid", "dev", "nodev"};

/* Without empty and `.` components and a slash at the end; NULL in *ret where there is a `..`. */
static int clean_path(struct box *box, const char *path, const char **ret, struct err *err)
{
	char *clean = box_alloc(box, strlen(path) + 2, 1), *end = clean;

	if (!clean)
		return box_no_memory(err);
	*ret = NULL;
	while (*path) {
		size_t n;

		path += strspn(path, "/");
		n = strcspn(path, "/");
		if (n == 2 && !memcmp(path, "..", 2))
			return 0;
		if (n > 0 && !(n == 1 && *path == '.')) {
			*end++ = '/';
			memcpy(end, path, n);
			end += n;
		}
		path += n;
	}
	if (end == clean)
		*end = '/';
	*ret = clean;
	return 0;
}

int box_add_mount(struct box *box, const char *option, const char *value, const struct oci_mount *mount,
		  struct err *err)
{
	struct oci_mount copy = *mount;
	const char **options;
	int r;

	if (!copy.destination || copy.destination[0] != '/')
		return box_bad(err, option, value, "the destination must be an absolute path, in the container");
	r = clean_path(box, copy.destination, &copy.destination, err);
	if (r < 0)
		return r;
	if (!copy.destination)
		return box_bad(err, option, value, "the destination must not hold \"..\"");
	if (!strcmp(copy.destination, "/"))
		return box_bad(err, option, value, "the destination must not be /, that is what --rootfs says");
	for (size_t i = 0; i < box->n_added; i++)
		if (!strcmp(box->added[i].destination, copy.destination))
			return box_bad(err, option, value, "there is another mount at %s", copy.destination);
	options = box_alloc(box, copy.n_options, sizeof(*options));
	if (!options)
		return box_no_memory(err);
	for (size_t i = 0; i < copy.n_options; i++)
		options[i] = copy.options[i];
	copy.options = options;
	box->added[box->n_added++] = copy;
	return 0;
}

/* A path of the host, as the caller sees it. */
static int host_path(struct box *box, const char *path, const char **ret, struct err *err)
{
	*ret = path[0] == '/' ? path : box_text(box, "%s/%s", box->around->cwd, path);
	return *ret ? 0 : box_no_memory(err);
}

/* What the words on a bind mount come to. */
struct bind {
	const char *source, *destination, *propagation;
	bool readonly, flat;
	const char *idmap; /* "idmap", or with its mappings */
	const char *label; /* "z" or "Z" */
	struct options flags;
};

static int add_bind(struct box *box, const char *option, const char *value, const struct bind *bind, struct err *err)
{
	struct options options = {.n = 0};
	struct oci_mount mount = {.destination = bind->destination, .type = "bind"};
	int r;

	if (!bind->source || !*bind->source)
		return box_bad(err, option, value, "names no source");
	r = host_path(box, bind->source, &mount.source, err);
	if (r < 0)
		return r;
	options_add(&options, bind->flat ? "bind" : "rbind");
	options_add(&options, bind->propagation ? bind->propagation : "rprivate");
	/* With all that is mounted below: a volume that is "read-only" but for some part of it helps nobody. */
	if (bind->readonly)
		options_add(&options, bind->flat ? "ro" : "rro");
	if (bind->idmap) {
		const char *word = bind->flat ? bind->idmap : box_text(box, "r%s", bind->idmap);

		if (!word)
			return box_no_memory(err);
		options_add(&options, word);
	}
	for (size_t i = 0; i < bind->flags.n; i++)
		options_add(&options, bind->flags.values[i]);
	mount.options = options.values;
	mount.n_options = options.n;
	return box_add_mount(box, option, value, &mount, err);
}

/*
 * "z", "Z": docker and podman give the source a label that this container, or any, may use. Without SELinux that is
 * nothing. With it there is none to give: the container has the label of whoever starts it.
 */
static int label_word(struct box *box, const char *value, const char *word, struct bind *bind, struct err *err)
{
	if (bind->label && strcmp(bind->label, word) != 0)
		return box_bad(err, "--volume", value, "z and Z contradict each other");
	bind->label = word;
	if (!box->around->selinux())
		return 0;
	box_bad(err, "--volume", value,
		"%s would give the source the container's SELinux label, and this container has none of its own", word);
	return err_hint(err, "leave it out; where the policy denies the source, see chcon(1)");
}

/* One of the options behind the second colon of -v. */
static int bind_word(struct box *box, const char *value, const char *word, struct bind *bind, struct err *err)
{
	if (!strcmp(word, "ro") || !strcmp(word, "rw"))
		bind->readonly = word[1] == 'o';
	else if (!strcmp(word, "bind") || !strcmp(word, "rbind"))
		bind->flat = word[0] == 'b';
	else if (IS_ONE_OF(word, propagations))
		bind->propagation = word;
	else if (!strcmp(word, "idmap") || !strncmp(word, "idmap=", 6))
		bind->idmap = word;
	else if (!strcmp(word, "z") || !strcmp(word, "Z"))
		return label_word(box, value, word, bind, err);
	else if (!IS_ONE_OF(word, flags) || !options_add(&bind->flags, word))
		return box_bad(err, "--volume", value, "unknown option \"%s\"", word);
	return 0;
}

/* The parts between separators, in a copy. */
static char **split(struct box *box, const char *text, char separator, size_t *ret_n)
{
	size_t n = 1;
	char *copy = ocispec_strndup(box->arena, text, strlen(text)), **parts;

	for (const char *c = text; *c; c++)
		n += *c == separator;
	parts = box_alloc(box, n, sizeof(*parts));
	if (!copy || !parts)
		return NULL;
	parts[0] = copy;
	for (size_t i = 1; i < n; i++) {
		parts[i] = strchr(parts[i - 1], separator);
		*parts[i]++ = '\0';
	}
	*ret_n = n;
	return parts;
}

/* SOURCE:DESTINATION[:OPTION,...] */
static int add_volume(struct box *box, const char *value, struct err *err)
{
	static const char option[] = "--volume";
	struct bind bind = {0};
	char **parts, **words;
	size_t n, n_words = 0;

	parts = split(box, value, ':', &n);
	if (!parts)
		return box_no_memory(err);
	if (n < 2 || n > 3 || !*parts[0])
		return box_bad(err, option, value, "not of the form SOURCE:DESTINATION[:OPTIONS]");
	bind.source = parts[0];
	bind.destination = parts[1];
	words = n == 3 ? split(box, parts[2], ',', &n_words) : NULL;
	if (n == 3 && !words)
		return box_no_memory(err);
	for (size_t i = 0; i < n_words; i++) {
		int r = bind_word(box, value, words[i], &bind, err);

		if (r < 0)
			return r;
	}
	return add_bind(box, option, value, &bind, err);
}

/* ---- tmpfs --------------------------------------------------------------------------------------------------- */

struct tmpfs {
	const char *destination, *size, *mode;
	bool readonly;
	struct options words;
};

static bool is_size(const char *text)
{
	size_t digits = strspn(text, "0123456789");
	int64_t bytes;

	if (digits && digits < 4 && !strcmp(text + digits, "%"))
		return true;
	return num_size(text, &bytes) == 0 && bytes > 0;
}

/* tmpfs itself knows k, m, g and %; the rest is written out. */
static int size_option(struct box *box, const char *option, const char *value, const char *text, const char **ret,
		       struct err *err)
{
	int64_t bytes = 0;

	if (!is_size(text))
		return box_bad(err, option, value, "\"%s\" is not a size such as 64m or 1g", text);
	if (num_size(text, &bytes) == 0)
		*ret = box_text(box, "size=%lld", (long long)bytes);
	else
		*ret = box_text(box, "size=%s", text);
	return *ret ? 0 : box_no_memory(err);
}

static bool has_word(const struct options *options, const char *word)
{
	return is_one_of(word, options->values, options->n);
}

/* As docker: nothing in it is executed, set-user-ID or a device, unless the opposite is said. */
static int add_tmpfs(struct box *box, const char *option, const char *value, const struct tmpfs *tmpfs, struct err *err)
{
	static const char *const safe[] = {"nosuid", "nodev", "noexec"};
	struct options options = {.n = 0};
	struct oci_mount mount = {.destination = tmpfs->destination, .type = "tmpfs", .source = "tmpfs"};

	for (size_t i = 0; i < ARRAY_SIZE(safe); i++)
		if (!has_word(&tmpfs->words, safe[i] + 2) && !has_word(&tmpfs->words, safe[i]))
			options_add(&options, safe[i]);
	for (size_t i = 0; i < tmpfs->words.n; i++)
		if (!options_add(&options, tmpfs->words.values[i]))
			return box_bad(err, option, value, "too many options");
	if (tmpfs->readonly)
		options_add(&options, "ro");
	if (!options_add(&options, tmpfs->mode ? tmpfs->mode : "mode=1777") ||
	    (tmpfs->size && !options_add(&options, tmpfs->size)))
		return box_bad(err, option, value, "too many options");
	mount.options = options.values;
	mount.n_options = options.n;
	return box_add_mount(box, option, value, &mount, err);
}

static int mode_option(struct box *box, const char *option, const char *value, const char *text, const char **ret,
		       struct err *err)
{
	uint32_t mode;

	if (box_octal(text, 07777, &mode) < 0)
		return box_bad(err, option, value, "\"%s\" is not a mode such as 1777", text);
	*ret = box_text(box, "mode=%04o", mode);
	return *ret ? 0 : box_no_memory(err);
}

/* One word of --tmpfs DESTINATION:WORD,... */
static int tmpfs_word(struct box *box, const char *value, const char *word, struct tmpfs *tmpfs, struct err *err)
{
	static const char option[] = "--tmpfs";
	static const char *const numbers[] = {"uid=", "gid=", "nr_inodes=", "nr_blocks="};

	if (!strncmp(word, "size=", 5))
		return size_option(box, option, value, word + 5, &tmpfs->size, err);
	if (!strncmp(word, "mode=", 5))
		return mode_option(box, option, value, word + 5, &tmpfs->mode, err);
	if (!strcmp(word, "ro") || !strcmp(word, "rw")) {
		tmpfs->readonly = word[1] == 'o';
		return 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		size_t n = strlen(numbers[i]);
		uint32_t number;

		if (strncmp(word, numbers[i], n) != 0)
			continue;
		if (num_u32(word + n, &number) < 0)
			return box_bad(err, option, value, "\"%s\" is not a number", word + n);
		return options_add(&tmpfs->words, word) ? 0 : box_bad(err, option, value, "too many options");
	}
	if ((!IS_ONE_OF(word, flags) && strcmp(word, "tmpcopyup") != 0) || !options_add(&tmpfs->words, word))
		return box_bad(err, option, value, "unknown option \"%s\"", word);
	return 0;
}

/* DESTINATION[:OPTION,...] */
static int add_short_tmpfs(struct box *box, const char *value, struct err *err)
{
	struct tmpfs tmpfs = {0};
	char **parts, **words;
	size_t n, n_words = 0;

	parts = split(box, value, ':', &n);
	if (!parts)
		return box_no_memory(err);
	if (n > 2)
		return box_bad(err, "--tmpfs", value, "not of the form DESTINATION[:OPTIONS]");
	tmpfs.destination = parts[0];
	words = n == 2 ? split(box, parts[1], ',', &n_words) : NULL;
	if (n == 2 && !words)
		return box_no_memory(err);
	for (size_t i = 0; i < n_words; i++) {
		int r = tmpfs_word(box, value, words[i], &tmpfs, err);

		if (r < 0)
			return r;
	}
	return add_tmpfs(box, "--tmpfs", value, &tmpfs, err);
}

/* ---- --mount ------------------------------------------------------------------------------------------------- */

/* KEY, KEY=true, KEY=false */
static int parse_bool(const char *value, const char *key, const char *text, bool *ret, struct err *err)
{
	if (text && strcmp(text, "true") != 0 && strcmp(text, "1") != 0 && strcmp(text, "false") != 0 &&
	    strcmp(text, "0") != 0)
		return box_bad(err, "--mount", value, "%s is true or false, not \"%s\"", key, text);
	*ret = !text || !strcmp(text, "true") || !strcmp(text, "1");
	return 0;
}

static int bind_key(struct box *box, const char *value, const char *key, const char *text, struct bind *bind,
		    struct err *err)
{
	if (!strcmp(key, "bind-nonrecursive"))
		return parse_bool(value, key, text, &bind->flat, err);
	if (!strcmp(key, "idmap")) {
		bind->idmap = text ? box_text(box, "idmap=%s", text) : key;
		return bind->idmap ? 0 : box_no_memory(err);
	}
	if (!strcmp(key, "bind-propagation")) {
		if (!text || !IS_ONE_OF(text, propagations))
			return box_bad(err, "--mount", value,
				       "bind-propagation is one of [r]private, [r]shared and [r]slave");
		bind->propagation = text;
		return 0;
	}
	if (!text && IS_ONE_OF(key, flags) && options_add(&bind->flags, key))
		return 0;
	return box_bad(err, "--mount", value, "unknown key \"%s\" for type=bind", key);
}

static int tmpfs_key(struct box *box, const char *value, const char *key, const char *text, struct tmpfs *tmpfs,
		     struct err *err)
{
	if (!strcmp(key, "tmpfs-size") && text)
		return size_option(box, "--mount", value, text, &tmpfs->size, err);
	if (!strcmp(key, "tmpfs-mode") && text)
		return mode_option(box, "--mount", value, text, &tmpfs->mode, err);
	if (!text && IS_ONE_OF(key, flags) && options_add(&tmpfs->words, key))
		return 0;
	return box_bad(err, "--mount", value, "unknown key \"%s\" for type=tmpfs", key);
}

struct long_mount {
	const char *type, *source, *destination;
	bool readonly;
};

/* A key that all types have; *ret_own: it is one of the type's own. */
static int common_key(const char *value, const char *key, const char *text, struct long_mount *m, bool *ret_own,
		      struct err *err)
{
	static const char *const sources[] = {"source", "src"};
	static const char *const destinations[] = {"target", "destination", "dst"};
	const char **field = !strcmp(key, "type")           ? &m->type
			     : IS_ONE_OF(key, sources)      ? &m->source
			     : IS_ONE_OF(key, destinations) ? &m->destination
							    : NULL;

	*ret_own = false;
	if (!strcmp(key, "readonly") || !strcmp(key, "ro"))
		return parse_bool(value, key, text, &m->readonly, err);
	if (!field) {
		*ret_own = true;
		return 0;
	}
	if (!text || !*text)
		return box_bad(err, "--mount", value, "%s has no value", key);
	if (*field)
		return box_bad(err, "--mount", value, "the %s is said twice", key);
	*field = text;
	return 0;
}

/* KEY=VALUE,KEY,... The type may be said last, so the type's own keys are read in a second round. */
static int add_long(struct box *box, const char *value, struct err *err)
{
	struct long_mount m = {0};
	struct tmpfs tmpfs = {0};
	struct bind bind = {0};
	char **parts;
	size_t n, n_own = 0;
	int r;

	parts = split(box, value, ',', &n);
	if (!parts)
		return box_no_memory(err);
	for (size_t i = 0; i < n; i++) {
		char *text = strchr(parts[i], '=');
		bool own;

		if (text)
			*text++ = '\0';
		r = common_key(value, parts[i], text, &m, &own, err);
		if (r < 0)
			return r;
		if (own) {
			/* The two strings are behind one another again for the second round. */
			if (text)
				text[-1] = '=';
			parts[n_own++] = parts[i];
		}
	}
	if (!m.type || (strcmp(m.type, "bind") != 0 && strcmp(m.type, "tmpfs") != 0))
		return box_bad(err, "--mount", value, "type=bind and type=tmpfs are known");
	for (size_t i = 0; i < n_own; i++) {
		char *text = strchr(parts[i], '=');

		if (text)
			*text++ = '\0';
		r = m.type[0] == 'b' ? bind_key(box, value, parts[i], text, &bind, err)
				     : tmpfs_key(box, value, parts[i], text, &tmpfs, err);
		if (r < 0)
			return r;
	}
	if (m.type[0] == 'b') {
		bind.source = m.source;
		bind.destination = m.destination;
		bind.readonly = m.readonly;
		return add_bind(box, "--mount", value, &bind, err);
	}
	if (m.source)
		return box_bad(err, "--mount", value, "a tmpfs has no source");
	tmpfs.destination = m.destination;
	tmpfs.readonly = m.readonly;
	return add_tmpfs(box, "--mount", value, &tmpfs, err);
}

/* ---- the default mounts -------------------------------------------------------------------------------------- */

/*
 * The two default configurations have the same mounts in the same order; they differ in /sys and /dev/pts. A new sysfs
 * needs a network namespace that belongs to the user namespace, and the terminals' group must be one that is mapped.
 */
static int choose_defaults(struct box *box, struct err *err)
{
	const struct oci_config *plain = config_default(box->arena, false, 0, 0);
	const struct oci_config *user = config_default(box->arena, true, 0, 0);

	if (!plain || !user)
		return box_no_memory(err);
	for (size_t i = 0; i < box->config->n_mounts; i++) {
		const char *destination = box->config->mounts[i].destination;

		if (!strcmp(destination, "/sys"))
			box->config->mounts[i] = box->userns && !box->own_network ? user->mounts[i] : plain->mounts[i];
		else if (!strcmp(destination, "/dev/pts"))
			box->config->mounts[i] =
				box->userns && !box_gid_mapped(box, 5) ? user->mounts[i] : plain->mounts[i];
	}
	return 0;
}

static int set_shm_size(struct box *box, struct err *err)
{
	const char *value = box->wishes->shm_size, *size, **options;
	int r;

	if (!value)
		return 0;
	r = size_option(box, "--shm-size", value, value, &size, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < box->n_added; i++)
		if (!strcmp(box->added[i].destination, "/dev/shm"))
			return box_bad(err, "--shm-size", value, "there is another mount at /dev/shm");
	for (size_t i = 0; i < box->config->n_mounts; i++) {
		struct oci_mount *m = &box->config->mounts[i];

		if (strcmp(m->destination, "/dev/shm") != 0)
			continue;
		options = box_alloc(box, m->n_options, sizeof(*options));
		if (!options)
			return box_no_memory(err);
		for (size_t k = 0; k < m->n_options; k++)
			options[k] = strncmp(m->options[k], "size=", 5) != 0 ? m->options[k] : size;
		m->options = options;
	}
	return 0;
}

/* Names are resolved by whoever runs the network that is shared. */
static int add_resolv_conf(struct box *box, struct err *err)
{
	static const char path[] = "/etc/resolv.conf";
	static const char *options[] = {"bind", "rprivate", "ro", "nosuid", "nodev", "noexec"};
	const struct oci_mount mount = {.destination = path,
					.type = "bind",
					.source = path,
					.options = options,
					.n_options = ARRAY_SIZE(options)};

	if (!box->whole || box->own_network || !box->around->resolv_conf)
		return 0;
	for (size_t i = 0; i < box->n_added; i++)
		if (!strcmp(box->added[i].destination, path) || !strcmp(box->added[i].destination, "/etc"))
			return 0;
	return box_add_mount(box, "--network", "host", &mount, err);
}

int box_mounts(struct box *box, struct err *err)
{
	const struct box_wishes *w = box->wishes;
	const struct {
		const struct words *words;
		int (*add)(struct box *box, const char *value, struct err *err);
	} kinds[] = {{&w->mount, add_long}, {&w->volume, add_volume}, {&w->tmpfs, add_short_tmpfs}};
	int r;

	box->added = box_alloc(box, w->mount.n + w->volume.n + w->tmpfs.n + w->device.n + 1, sizeof(*box->added));
	if (!box->added)
		return box_no_memory(err);
	r = choose_defaults(box, err);
	if (r < 0)
		return r;
	for (size_t k = 0; k < ARRAY_SIZE(kinds); k++)
		for (size_t i = 0; i < kinds[k].words->n; i++) {
			r = kinds[k].add(box, kinds[k].words->values[i], err);
			if (r < 0)
				return r;
		}
	r = set_shm_size(box, err);
	return r < 0 ? r : add_resolv_conf(box, err);
}

static size_t depth(const char *path)
{
	size_t n = 0;

	for (; *path; path++)
		n += *path == '/';
	return n;
}

/* Puts a mount behind all that are not deeper, from `first` on. */
static void insert(struct oci_mount *mounts, size_t first, size_t *n, const struct oci_mount *mount)
{
	size_t at = *n;

	while (at > first && depth(mounts[at - 1].destination) > depth(mount->destination)) {
		mounts[at] = mounts[at - 1];
		at--;
	}
	mounts[at] = *mount;
	++*n;
}

int box_place_mounts(struct box *box, struct err *err)
{
	struct oci_config *config = box->config;
	size_t defaults = config->n_mounts, n = defaults;
	struct oci_mount *mounts;

	if (!box->n_added)
		return 0;
	mounts = box_alloc(box, defaults + box->n_added, sizeof(*mounts));
	if (!mounts)
		return box_no_memory(err);
	for (size_t i = 0; i < defaults; i++)
		mounts[i] = config->mounts[i];
	for (size_t i = 0; i < box->n_added; i++) {
		size_t at = 0;

		while (at < defaults && strcmp(mounts[at].destination, box->added[i].destination) != 0)
			at++;
		if (at < defaults)
			mounts[at] = box->added[i];
		else
			insert(mounts, defaults, &n, &box->added[i]);
	}
	config->mounts = mounts;
	config->n_mounts = n;
	return 0;
}
