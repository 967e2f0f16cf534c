import { int, map, type Paths, text } from "./path.ts";

/** What belongs to the instrumentation scope. */
export const scopePaths: Paths = {
  attributes: map(c => c.scopeGroup.scope.attributes),
  name: text(
    c => c.scopeGroup.scope.name,
    (c, value) => {
      c.scopeGroup.scope.name = value;
    },
  ),
  version: text(
    c => c.scopeGroup.scope.version,
    (c, value) => {
      c.scopeGroup.scope.version = value;
    },
  ),
  dropped_attributes_count: int(
    c => c.scopeGroup.scope.droppedAttributesCount,
    (c, value) => {
      c.scopeGroup.scope.droppedAttributesCount = value;
    },
  ),
  schema_url: text(
    c => c.scopeGroup.schemaUrl,
    (c, value) => {
      c.scopeGroup.schemaUrl = value;
    },
  ),
};
