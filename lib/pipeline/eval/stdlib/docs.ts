/** What the reference says of the standard library. Only scripts and tests import it: nothing of it is in a function's bundle. */

export interface FunctionDocs {
  /** As it is called: `string.format`. */
  readonly name: string;
  /** One sentence. */
  readonly summary: string;
  readonly parameters: readonly ParameterDocs[];
  readonly result: string;
  /** Further sentences: corners that surprise. */
  readonly notes?: readonly string[];
  /** An older name that still works and gives a warning. */
  readonly deprecated?: string;
  /** Calls with their results as JSON. */
  readonly examples: readonly { readonly call: string; readonly result: string }[];
  /** Calls that fail, with the message. */
  readonly errors?: readonly { readonly call: string; readonly message: string }[];
}

export interface ParameterDocs {
  readonly name: string;
  readonly type: string;
  readonly description: string;
  readonly optional?: boolean;
  /** Any number of these. */
  readonly many?: boolean;
}

/** A value that isn't called. */
export interface ConstantDocs {
  readonly name: string;
  readonly type: string;
  readonly description: string;
}

const text = (name: string, description: string): ParameterDocs => ({ name, type: "string", description });

const arrayDocs: readonly FunctionDocs[] = [
  {
    name: "array.combine_maps",
    summary: "Joins two lists of objects where the values of some keys are the same, as a database joins tables.",
    parameters: [
      { name: "left", type: "list(object)", description: "Objects or targets." },
      { name: "right", type: "list(object)", description: "Objects or targets; their values win." },
      { name: "keys", type: "list(string)", description: "Keys that must be in both and equal. At least one." },
      {
        name: "pass_through",
        type: "bool",
        description: "Keeps an object of the left list for each one on the right that doesn't fit it.",
        optional: true,
      },
    ],
    result: "A list with an object for each pair that fits, in the order of the left list.",
    notes: [
      "Values are compared more strictly than `==` does: `1` and `1.0` differ, and lists and objects never fit.",
      "With an empty right list the result is empty, whatever `pass_through` says.",
    ],
    examples: [
      {
        call: 'array.combine_maps([{ip = "10.0.0.1", app = "shop"}], [{ip = "10.0.0.1", zone = "a"}, {ip = "10.0.0.2", zone = "b"}], ["ip"])',
        result: '[{"app":"shop","ip":"10.0.0.1","zone":"a"}]',
      },
      {
        call: 'array.combine_maps([{ip = "10.0.0.9"}], [{ip = "10.0.0.1", zone = "a"}], ["ip"], true)',
        result: '[{"ip":"10.0.0.9"}]',
      },
    ],
    errors: [
      { call: "array.combine_maps([], [], [])", message: "[] combine_maps: merge conditions must not be empty" },
      { call: "array.combine_maps([], [])", message: "combine_maps: expected 3 or 4 arguments, got 2" },
    ],
  },
  {
    name: "array.concat",
    summary: "Puts lists one after the other into one list.",
    parameters: [
      { name: "lists", type: "list(any)", description: "Lists; their items may be of any kind.", many: true },
    ],
    result: "One list with all items; an empty one without lists.",
    deprecated: "concat",
    examples: [
      { call: 'array.concat([1, 2], [], ["three"])', result: '[1,2,"three"]' },
      { call: "array.concat()", result: "[]" },
    ],
    errors: [{ call: "array.concat([1], 2)", message: "2 should be array, got number" }],
  },
  {
    name: "array.group_by",
    summary: "Groups a list of objects by the value of a key.",
    parameters: [
      { name: "items", type: "list(object)", description: "Objects or targets." },
      { name: "key", type: "string", description: "Key whose value groups them; the values must be strings." },
      {
        name: "drop_missing",
        type: "bool",
        description: "Leaves out objects without the key; otherwise they form a group of the empty string.",
      },
    ],
    result: "A list with an object for each group: the key with the group's value, and `items` with its objects.",
    notes: ["Groups come in the order of their first object. Alloy's order is random."],
    examples: [
      {
        call: 'array.group_by([{app = "shop", port = 1}, {app = "cart"}, {app = "shop", port = 2}], "app", true)',
        result:
          '[{"app":"shop","items":[{"app":"shop","port":1},{"app":"shop","port":2}]},{"app":"cart","items":[{"app":"cart"}]}]',
      },
      { call: 'array.group_by([{port = 1}], "app", false)', result: '[{"app":"","items":[{"port":1}]}]' },
    ],
    errors: [{ call: 'array.group_by([{app = 1}], "app", true)', message: "1 should be string, got number" }],
  },
];

const encodingDocs: readonly FunctionDocs[] = [
  {
    name: "encoding.from_base64",
    summary: "Decodes base64 with the standard alphabet and padding.",
    parameters: [text("text", "What to decode; line breaks in it are skipped.")],
    result: "The bytes as a list of numbers, which turns into text wherever a string is wanted.",
    notes: [
      'Operators want a string, not bytes: join the result with `string.join([encoding.from_base64(x)], "")` before `+` or `==`.',
    ],
    deprecated: "base64_decode",
    examples: [
      { call: 'encoding.from_base64("aGk=")', result: "[104,105]" },
      { call: 'string.to_upper(encoding.from_base64("aGk="))', result: '"HI"' },
    ],
    errors: [
      { call: 'encoding.from_base64("aGk")', message: "encoding.from_base64 illegal base64 data at input byte 0" },
    ],
  },
  {
    name: "encoding.from_URLbase64",
    summary: "Decodes base64 with the alphabet of URLs and padding.",
    parameters: [text("text", "What to decode; line breaks in it are skipped.")],
    result: "The bytes as a list of numbers, which turns into text wherever a string is wanted.",
    examples: [
      { call: 'string.trim(encoding.from_URLbase64("PDw_Pz8-Pg=="), "")', result: '"\\u003c\\u003c???\\u003e\\u003e"' },
    ],
    errors: [
      {
        call: 'encoding.from_URLbase64("PDw/")',
        message: "encoding.from_URLbase64 illegal base64 data at input byte 3",
      },
    ],
  },
  {
    name: "encoding.from_json",
    summary: "Reads JSON.",
    parameters: [text("text", "A JSON document.")],
    result: "Its value. Numbers are floating-point numbers, so very large integers lose their last digits.",
    deprecated: "json_decode",
    examples: [
      {
        call: 'encoding.from_json("{\\"replicas\\": 3, \\"zones\\": [\\"a\\"]}")',
        result: '{"replicas":3,"zones":["a"]}',
      },
      { call: 'encoding.from_json("{\\"replicas\\": 3}")["replicas"] + 1', result: "4" },
    ],
    errors: [{ call: 'encoding.from_json("{")', message: "encoding.from_json unexpected end of JSON input" }],
  },
  {
    name: "encoding.from_yaml",
    summary: "Reads YAML.",
    parameters: [text("text", "A YAML document.")],
    result: "Its value.",
    notes: [
      "`017` and `0o17` are both 15, `yes` and `off` are strings, `~` and an empty document are null, and merge keys (`<<`) are followed.",
    ],
    deprecated: "yaml_decode",
    examples: [
      { call: 'encoding.from_yaml("replicas: 3\\nzones: [a, b]")', result: '{"replicas":3,"zones":["a","b"]}' },
      { call: 'encoding.from_yaml("on")', result: '"on"' },
    ],
  },
  {
    name: "encoding.to_base64",
    summary: "Encodes the bytes of a text as base64 with the standard alphabet.",
    parameters: [text("text", "What to encode.")],
    result: "Base64, padded.",
    examples: [{ call: 'encoding.to_base64("<<???>>")', result: '"PDw/Pz8+Pg=="' }],
  },
  {
    name: "encoding.to_URLbase64",
    summary: "Encodes the bytes of a text as base64 with the alphabet of URLs.",
    parameters: [text("text", "What to encode.")],
    result: "Base64, padded, with `-` and `_` for `+` and `/`.",
    examples: [{ call: 'encoding.to_URLbase64("<<???>>")', result: '"PDw_Pz8-Pg=="' }],
  },
  {
    name: "encoding.to_json",
    summary: "Writes an object as JSON.",
    parameters: [{ name: "value", type: "object", description: "An object; nothing else is taken." }],
    result: "JSON on one line, with sorted keys, and `<`, `>` and `&` escaped.",
    notes: ["Secrets in the object are written out. The labels of a target are not: it becomes `{}`."],
    examples: [
      {
        call: 'encoding.to_json({zone = "a", app = "shop", replicas = 3})',
        result: '"{\\"app\\":\\"shop\\",\\"replicas\\":3,\\"zone\\":\\"a\\"}"',
      },
    ],
    errors: [{ call: "encoding.to_json([1])", message: "encoding.to_json jsonEncode only supports map" }],
  },
  {
    name: "encoding.url_decode",
    summary: "Decodes a text that was escaped for a URL's query.",
    parameters: [text("text", "What to decode; `+` is a space.")],
    result: "The text.",
    examples: [{ call: 'encoding.url_decode("a+b%2Fc")', result: '"a b/c"' }],
    errors: [{ call: 'encoding.url_decode("100%")', message: 'encoding.url_decode invalid URL escape "%"' }],
  },
  {
    name: "encoding.url_encode",
    summary: "Escapes a text for a URL's query.",
    parameters: [text("text", "What to encode.")],
    result: "The text, with spaces as `+` and everything but letters, digits and `-._~` escaped.",
    examples: [{ call: 'encoding.url_encode("a b/c~*")', result: '"a+b%2Fc~%2A"' }],
  },
];

const stringDocs: readonly FunctionDocs[] = [
  {
    name: "string.format",
    summary: "Fills values into a pattern, as Go's `fmt.Sprintf` does.",
    parameters: [
      text(
        "pattern",
        "Text with verbs: `%s` text, `%d` whole number, `%.2f` number with a fraction, `%q` quoted, `%v` anything, `%%` a percent sign.",
      ),
      { name: "values", type: "any", description: "A value for each verb.", many: true },
    ],
    result: "The text. A verb that doesn't fit its value leaves a mark in it, and is no error.",
    notes: ["Secrets are written out."],
    deprecated: "format",
    examples: [
      { call: 'string.format("%s:%d", "localhost", 3100)', result: '"localhost:3100"' },
      { call: 'string.format("%05.1f%%", 99.5)', result: '"099.5%"' },
      { call: 'string.format("%d", 1.5)', result: '"%!d(float64=1.5)"' },
    ],
    errors: [{ call: "string.format()", message: "string.format expected at least 1 args, got 0" }],
  },
  {
    name: "string.join",
    summary: "Joins texts with a separator.",
    parameters: [
      { name: "list", type: "list(string)", description: "Texts; numbers are taken, too." },
      text("separator", "What stands between them."),
    ],
    result: "One text.",
    deprecated: "join",
    examples: [{ call: 'string.join(["shop", "prod", 1], "-")', result: '"shop-prod-1"' }],
    errors: [{ call: 'string.join(["a"])', message: "string.join expected 2 args, got 1" }],
  },
  {
    name: "string.replace",
    summary: "Replaces every occurrence of a text.",
    parameters: [
      text("text", "Where to look."),
      text("old", "What to replace; not a pattern."),
      text("new", "What comes in its place."),
    ],
    result: "The changed text. With an empty `old`, `new` is put before, between and after all characters.",
    deprecated: "replace",
    examples: [
      { call: 'string.replace("a.b.c", ".", "_")', result: '"a_b_c"' },
      { call: 'string.replace("ab", "", "-")', result: '"-a-b-"' },
    ],
  },
  {
    name: "string.split",
    summary: "Cuts a text at a separator.",
    parameters: [text("text", "What to cut."), text("separator", "Where to cut; empty: between all characters.")],
    result: "A list of texts.",
    deprecated: "split",
    examples: [
      { call: 'string.split("a,b,,c", ",")', result: '["a","b","","c"]' },
      { call: 'string.split("abc", "")', result: '["a","b","c"]' },
    ],
  },
  {
    name: "string.to_lower",
    summary: "Turns all letters into small ones.",
    parameters: [text("text", "What to change.")],
    result: "The changed text.",
    deprecated: "to_lower",
    examples: [{ call: 'string.to_lower("PROD-Ä1")', result: '"prod-ä1"' }],
  },
  {
    name: "string.to_upper",
    summary: "Turns all letters into capitals.",
    parameters: [text("text", "What to change.")],
    result: "The changed text. Letters whose capital would be two letters stay: `ß`.",
    deprecated: "to_upper",
    examples: [{ call: 'string.to_upper("prod-ä1")', result: '"PROD-Ä1"' }],
  },
  {
    name: "string.trim",
    summary: "Removes some characters from both ends of a text.",
    parameters: [text("text", "What to trim."), text("characters", "Characters to remove, in any order.")],
    result: "The rest.",
    deprecated: "trim",
    examples: [{ call: 'string.trim("/api/v1/", "/")', result: '"api/v1"' }],
  },
  {
    name: "string.trim_prefix",
    summary: "Removes a text from the beginning, once.",
    parameters: [text("text", "What to trim."), text("prefix", "What to remove.")],
    result: "The rest; the whole text where it begins otherwise.",
    deprecated: "trim_prefix",
    examples: [
      { call: 'string.trim_prefix("team-payments", "team-")', result: '"payments"' },
      { call: 'string.trim_prefix("payments", "team-")', result: '"payments"' },
    ],
  },
  {
    name: "string.trim_space",
    summary: "Removes white space from both ends of a text.",
    parameters: [text("text", "What to trim.")],
    result: "The rest.",
    notes: ["White space is what Unicode calls so, with no-break spaces and without zero-width ones."],
    deprecated: "trim_space",
    examples: [{ call: 'string.trim_space(" token\\n")', result: '"token"' }],
  },
  {
    name: "string.trim_suffix",
    summary: "Removes a text from the end, once.",
    parameters: [text("text", "What to trim."), text("suffix", "What to remove.")],
    result: "The rest; the whole text where it ends otherwise.",
    deprecated: "trim_suffix",
    examples: [{ call: 'string.trim_suffix("shop.service", ".service")', result: '"shop"' }],
  },
];

const otherDocs: readonly FunctionDocs[] = [
  {
    name: "coalesce",
    summary: "Gives the first of its arguments that is not empty.",
    parameters: [{ name: "values", type: "any", description: "Values of any kind.", many: true }],
    result:
      'The first value that is not null, `""`, `0`, `false`, `[]` or `{}`; the last one where all are; null without any.',
    notes: ["All arguments are evaluated, so an error in a later one is an error of the whole."],
    examples: [
      { call: 'coalesce("", 0, "default")', result: '"default"' },
      { call: 'coalesce(null, [], "")', result: '""' },
    ],
  },
  {
    name: "convert.nonsensitive",
    summary: "Makes plain text of a secret.",
    parameters: [{ name: "value", type: "secret", description: "A secret, or a text, which stays as it is." }],
    result: "The text, which then is shown wherever it is used.",
    deprecated: "nonsensitive",
    examples: [{ call: 'convert.nonsensitive("visible")', result: '"visible"' }],
    errors: [{ call: "convert.nonsensitive([1])", message: "[1] should be capsule, got array" }],
  },
  {
    name: "file.path_join",
    summary: "Joins the parts of a path.",
    parameters: [{ name: "parts", type: "string", description: "Parts; empty ones are skipped.", many: true }],
    result: "The path, with `.` and `..` resolved. An absolute part later on does not start anew.",
    notes: ["Slashes are used on every system, since that is what functions have."],
    examples: [
      { call: 'file.path_join("/etc", "amalgam", "../ca.pem")', result: '"/etc/ca.pem"' },
      { call: 'file.path_join("rules", "/a.alloy")', result: '"rules/a.alloy"' },
    ],
  },
  {
    name: "json_path",
    summary: "Takes values out of a JSON text by a path.",
    parameters: [
      text("json", "A JSON document."),
      text(
        "path",
        "A path: `$`, `.key`, `[0]`, `[*]`, `..key`, slices, unions, and filters as `[?(@.ready == true)]`.",
      ),
    ],
    result: "A list of all values that the path leads to; empty where there are none.",
    examples: [
      {
        call: 'json_path("{\\"pods\\": [{\\"ip\\": \\"10.0.0.1\\"}, {\\"ip\\": \\"10.0.0.2\\"}]}", ".pods[*].ip")',
        result: '["10.0.0.1","10.0.0.2"]',
      },
      { call: 'json_path("{\\"key\\": \\"hidden\\"}", ".missing")', result: "[]" },
    ],
  },
  {
    name: "sys.env",
    summary: "Reads an environment variable.",
    parameters: [text("name", "Name of the variable.")],
    result: "Its value; empty where it isn't set.",
    notes: [
      "In a function these are the function's environment variables. Don't keep secrets in them where a `remote.*` component can read a store of secrets.",
    ],
    deprecated: "env",
    examples: [
      { call: 'sys.env("NOT_SET_ANYWHERE")', result: '""' },
      { call: 'coalesce(sys.env("NOT_SET_ANYWHERE"), "http://localhost:3100")', result: '"http://localhost:3100"' },
    ],
  },
];

/** Sorted by name. */
export const functionDocs: readonly FunctionDocs[] = [...arrayDocs, ...encodingDocs, ...stringDocs, ...otherDocs].sort(
  (a, b) => (a.name < b.name ? -1 : 1),
);

export const constantDocs: readonly ConstantDocs[] = [
  { name: "constants.arch", type: "string", description: "Processor, as Go names it: `amd64`, `arm64`." },
  { name: "constants.hostname", type: "string", description: "Name of the machine." },
  {
    name: "constants.os",
    type: "string",
    description: "Operating system, as Go names it: `linux`, `darwin`, `windows`.",
  },
  { name: "constants.version", type: "string", description: "Version of the Alloy whose language this is." },
];
