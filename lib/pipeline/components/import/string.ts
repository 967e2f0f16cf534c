/** Imports the module that an expression gives, such as the content of another component. */
import { object, required } from "../../eval/schema.ts";
import { optionalSecret } from "../../eval/types.ts";
import { defineComponent } from "../../graph/component.ts";
import { contentExports } from "./content.ts";

export const importString = defineComponent({
  name: "import.string",
  summary: "Imports custom components from a text.",
  stability: "generally-available",
  inFunctions:
    "The text is taken at the cold start, and again when the component that it comes from exports another one.",
  args: object({ content: required(optionalSecret, "The text of the module.") }),
  exports: contentExports,
  build: ({ content }, { id, directory }) => ({
    exports: { content: { files: [{ name: id, text: content.reveal() }], path: directory } },
  }),
});
