/** Which log groups are subscribed: by their tags and names, and never those of a collector. */
import { logGroupSelection } from "../../../lib/pipeline/components/loki/source/log-groups.ts";

/** Tags by their keys. */
export type Tags = Readonly<Record<string, string>>;

export interface Selection {
  /** Tags that a group must all have; `*` stands for any value. */
  readonly tags: Tags;
  /** Names, with `*` for any characters; an empty list is all. */
  readonly include: readonly string[];
  /** Names that are left out whatever their tags. */
  readonly exclude: readonly string[];
  /** Names of groups that the collector and the subscriber write to. */
  readonly own: readonly string[];
}

/** Says of a log group that a collector writes to it: its logs would make more logs. */
export const collectorTag = "amalgam:collector";

/** Whether a name is one to subscribe, if its tags are. */
export function namesOf({ include, exclude, own }: Selection): (name: string) => boolean {
  const included = logGroupSelection(include);
  const excluded = exclude.length ? logGroupSelection(exclude) : () => false;
  return name => !own.includes(name) && included(name) && !excluded(name);
}

/** Whether tags are those of a group to subscribe. */
export const tagsFit = ({ tags }: Selection, found: Tags): boolean =>
  !(collectorTag in found) &&
  Object.entries(tags).every(([key, value]) => key in found && (value === "*" || found[key] === value));
