/** A template that fails on its data. */
export class TemplateError extends Error {
  override readonly name = "TemplateError";
}
