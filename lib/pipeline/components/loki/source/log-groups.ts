/** Which log groups of CloudWatch Logs a component takes. */

/** Whether a group is one of the names, in which `*` stands for any characters; no names take every group. */
export function logGroupSelection(names: readonly string[] = []): (group: string) => boolean {
  if (!names.length) return () => true;
  const patterns = names.map(name => {
    const parts = name.split("*").map(part => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
    return new RegExp(`^${parts.join(".*")}$`, "s");
  });
  return group => patterns.some(pattern => pattern.test(group));
}
