# SPDX-License-Identifier: Apache-2.0
# Flattens the JSON schema of the runtime-spec into the lines that lint/ocispec_keys prints. Input: one object, file name
# -> content of that file. $document and $file say what to flatten.

# A schema together with the file it stands in, with its $ref followed.
def resolve($all):
  if (.schema | has("$ref")) then
    (.schema["$ref"] | split("#")) as $ref
    | (if $ref[0] == "" then .file else $ref[0] end) as $file
    | {file: $file, schema: ($all[$file] | getpath($ref[1] | ltrimstr("/") | split("/")))}
    | resolve($all)
  else . end;

# The schemas that make up one: itself and what it combines.
def parts($all):
  resolve($all) as $s
  | $s, ($s.schema | (.allOf // []) + (.anyOf // []) + (.oneOf // []) | .[] | {file: $s.file, schema: .} | parts($all));

def element($all):
  [parts($all) | select(.schema | has("items")) | {file, schema: .schema.items}] | first;

def value($all):
  [parts($all) | . as $part | .schema
   | ((.patternProperties // {}) | .[]), (.additionalProperties | objects)
   | {file: $part.file, schema: .}] | first;

def type($all):
  [parts($all) | .schema | .type // empty | if type == "array" then .[] else . end | select(. != "null")] | first
  // (if any(parts($all); .schema | has("properties")) then "object" else "any" end);

def kind($all):
  . as $s | type($all) as $type
  | if $type == "integer" then
      [parts($all) | .schema | [.minimum, .maximum] | select(. != [null, null])] | first
      | if . == [-2147483648, 2147483647] then "int32"
        elif . == [0, 65535] then "uint16"
        elif . == [0, 4294967295] then "uint32"
        elif . == [-9223372036854775808, 9223372036854775807] then "int64"
        elif . == [0, 18446744073709551615] then "uint64"
        else "integer" end
    elif $type == "array" then "array(" + ($s | element($all) | kind($all)) + ")"
    elif $type == "object" and ($s | value($all)) then "map(" + ($s | value($all) | kind($all)) + ")"
    else $type end;

def below($all; $path):
  . as $s | type($all) as $type
  | if $type == "array" then element($all) | below($all; $path + "[]")
    elif $type == "object" and value($all) then value($all) | below($all; $path + ".*")
    elif $type == "object" then
      parts($all) as $part
      | ($part.schema.properties // {}) | to_entries[] as $p
      | {file: $part.file, schema: $p.value} as $child
      | (if $path == "" then $p.key else $path + "." + $p.key end) as $name
      | (if any($s | parts($all) | .schema.required // [] | .[]; . == $p.key) then "required" else "optional" end) as $required
      | "\($document) \($name) \($child | kind($all)) \($required)",
        ($child | below($all; $name))
    else empty end;

. as $all | {file: $file, schema: $all[$file]} | below($all; "")
