/** Schemas of a Terraform provider in the form of `terraform providers schema -json`, as far as the tests need it. */
export interface ProviderSchema {
  readonly made_from: string;
  readonly provider_version: string;
  readonly resource_schemas: Readonly<Record<string, BlockSchema>>;
  readonly data_source_schemas: Readonly<Record<string, BlockSchema>>;
}

export interface BlockSchema {
  readonly attributes: Readonly<Record<string, AttributeSchema>>;
  readonly block_types: Readonly<Record<string, NestedBlockSchema>>;
}

export interface AttributeSchema {
  readonly type: string | readonly [string, string];
  readonly required?: boolean;
  readonly optional?: boolean;
  readonly computed?: boolean;
}

export interface NestedBlockSchema {
  readonly nesting_mode: "single" | "list" | "set";
  readonly block: BlockSchema;
  readonly min_items?: number;
  readonly max_items?: number;
}
