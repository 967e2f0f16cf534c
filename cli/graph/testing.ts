/** Pictures for tests, from few words. */
import { arrange, type Box, type Picture, type PictureEdge } from "./model.ts";

const http: Box["triggers"] = [{ kind: "http", host: "", port: 3100, paths: ["/"], authenticated: false }];

/** A box for each id; `!` in front of it lets HTTP requests call it. */
export const boxes = (...ids: readonly string[]): Box[] =>
  ids.map(text => {
    const id = text.replace(/^!/, "");
    const local = id.slice(id.lastIndexOf("/") + 1);
    const dot = local.lastIndexOf(".");
    return { id, name: local.slice(0, dot), label: local.slice(dot + 1), triggers: id === text ? [] : http };
  });

/** `a -> b` sends logs, `a ~> b` gives a value. */
export const edges = (...texts: readonly string[]): PictureEdge[] =>
  texts.map(text => {
    const [from = "", arrow, to = ""] = text.split(" ");
    return arrow === "->" ? { from, to, kind: "data", signals: ["logs"] } : { from, to, kind: "value", signals: [] };
  });

/** A source, a module with another one in it, values, and names that other languages read otherwise. */
export const example: Picture = arrange(
  boxes(
    "!loki.source.api.in",
    "local.file.end",
    "clean.one",
    "clean.one/loki.process.first",
    "clean.one/deep.two/loki.process.a",
    "clean.one/deep.two/loki.process.b",
    "loki.write.out",
  ),
  edges(
    "loki.source.api.in -> clean.one/loki.process.first",
    "loki.source.api.in -> clean.one",
    "clean.one/loki.process.first -> clean.one/deep.two/loki.process.a",
    "clean.one/deep.two/loki.process.a -> clean.one/deep.two/loki.process.b",
    "clean.one/deep.two/loki.process.b -> loki.write.out",
    "clean.one/loki.process.first -> loki.write.out",
    "clean.one -> loki.write.out",
    "local.file.end ~> clean.one",
  ),
);
