/** Scopes inside scopes: custom components, `foreach`, `import`, and what happens when something in or around them changes. */
import { describe, expect, test, vi } from "vitest";
import { object, optional, required } from "../eval/schema.ts";
import { any, list, string } from "../eval/types.ts";
import type { Value } from "../eval/value.ts";
import type { Diagnostic } from "../syntax/diagnostic.ts";
import { parseFile } from "../syntax/parser.ts";
import { type Definition, defineComponent, type Host } from "./component.ts";
import { describePipeline } from "./describe.ts";
import { logs } from "./kinds.ts";
import { maxModules } from "./limits.ts";
import { type ModuleContent, moduleContent } from "./module-content.ts";
import { buildNodes } from "./nodes.ts";
import { nodesFromJson, nodesToJson } from "./nodes-json.ts";
import { loadNodes, type Pipeline } from "./pipeline.ts";
import { receiver } from "./receiver.ts";
import { collect, testEnvironment, testInvocation, testPipeline } from "./testing.ts";

/** Components that tell what they are built with, and let a test change what they export. */
function parts(modules: Readonly<Record<string, ModuleContent>> = {}) {
  const events: string[] = [];
  const hosts = new Map<string, Host>();
  const files = new Map(Object.entries(modules));
  const value = defineComponent({
    name: "test.value",
    summary: "Only for tests.",
    stability: "generally-available",
    args: object({ of: optional(any, null, "") }),
    exports: object({ value: required(any, "") }),
    build({ of }, host) {
      hosts.set(host.id, host);
      events.push(`build ${host.id} ${text(of)}`);
      return {
        exports: { value: of },
        close: async () => {
          events.push(`close ${host.id}`);
        },
      };
    },
  });
  const collected = collect<never>();
  const sink = defineComponent({
    name: "test.sink",
    summary: "Only for tests.",
    stability: "generally-available",
    args: object({}),
    exports: object({ receiver: required(receiver(logs), "") }),
    build: () => ({ exports: { receiver: collected } }),
  });
  const source = defineComponent({
    name: "test.source",
    summary: "Only for tests.",
    stability: "generally-available",
    args: object({ forward_to: required(list(receiver(logs)), "") }),
    build: ({ forward_to }, host) => {
      events.push(`build ${host.id}`);
      const run = async () => {
        for (const each of forward_to) await each.consume([], testInvocation());
      };
      return { triggers: [{ kind: "schedule", everyMs: 1000, run }] };
    },
  });
  const imported = defineComponent({
    name: "import.file",
    summary: "Only for tests.",
    stability: "generally-available",
    args: object({ filename: required(string, "") }),
    exports: object({ content: required(moduleContent, "") }),
    build({ filename }, host) {
      hosts.set(host.id, host);
      const content = files.get(filename);
      if (!content) throw new Error(`failed to read file: stat ${filename}: no such file or directory`);
      return { exports: { content } };
    },
  });
  const all = [value, sink, source, imported] as unknown as readonly Definition[]; // each has types of its own
  return { events, hosts, all };
}

const text = (value: Value): string =>
  JSON.stringify(value, (_, each: unknown) =>
    each instanceof Map ? Object.fromEntries(each) : typeof each === "bigint" ? Number(each) : each,
  );

const file = (content: string, path = "/modules", name = "m.alloy"): ModuleContent => ({
  files: [{ name, text: content }],
  path,
});

async function loaded(config: string, { all }: ReturnType<typeof parts>): Promise<Pipeline> {
  const { pipeline, diagnostics } = await testPipeline(config, all, { stability: "experimental" });
  if (!pipeline) throw new Error(diagnostics.map(({ message }) => message).join("\n"));
  return pipeline;
}

const exportsOf = (pipeline: Pipeline, id: string) => text(pipeline.component(id)?.exports ?? null);

/** Lets what was set off come to its end. */
const soon = () => new Promise<void>(resolve => setImmediate(resolve));

const add = `declare "add" {
  argument "a" { }
  argument "b" {
    optional = true
    default  = 10
  }
  test.value "sum" {
    of = argument.a.value + argument.b.value
  }
  test.value "lone" {
    of = argument.b.value
  }
  export "sum" {
    value = test.value.sum.value
  }
}
`;

describe("a scope inside a configuration", () => {
  test.for<{ it: string; config: string; modules?: Record<string, ModuleContent>; shows: Record<string, string> }>([
    {
      it: "gives an instance its arguments, the defaults of those left out, and exports",
      config: `${add}add "one" {\na = 1\n}\nadd "two" {\na = add.one.sum\nb = 0\n}`,
      shows: { "add.one": '{"sum":11}', "add.two": '{"sum":11}', "add.one/test.value.lone": '{"value":10}' },
    },
    {
      it: "lets an inner declare hide an outer one of the same name, inside its own only",
      config:
        'declare "in" {\nexport "x" {\nvalue = "outer"\n}\n}\ndeclare "out" {\ndeclare "in" {\nexport "x" {\nvalue = "inner"\n}\n}\nin "i" { }\nexport "x" {\nvalue = in.i.x\n}\n}\nout "a" { }\nin "b" { }',
      shows: { "out.a": '{"x":"inner"}', "in.b": '{"x":"outer"}' },
    },
    {
      it: "runs a template for each item, with what lies outside of it",
      config:
        'test.value "base" {\nof = "n-"\n}\nforeach "f" {\ncollection = ["a", "a", 1, 2.5, true, "x/y"]\nvar = "item"\ntemplate {\ntest.value "v" {\nof = [test.value.base.value, item]\n}\n}\n}',
      shows: {
        "foreach.f/foreach_a_1/test.value.v": '{"value":["n-","a"]}',
        "foreach.f/foreach_a_2/test.value.v": '{"value":["n-","a"]}',
        "foreach.f/foreach_1_1/test.value.v": '{"value":["n-",1]}',
        "foreach.f/foreach_2_500000_1/test.value.v": '{"value":["n-",2.5]}',
        "foreach.f/foreach_true_1/test.value.v": '{"value":["n-",true]}',
        "foreach.f/foreach_x_y_1/test.value.v": '{"value":["n-","x/y"]}',
      },
    },
    {
      it: "tells items apart by a field",
      config:
        'foreach "f" {\ncollection = [{ name = "web", port = 1 }, { port = 2 }]\nvar = "item"\nid = "name"\ntemplate {\ntest.value "v" {\nof = item.port\n}\n}\n}',
      shows: { "foreach.f/foreach_web_1/test.value.v": '{"value":1}' },
    },
    {
      it: "nests templates, with the variables and the arguments around them",
      config:
        'declare "d" {\nargument "p" { }\nforeach "o" {\ncollection = ["x"]\nvar = "a"\ntemplate {\nforeach "i" {\ncollection = ["y"]\nvar = "b"\ntemplate {\ndeclare "e" {\ntest.value "v" {\nof = argument.p.value + a + b\n}\nargument "p" { }\n}\ne "k" {\np = argument.p.value\n}\n}\n}\n}\n}\n}\nd "i" {\np = "p"\n}',
      shows: { "d.i/foreach.o/foreach_x_1/foreach.i/foreach_y_1/e.k/test.value.v": '{"value":"pxy"}' },
    },
    {
      it: "makes components of what an import declares, with a module_path of its own",
      config: 'import.file "lib" {\nfilename = "m"\n}\nlib.where "w" { }\ntest.value "here" {\nof = module_path\n}',
      modules: { m: file('declare "where" {\nexport "path" {\nvalue = module_path\n}\n}') },
      shows: { "lib.where.w": '{"path":"/modules"}', "test.value.here": '{"value":"/"}' },
    },
    {
      it: "imports in an import, and in the body of a declare",
      config:
        'import.file "lib" {\nfilename = "m"\n}\ndeclare "d" {\nimport.file "own" {\nfilename = "leaf"\n}\nown.leaf "l" { }\nexport "v" {\nvalue = own.leaf.l.v\n}\n}\nd "x" { }\nlib.top "t" { }',
      modules: {
        m: file(
          'import.file "below" {\nfilename = "leaf"\n}\ndeclare "top" {\nbelow.leaf "l" { }\nexport "v" {\nvalue = below.leaf.l.v\n}\n}',
        ),
        leaf: file('declare "leaf" {\nexport "v" {\nvalue = "leaf"\n}\n}', "/leaves", "leaf.alloy"),
      },
      shows: { "lib.top.t": '{"v":"leaf"}', "d.x": '{"v":"leaf"}' },
    },
  ])("$it", async ({ config, modules, shows }) => {
    const pipeline = await loaded(config, parts(modules));
    const shown = Object.fromEntries(Object.keys(shows).map(id => [id, exportsOf(pipeline, id)]));
    expect(shown).toEqual(shows);
    await pipeline.close();
  });

  test("is in the description of the graph, which data leaves through arguments", async () => {
    const config =
      'declare "d" {\nargument "to" { }\ntest.source "s" {\nforward_to = argument.to.value\n}\n}\ntest.sink "k" { }\nd "i" {\nto = [test.sink.k.receiver]\n}';
    const pipeline = await loaded(config, parts());
    const { components, edges } = describePipeline(pipeline);
    expect(components.map(({ id, name, triggers }) => [id, name, triggers.length])).toEqual([
      ["test.sink.k", "test.sink", 0],
      ["d.i", "d", 0],
      ["d.i/test.source.s", "test.source", 1],
    ]);
    expect(edges).toEqual([{ from: "d.i", to: "test.sink.k" }]);
    await pipeline.close();
  });

  test("is the same graph after a way through JSON", async () => {
    const config = `${add}add "one" {\na = 1\n}\nforeach "f" {\ncollection = [1]\nvar = "n"\ntemplate {\nadd "x" {\na = n\n}\n}\n}`;
    const { all } = parts();
    const definitions = new Map(all.map(each => [each.name, each]));
    const { file: parsed } = parseFile({ name: "a.alloy", text: config });
    const nodes = buildNodes([parsed], { definitions, stability: "experimental" }, []);
    const json = nodesToJson(nodes, name => name);
    const { pipeline } = await loadNodes(nodesFromJson(json, definitions), testEnvironment());
    expect(exportsOf(pipeline as Pipeline, "add.one")).toBe('{"sum":11}');
    expect(exportsOf(pipeline as Pipeline, "foreach.f/foreach_1_1/add.x")).toBe('{"sum":11}');
    await pipeline?.close();
  });
});

test("a declare that can't be built fails where it is used, also after a way through JSON", async () => {
  const config = 'declare "d" {\ntest.valeu "v" { }\nexport "x" {\nvalue = test.value.v.value\n}\n}\nd "i" { }';
  const { all } = parts();
  const definitions = new Map(all.map(each => [each.name, each]));
  const { file: parsed } = parseFile({ name: "/here/a.alloy", text: config });
  const direct = await testPipeline(config, all);
  const nodes = buildNodes([parsed], { definitions, stability: "generally-available" }, []);
  const json = nodesToJson(nodes, name => name.replace("/here/", ""));
  const { pipeline, diagnostics } = await loadNodes(nodesFromJson(json, definitions), testEnvironment());
  const told = ({ start, end, message, hint }: Diagnostic) => ({ start, end, message, hint });
  expect(pipeline).toBe(undefined);
  expect(diagnostics.map(told)).toEqual(direct.diagnostics.map(told));
  expect(diagnostics.map(({ source, message }) => [source.name, message])).toEqual([
    ["a.alloy", 'cannot find the definition of component name "test.valeu"'],
    ["a.alloy", 'component "test.value.v.value" does not exist or is out of scope'],
  ]);
});

describe("what changes", () => {
  test("is evaluated again inside an instance, and nothing else", async () => {
    const p = parts();
    const pipeline = await loaded(
      `${add}test.value "v" {\nof = 1\n}\nadd "one" {\na = test.value.v.value\n}\ntest.value "out" {\nof = add.one.sum\n}`,
      p,
    );
    p.events.length = 0;
    p.hosts.get("test.value.v")?.setExports({ value: 5n });
    await soon();
    expect(p.events).toEqual([
      "build add.one/test.value.sum 15",
      "close add.one/test.value.sum",
      "build test.value.out 15",
      "close test.value.out",
    ]);
    expect(exportsOf(pipeline, "add.one")).toBe('{"sum":15}');
    await pipeline.close();
  });

  test("goes from inside of an instance to what refers to its exports", async () => {
    const p = parts();
    const pipeline = await loaded(`${add}add "one" {\na = 1\n}\ntest.value "out" {\nof = add.one.sum\n}`, p);
    p.hosts.get("add.one/test.value.sum")?.setExports({ value: "new" });
    await soon();
    expect(exportsOf(pipeline, "test.value.out")).toBe('{"value":"new"}');
    await pipeline.close();
  });

  test("brings and takes items of a foreach, and leaves the others as they are", async () => {
    const p = parts();
    const pipeline = await loaded(
      'test.value "list" {\nof = ["a", "b"]\n}\ntest.value "o" {\nof = 1\n}\nforeach "f" {\ncollection = test.value.list.value\nvar = "x"\ntemplate {\ntest.value "v" {\nof = x\n}\ntest.value "w" {\nof = test.value.o.value\n}\n}\n}',
      p,
    );
    p.events.length = 0;
    p.hosts.get("test.value.list")?.setExports({ value: ["b", "c"] });
    await soon();
    await soon();
    expect(p.events).toEqual([
      'build foreach.f/foreach_c_1/test.value.v "c"',
      "build foreach.f/foreach_c_1/test.value.w 1",
      "close foreach.f/foreach_a_1/test.value.w",
      "close foreach.f/foreach_a_1/test.value.v",
    ]);
    p.events.length = 0;
    p.hosts.get("test.value.o")?.setExports({ value: 2n });
    await soon();
    expect(p.events.filter(event => event.startsWith("build"))).toEqual([
      "build foreach.f/foreach_b_1/test.value.w 2",
      "build foreach.f/foreach_c_1/test.value.w 2",
    ]);
    await pipeline.close();
  });

  test("takes the modules of items that are gone off the count", async () => {
    const p = parts({ m: file('declare "d" {\nexport "v" {\nvalue = 1\n}\n}') });
    const pipeline = await loaded(
      'test.value "list" {\nof = []\n}\nforeach "f" {\ncollection = test.value.list.value\nvar = "x"\ntemplate {\nimport.file "lib" {\nfilename = "m"\n}\nlib.d "d" { }\n}\n}',
      p,
    );
    const own = maxModules / 5;
    for (let first = 0; first < 2 * maxModules; first += own) {
      const value = Array.from({ length: own }, (_, at) => BigInt(first + at));
      p.hosts.get("test.value.list")?.setExports({ value });
      const ids = value.map(each => `foreach.f/foreach_${each}_1/lib.d.d`);
      const running = () => pipeline.components.map(({ id }) => id).filter(id => id.endsWith("lib.d.d"));
      await vi.waitFor(() => expect(running()).toEqual(ids), 10_000);
    }
    expect(pipeline.component("foreach.f")?.health.state).toBe("healthy");
    await pipeline.close();
  });

  test("is the content of an import: its components are built anew, also through modules between", async () => {
    const leaf = (v: number) => file(`declare "leaf" {\nexport "v" {\nvalue = ${v}\n}\n}`, "/leaves", "leaf.alloy");
    const p = parts({
      m: file(
        'import.file "below" {\nfilename = "leaf"\n}\ndeclare "top" {\nbelow.leaf "l" { }\nexport "v" {\nvalue = below.leaf.l.v\n}\n}',
      ),
      leaf: leaf(1),
    });
    const pipeline = await loaded(
      'import.file "lib" {\nfilename = "m"\n}\nlib.top "t" { }\ntest.value "out" {\nof = lib.top.t.v\n}',
      p,
    );
    p.hosts.get("import.file.lib/import.file.below")?.setExports({ content: leaf(2) });
    await soon();
    await soon();
    expect(exportsOf(pipeline, "test.value.out")).toBe('{"value":2}');
    await pipeline.close();
  });

  test("is refused where a module is broken: the last one goes on and its health says so", async () => {
    const p = parts({ m: file('declare "d" {\nexport "v" {\nvalue = 1\n}\n}') });
    const pipeline = await loaded('import.file "lib" {\nfilename = "m"\n}\nlib.d "x" { }', p);
    p.hosts.get("import.file.lib")?.setExports({ content: file('declare "d" {') });
    await soon();
    expect(exportsOf(pipeline, "lib.d.x")).toBe('{"v":1}');
    expect(pipeline.component("import.file.lib")?.health).toMatchObject({
      state: "unhealthy",
      message: "the content can't be used, the last one goes on: m.alloy:1:14: expected }, got EOF",
    });
    p.hosts.get("import.file.lib")?.reportHealth("healthy", "read file"); // the same broken file again
    expect(pipeline.component("import.file.lib")?.health.state).toBe("unhealthy");
    p.hosts.get("import.file.lib")?.setExports({ content: file('declare "d" {\nexport "v" {\nvalue = 3\n}\n}') });
    await soon();
    await soon();
    expect(exportsOf(pipeline, "lib.d.x")).toBe('{"v":3}');
    expect(pipeline.component("import.file.lib")?.health.state).toBe("healthy");
    await pipeline.close();
  });

  test("makes a component unhealthy with what is unhealthy inside", async () => {
    const p = parts();
    const pipeline = await loaded(`${add}add "one" {\na = 1\n}`, p);
    p.hosts.get("add.one/test.value.sum")?.reportHealth("unhealthy", "no such thing");
    expect(pipeline.component("add.one")?.health).toMatchObject({
      state: "unhealthy",
      message: "add.one/test.value.sum: no such thing",
    });
    await pipeline.close();
  });
});

describe("a mistake", () => {
  test.for<{ it: string; config: string; modules?: Record<string, ModuleContent>; says: string[] }>([
    {
      it: "is told at its place in the declare, once for all instances",
      config:
        'declare "d" {\nargument "n" { }\nexport "half" {\nvalue = argument.n.value / 2\n}\n}\nd "a" {\nn = "x"\n}\nd "b" {\nn = "y"\n}',
      says: ["test.alloy:4: argument.n.value should be one of [number] for binop /, got string"],
    },
    {
      it: "is an argument that is missing",
      config: 'declare "d" {\nargument "n" { }\n}\nd "a" { }',
      says: ['test.alloy:2: missing required argument "n" to module'],
    },
    {
      it: "is an argument that is not declared",
      config: 'declare "d" {\nargument "number" { }\n}\nd "a" {\nnumber = 1\nnumbr = 1\n}',
      says: ['test.alloy:6: Provided argument "numbr" is not defined in the module (did you mean "number"?)'],
    },
    {
      it: "is a declare without a body that is used, and not one that isn't",
      config: 'declare "d" { }\ndeclare "e" {\n// nothing\n}\ne "a" { }',
      says: [
        'test.alloy:5: Failed to build component: loading custom component controller: custom component config not found in the registry, namespace: "", componentName: "e" (a declare that is used can\'t be empty)',
      ],
    },
    {
      it: "is an imported declare without a body",
      config: 'import.file "lib" {\nfilename = "m"\n}\nlib.d "a" { }',
      modules: { m: file('declare "d" { }') },
      says: [
        'test.alloy:4: Failed to build component: loading custom component controller: custom component config not found in the registry, namespace: "lib", componentName: "d" (a declare that is used can\'t be empty)',
      ],
    },
    {
      it: "is a block in an instance",
      config: 'declare "d" { }\nd "a" {\nx { }\n}',
      says: ["test.alloy:3: nested blocks not supported here"],
    },
    {
      it: "is a reference out of a declare",
      config: 'test.value "v" { }\ndeclare "d" {\nexport "x" {\nvalue = test.value.v.value\n}\n}\nd "a" { }',
      says: ['test.alloy:4: component "test.value.v.value" does not exist or is out of scope'],
    },
    {
      it: "is a component that holds itself",
      config:
        'declare "a" {\nb "x" { }\n}\ndeclare "b" {\nforeach "f" {\ncollection = []\nvar = "i"\ntemplate {\na "y" { }\n}\n}\n}',
      says: [
        "test.alloy:1: cycle detected: declare.a, declare.b",
        "test.alloy:4: cycle detected: declare.a, declare.b",
      ],
    },
    {
      it: "is a module that can't be read",
      config: 'import.file "lib" {\nfilename = "gone"\n}\nlib.d "x" { }',
      says: [
        "test.alloy:1: Failed to evaluate node for config block: failed to read file: stat gone: no such file or directory",
      ],
    },
    {
      it: "is in the text of a module, and told with the module's name",
      config: 'import.file "lib" {\nfilename = "m"\n}',
      modules: { m: file('declare "d" {\n  export "x" {\n') },
      says: ["m.alloy:3: expected }, got EOF"],
    },
    {
      it: "is a component in a module",
      config: 'import.file "lib" {\nfilename = "m"\n}',
      modules: { m: file('test.value "v" { }\nx = 1') },
      says: [
        "m.alloy:1: only declare and import blocks are allowed in a module, got test.value",
        "m.alloy:2: unrecognized attribute x",
      ],
    },
    {
      it: "is a component that a module does not have",
      config: 'import.file "lib" {\nfilename = "m"\n}\nlib.wher "w" { }',
      modules: { m: file('declare "where" { }') },
      says: ['test.alloy:4: cannot find the definition of component name "lib.wher" (did you mean "lib.where"?)'],
    },
    {
      it: "is a circle of modules",
      config: 'import.file "lib" {\nfilename = "m"\n}',
      modules: {
        m: file('import.file "n" {\nfilename = "n"\n}'),
        n: file('import.file "m" {\nfilename = "m"\n}', "/modules", "n.alloy"),
      },
      says: [
        "n.alloy:1: Failed to evaluate node for config block: modules should not import each other in a circle, got m.alloy -> n.alloy -> m.alloy",
      ],
    },
    {
      it: "is a foreach without the level for it",
      config: 'foreach "f" {\ncollection = []\nvar = "i"\ntemplate { }\n}',
      says: [
        'test.alloy:1: foreach block "foreach" is at stability level "experimental", which is below the minimum allowed stability level "generally-available". Use --stability.level command-line flag to enable "experimental" features',
      ],
    },
    {
      it: "is a label that is missing",
      config: 'declare { }\nforeach {\ncollection = []\nvar = "i"\ntemplate { }\n}',
      says: ["test.alloy:1: declare block must have a label", "test.alloy:2: foreach block must have a label"],
    },
  ])("$it", async ({ it: name, config, modules, says }) => {
    const stability = name.includes("without the level") ? "generally-available" : "experimental";
    const { pipeline, diagnostics } = await testPipeline(config, parts(modules).all, { stability });
    const lines = diagnostics.map(
      ({ source, start, message, hint }) =>
        `${source.name}:${source.text.slice(0, start).split("\n").length}: ${message}${hint ? ` (${hint})` : ""}`,
    );
    expect({ pipeline, lines }).toEqual({ pipeline: undefined, lines: says });
  });

  test("is modules that multiply themselves", async () => {
    const levels = Array.from({ length: 6 }, (_, i) => {
      const uses =
        i === 0 ? 'test.value "v" { }' : Array.from({ length: 10 }, (_, n) => `d${i - 1} "x${n}" { }`).join("\n");
      return `declare "d${i}" {\n${uses}\n}`;
    });
    const { diagnostics } = await testPipeline(`${levels.join("\n")}\nd5 "all" { }`, parts().all);
    expect(diagnostics.map(({ message }) => message)).toEqual([
      "d5.all should have at most 100000 blocks with those of its modules, got 211110",
    ]);
  });
});

describe("what is read again by age", () => {
  const aged = (read: () => Value) =>
    defineComponent({
      name: "test.aged",
      summary: "Only for tests.",
      stability: "generally-available",
      args: object({}),
      exports: object({ value: required(any, "") }),
      build: (_, host) => ({
        exports: { value: read() },
        refresh: { everyMs: 1000, run: async () => host.setExports({ value: read() }) },
      }),
    }) as unknown as Definition; // only known as a definition there

  test("is read in a function when it is older than it may be, and what depends on it sees it", async () => {
    let [now, reads] = [0, 0];
    const p = parts();
    const config = `declare "d" {\ntest.aged "a" { }\nexport "v" {\nvalue = test.aged.a.value\n}\n}\nd "i" { }\ntest.value "out" {\nof = d.i.v\n}`;
    const { pipeline } = await testPipeline(config, [...p.all, aged(() => BigInt(++reads))], {
      environment: { mode: "function", clock: () => now },
    });
    const seen = async (at: number) => {
      now = at;
      await pipeline?.refresh();
      return exportsOf(pipeline as Pipeline, "test.value.out");
    };
    expect([await seen(999), await seen(1000), await seen(1500), await seen(2000)]).toEqual([
      '{"value":1}',
      '{"value":2}',
      '{"value":2}',
      '{"value":3}',
    ]);
    await pipeline?.close();
  });

  test("stays as it is where it can't be read, and its health says so", async () => {
    let [now, broken] = [0, false];
    const { pipeline } = await testPipeline(
      'test.aged "a" { }',
      [
        aged(() => {
          if (broken) throw new Error("no answer");
          return 1n;
        }),
      ],
      { environment: { mode: "function", clock: () => now } },
    );
    [now, broken] = [5000, true];
    await pipeline?.refresh();
    expect(exportsOf(pipeline as Pipeline, "test.aged.a")).toBe('{"value":1}');
    expect(pipeline?.component("test.aged.a")?.health).toMatchObject({
      state: "unhealthy",
      message: "could not be read again, the last value goes on: no answer",
    });
    [now, broken] = [6000, false];
    await pipeline?.refresh();
    expect(pipeline?.component("test.aged.a")?.health.state).toBe("healthy");
    await pipeline?.close();
  });
});
