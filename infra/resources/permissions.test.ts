import { expect, test } from "vitest";
import type { ComponentDescription, GraphDescription } from "../../lib/pipeline/graph/describe.ts";
import { permissionsOf } from "./permissions.ts";
import { functionKinds } from "./triggers.ts";

const component = (id: string, more: Partial<ComponentDescription>): ComponentDescription => ({
  id,
  name: id.replace(/\.\w+$/, ""),
  label: "a",
  triggers: [],
  permissions: [],
  state: false,
  ...more,
});

const graph: GraphDescription = {
  version: 1,
  edges: [],
  components: [
    component("loki.source.s3.a", {
      triggers: [{ kind: "objects", buckets: [{ bucket: "logs" }] }],
      permissions: [{ action: "s3:GetObject", resource: "arn:aws:s3:::logs/*" }],
    }),
    component("remote.s3.a", { permissions: [{ action: "s3:GetObject", resource: "arn:aws:s3:::secrets/a" }] }),
  ],
};

test.for([
  {
    it: "a component whose objects an event tells of",
    resource: "arn:aws:s3:::logs/*",
    out: ["queue", "topic", "bus", "objects"],
  },
  { it: "a component that reads when the function starts", resource: "arn:aws:s3:::secrets/a", out: functionKinds },
])("what $it needs is allowed to: $out", ({ resource, out }) => {
  const allowed = functionKinds.filter(kind => permissionsOf(graph, kind).some(each => each.resource === resource));
  expect(allowed).toEqual(out);
});
