import { expect, test } from "vitest";
import { promtailFunctions } from "./promtail.ts";
import { compileTemplate } from "./template.ts";

const data = new Map<string, unknown>([
  ["name", " Janez jazz "],
  ["n", 7n],
  ["f", 2.5],
  ["t", true],
  ["empty", ""],
  ["list", [1n, "b"]],
  [
    "map",
    new Map<string, unknown>([
      ["z", 1n],
      ["a", new Map([["deep", "x"]])],
      ["nil", null],
    ]),
  ],
]);

const options = { name: "t", functions: promtailFunctions };
const run = (text: string) =>
  compileTemplate(text, options).execute(data, { now: () => 1_700_000_000_000, random: () => 0.5 });

test.for([
  { it: "copies text", text: "plain { } text", out: "plain { } text" },
  { it: "prints a field", text: "<{{ .n }}>", out: "<7>" },
  { it: "prints a missing field", text: "{{ .nokey }}", out: "<no value>" },
  { it: "prints a missing field of a missing field", text: "{{ .nokey.deeper }}", out: "<no value>" },
  { it: "walks into maps", text: "{{ .map.a.deep }}", out: "x" },
  {
    it: "prints floats, booleans, lists and maps as Go",
    text: "{{ .f }} {{ .t }} {{ .list }} {{ .map }}",
    out: "2.5 true [1 b] map[a:map[deep:x] nil:<nil> z:1]",
  },
  { it: "prints large floats with exponent", text: "{{ 1000000.0 }} {{ 1e21 }}", out: "1e+06 1e+21" },
  { it: "prints nil in a map as no value", text: "{{ .map.nil }}", out: "<no value>" },
  { it: "trims blanks", text: "a  {{- 1 -}}  b", out: "a1b" },
  { it: "does not trim without a blank at the marker", text: "a {{-1}} b", out: "a -1 b" },
  { it: "drops comments", text: "a{{/* no */}}b {{- /* no */ -}} c", out: "abc" },
  {
    it: "takes constants",
    text: "{{ \"q\\t\\u00e9\" }}{{ `r\\t` }}{{ 0x10 }}{{ 'a' }}{{ -3 }}{{ 1_000 }}",
    out: "q\tér\\t1697-31000",
  },
  { it: "pipes into the last argument", text: '{{ .name | TrimSpace | ToUpper | printf "%s!" }}', out: "JANEZ JAZZ!" },
  { it: "nests pipelines", text: "{{ (.map.a).deep | len }}", out: "1" },
  { it: "decides", text: "{{ if eq .n 7 }}seven{{ else if .n }}other{{ else }}none{{ end }}", out: "seven" },
  { it: "decides otherwise", text: "{{ if .empty }}a{{ else if .t }}b{{ else }}c{{ end }}", out: "b" },
  {
    it: "knows what is empty",
    text: "{{ if .nokey }}a{{ else }}b{{ end }}{{ if .list }}c{{ end }}{{ if 0 }}d{{ end }}{{ if 0.1 }}e{{ end }}",
    out: "bce",
  },
  {
    it: "sets the dot",
    text: "{{ with .map }}{{ .z }}{{ $.n }}{{ end }}{{ with .empty }}x{{ else with .n }}{{ . }}{{ else }}y{{ end }}",
    out: "177",
  },
  {
    it: "declares and assigns",
    text: "{{ $x := 1 }}{{ if .t }}{{ $x = 2 }}{{ $y := $x }}{{ $y }}{{ end }}{{ $x }}",
    out: "22",
  },
  { it: "ranges over lists", text: "{{ range $i, $e := .list }}{{ $i }}={{ $e }};{{ end }}", out: "0=1;1=b;" },
  { it: "ranges over maps by key", text: "{{ range $k, $v := .map }}{{ $k }} {{ end }}", out: "a nil z " },
  {
    it: "ranges over integers",
    text: "{{ range 3 }}{{ . }}{{ end }}{{ range $i := 2 }}{{ $i }}{{ end }}",
    out: "01201",
  },
  { it: "ranges over nothing", text: "{{ range .nokey }}x{{ else }}none{{ end }}", out: "none" },
  {
    it: "breaks and continues",
    text: "{{ range list 1 2 3 4 }}{{ if eq . 2 }}{{ continue }}{{ end }}{{ if eq . 4 }}{{ break }}{{ end }}{{ . }}{{ end }}",
    out: "13",
  },
  {
    it: "defines and includes",
    text: '{{ define "x" }}[{{ . }}]{{ end }}{{ template "x" .n }}{{ template "x" }}{{ block "y" .t }}({{ . }}){{ end }}',
    out: "[7][<no value>](true)",
  },
  {
    it: "compares",
    text: '{{ lt 1 2 }} {{ le 2 2 }} {{ gt 1.5 1.0 }} {{ ge "a" "b" }} {{ ne 1 2 }} {{ eq .n 1 2 7 }}',
    out: "true true true false true true",
  },
  {
    it: "compares the missing",
    text: '{{ eq .nokey "x" }} {{ ne .nokey "x" }} {{ eq .nokey .other }}',
    out: "false true true",
  },
  {
    it: "connects lazily",
    text: '{{ or .empty .n (fail "no") }} {{ and .empty (fail "no") }}. {{ not .t }}',
    out: "7 . false",
  },
  { it: "indexes", text: '{{ index .map "a" "deep" }} {{ index .list 1 }} {{ index "abc" 1 }}', out: "x b 98" },
  { it: "counts bytes", text: '{{ len "é" }} {{ len .list }} {{ len .map }}', out: "2 2 3" },
  { it: "prints", text: '{{ print 1 2 "a" "b" 3 4 }}|{{ println 1 "a" }}', out: "1 2ab3 4|1 a\n" },
  {
    it: "formats",
    text: '{{ printf "%05d|%-6s|%q|%v|%.2f|%x|%T" 42 "ab" "q\\"" .list 1.005 255 .f }}',
    out: '00042|ab    |"q\\""|[1 b]|1.00|ff|float64',
  },
  { it: "formats what does not fit", text: '{{ printf "%d|%s" "x" .nokey }}', out: "%!d(string=x)|%!s(<nil>)" },
  {
    it: "escapes",
    text: '{{ html "<a&\'\\">" }} {{ js "it\'s <b>" }} {{ urlquery "a b&ü" }}',
    out: "&lt;a&amp;&#39;&#34;&gt; it\\'s \\u003Cb\\u003E a+b%26%C3%BC",
  },
])("$it", ({ text, out }) => {
  expect(run(text)).toBe(out);
});

test.for([
  { it: "ToLower", text: "{{ ToLower .name }}", out: " janez jazz " },
  { it: "Replace with a count", text: '{{ Replace .name "a" "4" 1 }}', out: " J4nez jazz " },
  { it: "Replace of nothing", text: '{{ Replace .name "" "-" -1 }}', out: "- -J-a-n-e-z- -j-a-z-z- -" },
  { it: "Trim", text: '{{ Trim .name " z" }}', out: "Janez ja" },
  { it: "TrimLeft", text: '{{ TrimLeft .name " J" }}', out: "anez jazz " },
  { it: "TrimRight", text: '{{ TrimRight .name " z" }}', out: " Janez ja" },
  { it: "TrimPrefix", text: '{{ TrimPrefix .name " Ja" }}', out: "nez jazz " },
  { it: "TrimSuffix", text: '{{ TrimSuffix .name "z " }}', out: " Janez jaz" },
  {
    it: "Hash",
    text: '{{ Hash "x" "salt" }}',
    out: "34c0abb5a71dba48281fcbfb26e1ff64e07d8b097925c2b60976306de861ac3c",
  },
  {
    it: "Sha2Hash",
    text: '{{ Sha2Hash "x" "salt" }}',
    out: "59098e2e749becb74e501e20763edb94b09433e20c2aff0ebc9a061bb92448e6",
  },
  { it: "regexReplaceAll", text: '{{ regexReplaceAll "(a)(.)" .name "${2}$1" }}', out: " Jnaez jzaz " },
  { it: "regexReplaceAllLiteral", text: '{{ regexReplaceAllLiteral "a." .name "$1" }}', out: " J$1ez j$1z " },
  { it: "repeat", text: '{{ "abc" | upper | repeat 2 }}', out: "ABCABC" },
  { it: "trunc", text: '{{ "hello" | trunc 3 }}|{{ "hello" | trunc -2 }}|{{ "ab" | trunc 5 }}', out: "hel|lo|ab" },
  { it: "title", text: '{{ "hello, big_x world 42" | title }}', out: "Hello, Big_x World 42" },
  { it: "quote", text: '{{ quote "a\\"b" 1 nil }} {{ squote "a" 1 }}', out: '"a\\"b" "1" \'a\' \'1\'' },
  {
    it: "b64enc and b32enc",
    text: '{{ "abc" | b64enc }} {{ "abc" | b32enc }} {{ "w4lhIGI=" | b64dec }} {{ "MFRGG===" | b32dec }}',
    out: "YWJj MFRGG=== Éa b abc",
  },
  {
    it: "sums",
    text: '{{ "abc" | sha1sum }} {{ "abc" | adler32sum }}',
    out: "a9993e364706816aba3e25717850c26c9cd0d89d 38600999",
  },
  { it: "default", text: '{{ default "d" .nokey }} {{ .empty | default "d" }} {{ .n | default 1 }}', out: "d d 7" },
  {
    it: "contains",
    text: '{{ "abc" | contains "b" }} {{ hasPrefix "a" "abc" }} {{ hasSuffix "x" "abc" }}',
    out: "true true false",
  },
  { it: "splitList and join", text: '{{ splitList "," "a,b" | join "+" }}', out: "a+b" },
  { it: "split", text: '{{ $p := split "," "a,b" }}{{ $p._1 }}', out: "b" },
  {
    it: "arithmetic",
    text: '{{ add 1 2 ("7" | int) }} {{ mul 3 7 }} {{ div 7 2 }} {{ mod 7 4 }} {{ sub 1 5 }}',
    out: "10 21 3 3 -4",
  },
  {
    it: "integers of text",
    text: '{{ int "3.14159" }} {{ int "-2.5" }} {{ int "true" }} {{ int true }} {{ int "0x1f" }} {{ int "x" }}',
    out: "3 -2 0 1 31 0",
  },
  {
    it: "round",
    text: "{{ round 3.14159 2 }} {{ floor 1.7 }} {{ ceil 1.2 }} {{ max 1 5 3 }} {{ min 4 2 }}",
    out: "3.14 1 2 5 2",
  },
  {
    it: "decimals",
    text: "{{ addf 0.1 0.2 }} {{ mulf 1.1 1.1 }} {{ divf 1 3 }} {{ subf 0.3 0.1 }}",
    out: "0.3 1.21 0.3333333333333333 0.2",
  },
  {
    it: "substr",
    text: '{{ substr 1 3 "hello" }} {{ substr -1 2 "hello" }} {{ substr 3 -1 "hello" }}',
    out: "el he lo",
  },
  {
    it: "ternary and coalesce",
    text: '{{ ternary "T" "F" (eq .n 7) }} {{ coalesce .nokey "" .n }} {{ coalesce .nokey "" }}',
    out: "T 7 <no value>",
  },
  {
    it: "cases",
    text: '{{ $s := "hello, big world 42" }}{{ snakecase $s }} {{ camelcase $s }} {{ kebabcase $s }}',
    out: "hello,_big_world_42 Hello,BigWorld42 hello,-big-world-42",
  },
  {
    it: "cases of capitals",
    text: '{{ range list "FirstName" "HTTPServer" "NoHTTPS" "GO_PATH" "http2xx" "HTTP20xOK" "Duration2m3s" "Bld4Floor3rd" }}{{ snakecase . }} {{ end }}',
    out: "first_name http_server no_https go_path http_2xx http_20x_ok duration_2m3s bld4_floor_3rd ",
  },
  {
    it: "cases beyond ASCII",
    text: '{{ snakecase "Éa b" }} {{ camelcase "Éa b" }} {{ "Éa b" | swapcase }}',
    out: "éa_b ÉaB éA B",
  },
  {
    it: "nospace and initials, byte by byte",
    text: '{{ "Éa b" | nospace | trimAll "a" }}|{{ initials "Éa b" }}|{{ initials "hello, big world 42" }}',
    out: "Ã\u0089ab|Ãb|hbw4",
  },
  {
    it: "regexFind and regexMatch",
    text: '{{ regexFind "[0-9]+" "a42" }}/{{ regexMatch "^a" "ab" }}/{{ regexSplit "," "a,b" -1 }}/{{ regexFindAll "." "abc" 2 }}',
    out: "42/true/[a b]/[a b]",
  },
  {
    it: "toJson",
    text: '{{ list 1 2 3 | toJson }} {{ dict "k" "<v>" "a" nil | toJson }} {{ dict "k" "<v>" | toRawJson }}',
    out: '[1,2,3] {"a":null,"k":"\\u003cv\\u003e"} {"k":"<v>"}',
  },
  {
    it: "toPrettyJson",
    text: '{{ dict "k" (list 1) "e" dict | toPrettyJson }}',
    out: '{\n  "e": {},\n  "k": [\n    1\n  ]\n}',
  },
  {
    it: "fromJson",
    text: '{{ ("{\\"k\\":\\"v\\",\\"n\\":1}" | fromJson).k }} {{ ("bad" | fromJson).k }}',
    out: "v <no value>",
  },
  { it: "indent", text: '{{ "a\\nb" | indent 2 }}{{ "x" | nindent 1 }}', out: "  a\n  b\n x" },
  { it: "plural", text: '{{ plural "one" "many" 2 }} {{ plural "one" "many" 1 }}', out: "many one" },
  {
    it: "wrap",
    text: '{{ "hello, big world 42" | wrap 4 }}|{{ wrapWith 3 "-" "abcdef g" }}',
    out: "hello,\nbig\nworld\n42|abc-def-g",
  },
  {
    it: "abbrev",
    text: '{{ "hello, big world 42" | abbrev 6 }} {{ abbrevboth 5 10 "1234 5678 9123" }} {{ cat "x" nil "y" }}',
    out: "hel... ...5678... x y",
  },
  {
    it: "lists",
    text: "{{ $l := list 1 2 3 }}{{ first $l }}{{ last $l }}{{ rest $l }}{{ initial $l }}{{ append $l 4 }}{{ prepend $l 0 }}{{ reverse $l }}{{ has 2 $l }}{{ without $l 2 }}{{ slice $l 1 2 }}",
    out: "13[2 3][1 2][1 2 3 4][0 1 2 3][3 2 1]true[1 3][2]",
  },
  {
    it: "more lists",
    text: '{{ uniq (list 1 1 2) }}{{ compact (list "" "a") }}{{ concat (list 1) (list 2) }}{{ chunk 2 (list 1 2 3) }}{{ sortAlpha (list "b" "a") }}{{ until 3 }}{{ seq 1 3 }}',
    out: "[1 2][a][1 2][[1 2] [3]][a b][0 1 2]1 2 3",
  },
  {
    it: "dictionaries",
    text: '{{ $d := dict "a" 1 "b" (dict "c" 2) }}{{ get $d "a" }}{{ hasKey $d "x" }}{{ keys $d | sortAlpha }}{{ dig "b" "c" "no" $d }}{{ dig "x" "no" $d }}{{ pick $d "a" }}{{ omit $d "b" }}{{ merge (dict "a" 9) $d }}',
    out: "1false[a b]2nomap[a:1]map[a:1]map[a:9 b:map[c:2]]",
  },
  {
    it: "kinds",
    text: '{{ typeOf 1 }} {{ typeOf (add 1) }} {{ kindOf "s" }} {{ kindOf .list }} {{ kindIs "map" .map }} {{ typeOf nil }}',
    out: "int int64 string slice true <nil>",
  },
  {
    it: "paths",
    text: '{{ base "/a/b.txt" }} {{ dir "/a/b.txt" }} {{ ext "b.txt" }} {{ clean "/a/../b//c/." }} {{ isAbs "a" }} {{ base "" }}',
    out: "b.txt /a .txt /b/c false .",
  },
  {
    it: "urls",
    text: '{{ (urlParse "http://u:p@h.org:80/p?q=1#f").hostname }} {{ urlJoin (dict "scheme" "http" "host" "h" "path" "/p" "query" "q=1") }}',
    out: "h.org http://h/p?q=1",
  },
  {
    it: "dates",
    text: '{{ "2024-05-06T07:08:09Z" | toDate "2006-01-02T15:04:05Z" | date "Jan 2" }} {{ now | date "15:04" }} {{ now.Unix }} {{ (now | dateModify "-1h").Hour }} {{ now | ago }} {{ dateInZone "15:04 MST" now "Europe/Berlin" }} {{ htmlDate 0 }}',
    out: "May 6 22:13 1700000000 21 0s 23:13 CET 1970-01-01",
  },
  {
    it: "durations",
    text: '{{ duration 90 }} {{ durationRound "2h10m5s" }} {{ (toDate "2006" "x").IsZero }}',
    out: "1m30s 2h true",
  },
  { it: "random with the context's randomness", text: "{{ randNumeric 3 }} {{ randInt 0 10 }}", out: "555 5" },
])("has $it", ({ text, out }) => {
  expect(run(text)).toBe(out);
});

test.for([
  {
    it: "takes a piped value as the last argument",
    text: '{{ .name | Replace "a" "b" 1 }}',
    message: "expected string; found 1",
  },
  { it: "needs a value for text", text: "{{ ToLower .nokey }}", message: "invalid value; expected string" },
  {
    it: "does not convert integers",
    text: '{{ add 1 2 | plural "a" "b" }}',
    message: "wrong type for value; expected int; got int64",
  },
  {
    it: "does not convert floats",
    text: "{{ 7.5 | round 1 }}",
    message: "wrong type for value; expected int; got float64",
  },
  { it: "counts arguments", text: "{{ ToLower }}", message: "wrong number of args for ToLower: want 1 got 0" },
  { it: "calls no fields", text: "{{ .map 1 }}", message: "map is not a method but has arguments" },
  { it: "calls no values", text: "{{ $x := 1 }}{{ 2 | $x }}", message: "can't give argument to non-function" },
  { it: "has no fields in text", text: "{{ .name.x }}", message: "can't evaluate field x in type string" },
  { it: "has no fields in nil", text: "{{ .map.nil.x }}", message: "nil pointer evaluating interface {}.x" },
  { it: "compares like with like", text: '{{ eq 1 "a" }}', message: "incompatible types for comparison" },
  { it: "compares what has an order", text: "{{ lt .nokey 1 }}", message: "invalid type for comparison" },
  { it: "indexes inside", text: "{{ index .list 5 }}", message: "index out of range: 5" },
  { it: "slices inside", text: '{{ substr 4 9 "abc" }}', message: "slice bounds out of range [4:3]" },
  { it: "does not divide by zero", text: "{{ div 1 0 }}", message: "runtime error: integer divide by zero" },
  { it: "fails on demand", text: '{{ fail "my words" }}', message: "my words" },
  { it: "ranges over no text", text: "{{ range .name }}{{ end }}", message: "range can't iterate over  Janez jazz " },
  { it: "knows its templates", text: '{{ template "nope" }}', message: 'template "nope" not defined' },
])("fails: $it", ({ text, message }) => {
  expect(() => run(text)).toThrow(message);
});

test.for([
  { it: "an unknown function", text: "a\n{{ nope }}", message: 'template: t:2: function "nope" not defined' },
  { it: "an unknown variable", text: "{{ $x }}", message: 'template: t:1: undefined variable "$x"' },
  { it: "a missing end", text: "{{ if .a }}", message: "template: t:1: unexpected EOF" },
  { it: "an unclosed action", text: "{{ .a", message: "template: t:1: unclosed action" },
  { it: "an unclosed comment", text: "{{/* a", message: "template: t:1: unclosed comment" },
  { it: "an empty action", text: "{{ }}", message: "template: t:1: missing value for command" },
  { it: "a condition without value", text: "{{ if }}{{ end }}", message: "template: t:1: missing value for if" },
  { it: "a stray end", text: "{{ end }}", message: "template: t:1: unexpected {{end}}" },
  { it: "an open string", text: '{{ "a }}', message: "template: t:1: unterminated quoted string" },
  { it: "a break outside of a loop", text: "{{ break }}", message: "template: t:1: {{break}} outside {{range}}" },
  {
    it: "a constant in a pipe",
    text: '{{ .a | "x" }}',
    message: "template: t:1: non executable command in pipeline stage 2",
  },
  { it: "a parenthesis too many", text: "{{ (.a)) }}", message: "template: t:1: unexpected right paren" },
  { it: "a parenthesis too few", text: "{{ (.a }}", message: "template: t:1: unclosed left paren" },
  { it: "a strange character", text: "{{ a# }}", message: "template: t:1: bad character U+0023 '#'" },
])("refuses $it", ({ text, message }) => {
  expect(() => compileTemplate(text, options)).toThrow(message);
});
