/** Modules that are fetched while a process runs: read, parsed, put in the place of the ones before. */
import { messageOf } from "../delivery/errors.ts";
import type { Diagnostic } from "../syntax/diagnostic.ts";
import { parseFile } from "../syntax/parser.ts";
import { formatDiagnosticLine } from "../syntax/report.ts";
import type { Definition, Host } from "./component.ts";
import { DiagnosticsError } from "./diagnostics-error.ts";
import { type LanguageInstance, type ScopeHost, start } from "./language.ts";
import type { ModuleContent } from "./module-content.ts";
import { buildModule } from "./nodes.ts";
import type { Scope } from "./scope.ts";

/** Builds the source of an `import` and makes a scope of what it brings, now and whenever it changes; a bad change keeps the last one. */
export async function fetchModule(source: Definition, args: unknown, host: ScopeHost): Promise<LanguageInstance> {
  const { scope, id, node } = host;
  let inner: Scope | undefined;
  let last: ModuleContent | undefined;
  let uncount = () => {};
  const adopt = async (exports: unknown) => {
    const { content } = exports as { readonly content: ModuleContent }; // what every import exports
    if (last && sameContent(last, content)) return;
    uncount = countModule(content, host);
    const next = moduleScope(content, host);
    await start([next]);
    next.onContent = () => scope.contentChanged(node.id);
    const before = inner;
    [inner, last] = [next, content];
    if (!before) return;
    scope.contentChanged(node.id);
    scope.retire(before.finish());
  };
  let adopting = Promise.resolve();
  let broken: string | undefined;
  const setExports = (exports: unknown) => {
    adopting = adopting
      .then(() => adopt(exports))
      .then(() => {
        broken = undefined;
        host.reportHealth("healthy", "content updated");
      })
      .catch((error: unknown) => {
        broken = `the content can't be used, the last one goes on: ${reasonOf(error)}`;
        host.log.error(broken, { component: id });
        host.reportHealth("unhealthy", broken);
      });
  };
  // that a text could be fetched does not make it a good one
  const reportHealth: Host["reportHealth"] = (state, message) => {
    if (broken === undefined || state !== "healthy") host.reportHealth(state, message);
  };
  const instance = await source.build(args, { ...host, setExports, reportHealth });
  try {
    await adopt(instance.exports);
  } catch (error) {
    uncount();
    await instance.close?.();
    throw error;
  }
  const { refresh } = instance;
  return {
    ...(refresh && {
      refresh: {
        ...refresh,
        run: async () => {
          await refresh.run();
          await adopting;
        },
      },
    }),
    scopes: () => (inner ? [inner] : []),
    close: async () => {
      await instance.close?.();
      await adopting;
      await inner?.finish();
      uncount();
    },
  };
}

/** With the place in the module, where there is one. */
function reasonOf(error: unknown): string {
  const [first] = error instanceof DiagnosticsError ? error.diagnostics : [];
  return first ? formatDiagnosticLine(first) : messageOf(error);
}

const sameContent = (a: ModuleContent, b: ModuleContent): boolean =>
  a.path === b.path &&
  a.files.length === b.files.length &&
  a.files.every(({ name, text }, i) => name === b.files[i]?.name && text === b.files[i]?.text);

const namesOf = ({ files }: ModuleContent): readonly string[] => files.map(({ name }) => name);

function countModule(content: ModuleContent, { scope, id }: ScopeHost): () => void {
  const size = content.files.reduce((sum, { text }) => sum + text.length, 0);
  return scope.countModule(id, namesOf(content), size);
}

/** Parses what an import brought. Throws where it is no module. */
function moduleScope(content: ModuleContent, { scope, id }: ScopeHost): Scope {
  const { files, path } = content;
  const diagnostics: Diagnostic[] = [];
  const parsed = files.map(({ name, text }) => parseFile({ name, text }));
  for (const each of parsed) diagnostics.push(...each.diagnostics);
  const nodes = diagnostics.length
    ? undefined
    : buildModule(
        parsed.map(({ file }) => file),
        scope.options,
        diagnostics,
      );
  if (!nodes || diagnostics.some(({ severity }) => severity === "error")) throw new DiagnosticsError(diagnostics);
  return scope.module({ path: id, nodes, directory: path, origins: namesOf(content) });
}
