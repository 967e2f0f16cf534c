/** Resource and scope, and what the groups of the three signals have in common. */
import * as f from "./fields.ts";
import type { Node } from "./node.ts";
import { ValueMap } from "./value.ts";
import { blankOf, View } from "./view.ts";
import { lengthTag } from "./wire.ts";

export class Resource extends View {
  static readonly blank = blankOf();

  get attributes(): ValueMap {
    return new ValueMap(this.node, 0x0a, false);
  }
  get droppedAttributesCount(): number {
    return f.uint32(this.node, 0x10);
  }
  set droppedAttributesCount(value: number) {
    f.setUint32(this.node, 0x10, value);
  }
}

export class Scope extends View {
  static readonly blank = blankOf();

  get name(): string {
    return f.text(this.node, 0x0a);
  }
  set name(value: string) {
    f.setText(this.node, 0x0a, value);
  }
  get version(): string {
    return f.text(this.node, 0x12);
  }
  set version(value: string) {
    f.setText(this.node, 0x12, value);
  }
  get attributes(): ValueMap {
    return new ValueMap(this.node, 0x1a, false);
  }
  get droppedAttributesCount(): number {
    return f.uint32(this.node, 0x20);
  }
  set droppedAttributesCount(value: number) {
    f.setUint32(this.node, 0x20, value);
  }
}

/** ResourceSpans, ResourceLogs, ResourceMetrics: a resource, its schema, and a list by scopes. */
export abstract class ResourceGroup extends View {
  get resource(): Resource {
    return new Resource(this.node.message(0x0a));
  }
  get schemaUrl(): string {
    return f.text(this.node, 0x1a);
  }
  set schemaUrl(value: string) {
    f.setText(this.node, 0x1a, value);
  }
}

/** ScopeSpans, ScopeLogs, ScopeMetrics: a scope, its schema, and its items. */
export abstract class ScopeGroup extends View {
  get scope(): Scope {
    return new Scope(this.node.message(0x0a));
  }
  get schemaUrl(): string {
    return f.text(this.node, 0x1a);
  }
  set schemaUrl(value: string) {
    f.setText(this.node, 0x1a, value);
  }
}

/**
 * In resource groups, field 1000 is where scope groups stood before 2022 (instrumentation_library_spans): as Alloy, read it
 * where the present field is absent.
 */
export function adoptOldScopes(node: Node): void {
  const present = lengthTag(2);
  if (node.find(present) < 0 && node.find(lengthTag(1000)) >= 0) node.retag(lengthTag(1000), present);
}
