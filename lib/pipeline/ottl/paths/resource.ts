import { int, map, type Paths, text } from "./path.ts";

/** What belongs to the resource. */
export const resourcePaths: Paths = {
  attributes: map(c => c.resourceGroup.resource.attributes),
  dropped_attributes_count: int(
    c => c.resourceGroup.resource.droppedAttributesCount,
    (c, value) => {
      c.resourceGroup.resource.droppedAttributesCount = value;
    },
  ),
  schema_url: text(
    c => c.resourceGroup.schemaUrl,
    (c, value) => {
      c.resourceGroup.schemaUrl = value;
    },
  ),
};
