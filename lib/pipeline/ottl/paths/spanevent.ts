import { fail } from "../error.ts";
import { int, map, type Paths, text, time } from "./path.ts";

/** What belongs to an event of a span. */
export const spanEventPaths: Paths = {
  ...time(
    "time",
    c => c.event.timeUnixNano,
    (c, value) => {
      c.event.timeUnixNano = value;
    },
  ),
  name: text(
    c => c.event.name,
    (c, value) => {
      c.event.name = value;
    },
  ),
  attributes: map(c => c.event.attributes),
  dropped_attributes_count: int(
    c => c.event.droppedAttributesCount,
    (c, value) => {
      c.event.droppedAttributesCount = value;
    },
  ),
  event_index: {
    get: () => fail("no 'event_index' property has been set"),
    set: () => fail("the 'event_index' path cannot be modified"),
  },
};
