/** Imports the module in a file or folder of a git repository, and again when the repository has changed. */
import path from "node:path";
import { messageOf } from "../../delivery/errors.ts";
import { type Infer, object, optional, required } from "../../eval/schema.ts";
import { duration, string } from "../../eval/types.ts";
import { defineComponent, type Host, type Problem } from "../../graph/component.ts";
import type { ModuleContent } from "../../graph/module-content.ts";
import { contentExporter, contentExports } from "./content.ts";
import { readModule } from "./files.ts";
import { gitAccessFields, gitAccessProblems } from "./git-access.ts";
import { type GitAddress, parseAddress, withUser } from "./git-address.ts";
import { type GitRepository, gitRepository, InvalidRevisionError } from "./git-repository.ts";

const args = object({
  repository: required(string, "Address of the repository, as `git clone` takes it."),
  revision: optional(string, "main", "Branch, tag or commit."),
  path: required(string, "The file or folder in the repository."),
  pull_frequency: optional(duration, "1m", "Time between two looks at the repository; 0: it is read once."),
  ...gitAccessFields,
});
type Args = Infer<typeof args>;

export const importGit = defineComponent({
  name: "import.git",
  summary: "Imports custom components from a git repository.",
  stability: "generally-available",
  inFunctions: "Read when the function is bundled.",
  args,
  exports: contentExports,
  check: problems,
  async build(args, host) {
    if (host.mode === "function")
      throw new Error("the repository is read when the function is bundled, and this bundle has none of it");
    try {
      return await start(args, host);
    } catch (cause) {
      throw new Error(`updating component: ${messageOf(cause)}`, { cause });
    }
  },
});

const special = ["HEAD", "FETCH_HEAD", "ORIG_HEAD", "MERGE_HEAD", "CHERRY_PICK_HEAD"];

function* problems(args: Args): Iterable<Problem> {
  const { repository, revision } = args;
  const address = parseAddress(repository, "/");
  if (!address) yield { path: ["repository"], message: noAddress };
  if (special.includes(revision)) {
    const message =
      "revision cannot be a special git reference such as HEAD, FETCH_HEAD, ORIG_HEAD, MERGE_HEAD, or CHERRY_PICK_HEAD";
    yield { path: ["revision"], message };
  } else if (!/^[^-\s\p{Cc}][^\s\p{Cc}]*$/u.test(revision)) {
    const message = `revision should be a branch, a tag or a commit, got ${JSON.stringify(revision)}`;
    yield { path: ["revision"], message };
  }
  if (leaves(args.path)) {
    const message = `path should be within the repository, got ${JSON.stringify(args.path)}`;
    yield { path: ["path"], message };
  }
  yield* gitAccessProblems(args, address);
}

const noAddress = "repository should be an address of https, http, ssh, git or file"; // it may hold a password

/** A path that begins with `/` begins at the repository's root. */
const leaves = (file: string): boolean => /^\.\.(\/|$)/.test(path.posix.normalize(file));

async function start(args: Args, host: Host) {
  const address = addressOf(args, host.directory);
  if (!address) throw new Error(noAddress);
  const { revision, pull_frequency: everyMs } = args;
  const repository = gitRepository({
    address,
    revision,
    access: args,
    directory: host.directory,
    storagePath: host.storagePath,
  });
  const stale = await updateOrKeep(repository);
  const first = read(repository, address, args);
  if (stale) {
    host.log.error("failed to update repository", { component: host.id, error: messageOf(stale) });
    host.reportHealth("unhealthy", messageOf(stale));
  } else host.reportHealth("healthy", "module updated");
  const give = contentExporter(host, first);
  const run = async () => {
    await repository.update();
    give(read(repository, address, args));
    host.reportHealth("healthy", "module updated");
  };
  return { exports: { content: first }, ...(everyMs > 0 && { refresh: { everyMs, run } }) };
}

/** The user of a key stands for the one in the address. */
function addressOf({ repository, ssh_key, basic_auth }: Args, directory: string): GitAddress | undefined {
  const address = parseAddress(repository, directory);
  const hasKey = !basic_auth && (ssh_key?.key?.reveal() || ssh_key?.key_file);
  return address && ssh_key && hasKey ? withUser(address, ssh_key.username) : address;
}

/** A repository that can't be reached is no failure where a copy of an earlier run is there; it is then returned. */
async function updateOrKeep(repository: GitRepository): Promise<unknown> {
  const hadCopy = repository.exists();
  try {
    return void (await repository.update());
  } catch (error) {
    if (!hadCopy || !repository.exists() || error instanceof InvalidRevisionError) throw error;
    return error;
  }
}

function read({ folder }: GitRepository, { shown }: GitAddress, args: Args): ModuleContent {
  const name = args.path.replace(/^\/+/, "");
  const file = path.join(folder, path.posix.normalize(`/${name}`)); // `..` ends at the root
  return { files: readModule(file, { name, place: `${shown}/`, within: folder }).files, path: folder };
}
